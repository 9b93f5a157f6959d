import { describe, expect, it } from '@jest/globals';
import { NODE_ID } from '../../client/testing/node.ts';
import { createRevisionSigner, hashOf } from '../testing/revisions.ts';
import { jwsOf, RevisionRefused, verifyRevision } from './verify.ts';

const signer = createRevisionSigner();
const stranger = createRevisionSigner();
const values = { 'messages.ackReaction': 'ok' };
const expected = { nodeId: NODE_ID, pins: [stranger.pin, signer.pin] };
const own = { nodeId: NODE_ID, pins: [signer.pin] };
const altered = (jws: string, part: number, change: (text: string) => string): string =>
  jws
    .split('.')
    .map((text, index) =>
      index === part ? Buffer.from(change(Buffer.from(text, 'base64url').toString())).toString('base64url') : text
    )
    .join('.');

describe('verifyRevision', () => {
  it('takes what the pinned key signed for this node', () => {
    expect(verifyRevision(signer.revision(values), expected)).toMatchObject({ values, config_hash: hashOf(values) });
  });

  const good = signer.revision(values);
  it.each([
    ['signed by another key', stranger.revision(values), /OPENCLAW_ACTIONS_PIN/],
    ['with the pinned key named and another used', stranger.sign({}, jwkOf(good)), /signature does not verify/],
    ['altered', altered(good, 1, (text) => text.replace('"ok"', '"no"')), /signature does not verify/],
    ['for another node', signer.revision(values, { node_id: 'node-2' }), /for another node/],
    ['with values of another hash', signer.revision(values, { values: { a: 1 } }), /the hash that it names/],
    ['of another type', signer.sign({}, { typ: 'JWT' }), /header/],
    ['of another algorithm', signer.sign({}, { alg: 'none' }), /header/],
    ['with a critical extension', signer.sign({}, { crit: ['b64'] }), /header/],
    ['with a key of another kind', signer.sign({}, { jwk: { kty: 'oct', k: 'AA' } }), /P-256/],
    ['without a key', signer.sign({}, { jwk: null }), /P-256/],
    ['of another form', signer.revision(values, { issued_at: 'soon' }), /update the bridge/],
    ['without a signature', good.split('.').slice(0, 2).join('.') + '.', /no compact JWS/],
    ['with parts too many', `${good}.x`, /no compact JWS/],
    ['that is no JSON', 'x.y.z', /no compact JWS/],
    ['that is nothing', '', /no compact JWS/],
  ])('refuses one %s, and says nothing of what is in it', (_what, jws, why) => {
    const attempt = (): unknown => verifyRevision(jws, own);
    expect(attempt).toThrow(RevisionRefused);
    expect(attempt).toThrow(why);
    expect(attempt).not.toThrow(/"ok"|"no"|ackReaction/);
  });

  it('takes nothing while no key is pinned', () => {
    expect(() => verifyRevision(good, { nodeId: NODE_ID, pins: [] })).toThrow(RevisionRefused);
  });
});

describe('jwsOf', () => {
  it('reads the answer of the collector, and nothing else', () => {
    expect(jwsOf('{"jws":"a.b.c"}')).toBe('a.b.c');
    for (const body of ['', '[]', '{"jws":1}', '<html>']) expect(() => jwsOf(body)).toThrow(RevisionRefused);
  });
});

function jwkOf(jws: string): Record<string, unknown> {
  const { jwk } = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString()) as { jwk: unknown };
  return { jwk };
}
