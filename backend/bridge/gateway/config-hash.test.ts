import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { fullConfigHash, managedConfigHash } from './config-hash.ts';

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

describe('managedConfigHash', () => {
  const paths = ['messages.ackReaction', 'gateway.port'];

  it('covers the managed paths alone, in any order', () => {
    const hash = managedConfigHash(config, paths);
    expect(hash).toBe(sha256('{"gateway.port":18789,"messages.ackReaction":"ok"}'));
    expect(managedConfigHash({ ...config, unmanaged: true }, [...paths].reverse())).toBe(hash);
    expect(managedConfigHash({ ...config, messages: { ackReaction: 'no' } }, paths)).not.toBe(hash);
  });

  it('leaves out a path that the configuration lacks, but not one that is null', () => {
    expect(managedConfigHash({}, paths)).toBe(sha256('{}'));
    expect(managedConfigHash({ gateway: { port: null } }, paths)).toBe(sha256('{"gateway.port":null}'));
    expect(managedConfigHash({}, ['constructor.name'])).toBe(sha256('{}'));
  });
});
