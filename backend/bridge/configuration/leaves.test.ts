import { describe, expect, it } from '@jest/globals';
import { configValuesSchema, plainSecrets } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { leavesOf } from './leaves.ts';

describe('leavesOf', () => {
  it('gives each setting by its path, without meta and without secrets', () => {
    expect(
      leavesOf({
        meta: { lastTouchedVersion: '2026.9.6' },
        gateway: { port: 1, auth: { token: '__OPENCLAW_REDACTED__', mode: 'token' } },
        agents: { entries: { main: {} }, list: [{ id: 'a' }] },
        hooks: [{ token: '__OPENCLAW_REDACTED__' }],
        models: { 'gpt-4.1': { name: 'x' }, plain: 1 },
        env: { KEY: 'Zk9x2QpL7vRt4WmN8sYb3HcJ6dFg1TaE' },
        empty: null,
      })
    ).toEqual({
      'gateway.port': 1,
      'gateway.auth.mode': 'token',
      'agents.entries.main': {},
      'agents.list': [{ id: 'a' }],
      // A path cannot carry a name with a dot in it.
      models: { 'gpt-4.1': { name: 'x' }, plain: 1 },
      empty: null,
    });
  });

  it('gives what the collector takes, whatever the configuration', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (config) => {
        const leaves = leavesOf(JSON.parse(JSON.stringify(config)) as Record<string, unknown>);
        expect(configValuesSchema.safeParse(leaves).success).toBe(true);
        expect(Object.entries(leaves).flatMap(([path, value]) => plainSecrets(path, value))).toEqual([]);
        const paths = Object.keys(leaves);
        expect(paths.filter((inner) => paths.some((outer) => inner.startsWith(`${outer}.`)))).toEqual([]);
      })
    );
  });
});
