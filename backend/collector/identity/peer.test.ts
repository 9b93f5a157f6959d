import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { createAuthority } from './authority.ts';
import { newKeyPair } from './keys.ts';
import { alternativeNames, identityOf } from './peer.ts';
import { signLeaf, type Signer } from './x509.ts';

const now = Date.now();
let signer: Signer;
beforeAll(async () => {
  const { certificate, keys } = await createAuthority(1, now);
  signer = { certificate, privateKey: keys.privateKey };
});

async function identity(uri: string, names: string[] = []) {
  const { publicKey } = newKeyPair();
  const validity = { notBeforeMs: now, notAfterMs: now + 60_000 };
  const pem = await signLeaf({ commonName: 'x', uri, names, usages: ['client'], publicKey, ...validity }, signer);
  return identityOf(new X509Certificate(pem));
}

describe('identityOf', () => {
  it('reads nodes and the two faces of the collector', async () => {
    expect(await identity('openclaw://node/n.1', ['a.example'])).toMatchObject({
      kind: 'node',
      nodeId: 'n.1',
      names: ['a.example'],
    });
    expect(await identity('openclaw://collector/server')).toMatchObject({ kind: 'collector', role: 'server' });
    expect(await identity('openclaw://collector/client')).toMatchObject({ kind: 'collector', role: 'client' });
  });

  it.each([
    'openclaw://node/',
    'openclaw://node/a/b',
    'openclaw://node/-a',
    'openclaw://node/a%20b',
    'openclaw://node/a, URI:openclaw://node/b',
    'openclaw://node/a"',
    'OPENCLAW://node/a',
    'openclaw://collector/root',
    'spiffe://node/a',
    `openclaw://node/${'a'.repeat(65)}`,
  ])('takes %s for nobody', async (uri) => {
    expect(await identity(uri)).toBeNull();
  });

  it('is not fooled by a DNS name that looks like another entry', async () => {
    const found = await identity('openclaw://node/a', ['x, URI:openclaw://node/b']);
    expect(found).toMatchObject({ nodeId: 'a', names: ['x, URI:openclaw://node/b'] });
  });
});

describe('alternativeNames', () => {
  it('takes text apart as Node writes it', () => {
    expect(alternativeNames('URI:openclaw://node/a, DNS:"b, DNS:c", IP Address:127.0.0.1')).toEqual([
      { kind: 'URI', value: 'openclaw://node/a' },
      { kind: 'DNS', value: 'b, DNS:c' },
      { kind: 'IP Address', value: '127.0.0.1' },
    ]);
    expect(alternativeNames('')).toEqual([]);
  });

  it('sees nothing at all where it cannot read everything, or two ids', () => {
    expect(alternativeNames('URI:openclaw://node/a, garbled')).toEqual([]);
    const two = {
      subjectAltName: 'URI:openclaw://node/a, URI:openclaw://node/b',
      fingerprint256: '',
    } as X509Certificate;
    expect(identityOf(two)).toBeNull();
  });
});
