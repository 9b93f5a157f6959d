import { describe, expect, it } from '@jest/globals';
import { SignJWT } from 'jose';
import { newKeyPair } from '../identity/keys.ts';
import { configuredIssuers } from '../issuers.ts';
import type { Peer } from './peer.ts';
import { KeySetUnavailable, tokenDigest, TokenRefused, TokenVerifier } from './token.ts';

const nowMs = Date.parse('2026-11-22T12:00:00Z');
const { publicKey, privateKey } = newKeyPair();
const peer: Peer = {
  kind: 'node',
  id: 'n1',
  fingerprint: 'f',
  thumbprint: 't',
  names: [],
  notAfterMs: Infinity,
  publicKey,
};

function signed(issuer: string, subject: string): Promise<string> {
  return new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'k' })
    .setIssuer(issuer)
    .setSubject(subject)
    .setAudience('openclaw-fleet')
    .setExpirationTime(nowMs / 1000 + 600)
    .sign(privateKey);
}

describe('TokenVerifier', () => {
  it('remembers a token it verified', async () => {
    const tokens = new TokenVerifier({ audience: 'openclaw-fleet', issuers: [] });
    const token = await signed('openclaw://node/n1', 'n1');
    const digest = tokenDigest(token);
    expect(await tokens.verify(token, digest, peer, nowMs)).toBe('n1');
    expect(tokens.remembered(digest, peer, nowMs)).toBe('n1');
    expect(tokens.remembered(digest, { ...peer, fingerprint: 'another' }, nowMs)).toBeNull();
    expect(tokens.remembered(digest, peer, nowMs + 631_000)).toBeNull();
  });

  it('keeps nothing of a subject that is no node id, so that nobody fills the memory', async () => {
    const tokens = new TokenVerifier({ audience: 'openclaw-fleet', issuers: [] });
    const token = await signed('openclaw://node/n1', 'x'.repeat(10_000));
    const digest = tokenDigest(token);
    const refused = await tokens.verify(token, digest, peer, nowMs).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(TokenRefused);
    expect(refused).toMatchObject({ problem: 'identity-mismatch' });
    expect(tokens.remembered(digest, peer, nowMs)).toBeNull();
  });

  it('does not call a token invalid because its issuer’s key set cannot be reached', async () => {
    const settings = { issuer: 'https://idp.test', jwksUrl: 'https://127.0.0.1:1/keys', claim: 'sub', ids: ['.*'] };
    const tokens = new TokenVerifier({ audience: 'openclaw-fleet', issuers: configuredIssuers([settings]) });
    const token = await signed('https://idp.test', 'n1');
    const failed = await tokens.verify(token, tokenDigest(token), peer, nowMs).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(KeySetUnavailable);
    expect((failed as Error).message).toMatch(/https:\/\/idp\.test at https:\/\/127\.0\.0\.1:1\/keys cannot be read/);
  });
});
