import { describe, expect, it } from '@jest/globals';
import type { ApiToken } from '../storage/types.ts';
import { newApiToken, verifyApiToken, type TokenRequest } from './tokens.ts';

const NOW = 1_800_000_000_000;
const REQUEST: TokenRequest = { name: 'grafana', role: 'operator', kind: 'service', person: null, expiresMs: null };

function verify(header: string | undefined, tokens: ApiToken[], nowMs = NOW) {
  return verifyApiToken(header, { token: (id) => tokens.find((one) => one.id === id) }, nowMs);
}

describe('newApiToken', () => {
  it('keeps the hash of a 256-bit secret and nothing of the secret', () => {
    const { text, token } = newApiToken(REQUEST, NOW);
    expect(text).toMatch(/^ocf_[0-9a-f]{12}_[0-9a-f]{64}$/);
    expect(JSON.stringify(token)).not.toContain(text.slice(-64));
    expect(token).toMatchObject({ ...REQUEST, createdMs: NOW, revokedMs: null });
    expect(newApiToken(REQUEST, NOW).text).not.toBe(text);
  });
});

describe('verifyApiToken', () => {
  const { text, token } = newApiToken(REQUEST, NOW);

  it('tells who it is and what they may', () => {
    expect(verify(`Bearer ${text}`, [token])).toEqual({
      ok: true,
      role: 'operator',
      kind: 'service',
      person: null,
      actor: { name: `token:${token.id}`, via: 'api-token' },
    });
    const person = newApiToken(
      { ...REQUEST, name: ' Ada\tLovelace', role: 'approver', kind: 'person', person: 'user:3', expiresMs: NOW + 1 },
      NOW
    );
    expect(verify(`bearer ${person.text}`, [token, person.token])).toMatchObject({
      ok: true,
      kind: 'person',
      person: 'user:3',
      actor: { name: `token:${person.token.id}`, via: 'api-token', label: 'Ada Lovelace' },
    });
  });

  const other = newApiToken(REQUEST, NOW);
  const mixed = `ocf_${token.id}_${other.text.slice(-64)}`;
  it.each<[string, string | undefined, Partial<ApiToken>, string, RegExp]>([
    ['no header', undefined, {}, 'unauthenticated', /send an API token/],
    ['an empty one', '', {}, 'unauthenticated', /send an API token/],
    ['another scheme', `Basic ${text}`, {}, 'invalid-token', /not an API token/],
    ['the token alone', text, {}, 'invalid-token', /not an API token/],
    ['the secret of another token', `Bearer ${mixed}`, {}, 'invalid-token', /not an API token/],
    ['an unknown id', `Bearer ${other.text}`, {}, 'invalid-token', /not an API token/],
    ['something behind it', `Bearer ${text} x`, {}, 'invalid-token', /not an API token/],
    [
      'one letter off',
      `Bearer ${text.slice(0, -1)}${text.endsWith('0') ? '1' : '0'}`,
      {},
      'invalid-token',
      /not an API token/,
    ],
    ['upper case', `Bearer ${text.toUpperCase()}`, {}, 'invalid-token', /not an API token/],
    ['a revoked one', `Bearer ${text}`, { revokedMs: NOW - 1 }, 'invalid-token', /is revoked/],
    ['an expired one', `Bearer ${text}`, { expiresMs: NOW }, 'invalid-token', /expired on 2027/],
    ['a garbled hash in storage', `Bearer ${text}`, { hash: '' }, 'invalid-token', /not an API token/],
    ['the hash instead of the secret', `Bearer ocf_${token.id}_${token.hash}`, {}, 'invalid-token', /not an API token/],
  ])('refuses %s', (_, header, changes, problem, reason) => {
    expect(verify(header, [{ ...token, ...changes }])).toEqual({
      ok: false,
      problem,
      reason: expect.stringMatching(reason),
    });
  });

  it('does not tell who lacks the secret that a token is revoked', () => {
    const verdict = verify(`Bearer ${mixed}`, [{ ...token, revokedMs: 1 }]);
    expect(verdict).toEqual(verify(`Bearer ${other.text}`, []));
  });
});
