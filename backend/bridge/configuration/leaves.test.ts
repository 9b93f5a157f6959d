import { describe, expect, it } from '@jest/globals';
import { configValuesSchema } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { documentProblems } from '../../collector/configurations/schema-check.ts';
import { leavesOf } from './leaves.ts';

describe('leavesOf', () => {
  it('gives each setting that a revision may manage by its path, and no secret', () => {
    expect(
      leavesOf({
        meta: { lastTouchedVersion: '2026.9.6' },
        gateway: { port: 1, auth: { token: '__OPENCLAW_REDACTED__' }, reload: { mode: 'hybrid' } },
        agents: { entries: { main: {} }, list: [{ id: 'a' }], 'gpt-4.1': { name: 'x' }, plain: 1 },
        channels: { x: { enabled: true, allowFrom: ['+15550100'], botToken: '__OPENCLAW_REDACTED__' } },
        messages: { prefix: 'Zk9x2QpL7vRt4WmN8sYb3HcJ6dFg1TaE', queue: { cap: 20 }, list: ['${HOME}'] },
        empty: null,
      })
    ).toEqual({
      'gateway.reload.mode': 'hybrid',
      // A path cannot carry a name with a dot in it.
      agents: { entries: { main: {} }, list: [{ id: 'a' }], 'gpt-4.1': { name: 'x' }, plain: 1 },
      'channels.x.enabled': true,
      'messages.queue.cap': 20,
      empty: null,
    });
    expect(leavesOf({ agents: { entries: { main: {} }, list: [{ id: 'a' }] } })).toEqual({
      'agents.entries.main': {},
      'agents.list': [{ id: 'a' }],
    });
  });

  it('gives what the collector takes, whatever the configuration', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 })), (config) => {
        const leaves = leavesOf(JSON.parse(JSON.stringify(config)) as Record<string, unknown>);
        expect(configValuesSchema.safeParse(leaves).success).toBe(true);
        expect(documentProblems(leaves)).toEqual([]);
      })
    );
  });
});
