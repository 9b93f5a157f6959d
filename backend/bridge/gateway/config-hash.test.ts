import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import type { ConfigValues, Json } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { configHash } from '../../collector/configurations/hash.ts';
import { fullConfigHash, managedConfigHash, managedValues } from './config-hash.ts';

const config = {
  gateway: { port: 18789, auth: { token: '__OPENCLAW_REDACTED__' } },
  messages: { ackReaction: 'ok' },
  meta: { lastTouchedVersion: '2026.9.6' },
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('fullConfigHash', () => {
  it('is the SHA-256 of the canonical document without meta', () => {
    expect(fullConfigHash(config)).toBe(
      sha256('{"gateway":{"auth":{"token":"__OPENCLAW_REDACTED__"},"port":18789},"messages":{"ackReaction":"ok"}}')
    );
  });

  it('ignores what OpenClaw writes to meta, and the order of keys', () => {
    const { gateway, messages } = config;
    expect(fullConfigHash({ meta: { lastTouchedVersion: 'other' }, messages, gateway })).toBe(fullConfigHash(config));
  });

  it('notices any other change', () => {
    expect(fullConfigHash({ ...config, messages: { ackReaction: 'no' } })).not.toBe(fullConfigHash(config));
    expect(fullConfigHash({ ...config, extra: null })).not.toBe(fullConfigHash(config));
  });
});

describe('managed values', () => {
  const wanted = { 'messages.ackReaction': 'ok', 'gateway.port': 1 };

  it('are those of the managed paths alone, whatever else there is', () => {
    const values = managedValues(config, wanted);
    expect(values).toEqual({ 'messages.ackReaction': 'ok', 'gateway.port': 18789 });
    expect(managedConfigHash(values)).toBe(sha256('{"gateway.port":18789,"messages.ackReaction":"ok"}'));
    expect(managedValues({ ...config, unmanaged: true }, wanted)).toEqual(values);
  });

  it('leave out a path that the configuration lacks, but not one that is null', () => {
    expect(managedValues({}, wanted)).toEqual({});
    expect(managedValues({ gateway: { port: null } }, wanted)).toEqual({ 'gateway.port': null });
    expect(managedValues({ list: ['x'] }, { 'constructor.name': 1, 'list.0': 1, 'list.length': 1 })).toEqual({});
  });

  it('hash to what the collector computes for a revision that the gateway has, whatever it says', () => {
    const name = fc.stringMatching(/^[a-z]{1,6}$/);
    const document = fc.dictionary(name, fc.dictionary(name, fc.jsonValue({ maxDepth: 3 })));
    fc.assert(
      fc.property(document, (sections) => {
        const revision: ConfigValues = {};
        for (const [section, settings] of Object.entries(sections)) {
          for (const [setting, value] of Object.entries(settings)) revision[`${section}.${setting}`] = value as Json;
        }
        const running = JSON.parse(JSON.stringify(sections)) as Record<string, unknown>;
        expect(managedConfigHash(managedValues(running, revision))).toBe(configHash(revision));
      })
    );
  });

  it('hold no secret: a name that the revision gives it, or the mark of what was redacted', () => {
    const running = { channels: { a: { token: '__OPENCLAW_REDACTED__' }, b: { token: 'in plain' }, c: {} } };
    const reference = { $secretRef: 'bot' };
    const revision = { 'channels.a.token': reference, 'channels.c.token': reference, 'channels.b.token': 1 };
    expect(managedValues(running, revision)).toEqual({
      'channels.a.token': reference,
      'channels.b.token': '__OPENCLAW_REDACTED__',
    });
  });
});
