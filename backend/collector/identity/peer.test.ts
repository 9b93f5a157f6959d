import { webcrypto, X509Certificate } from 'node:crypto';
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

  it.each([
    ['two nodes', ['openclaw://node/a', 'openclaw://node/b']],
    ['a node and somebody else', ['openclaw://node/a', 'https://example.com']],
    ['none', []],
  ])('takes a certificate that names %s for nobody', async (_, uris) => {
    // x509.ts, imported above, has prepared the library, and itself never makes such a certificate.
    const { X509CertificateGenerator, SubjectAlternativeNameExtension } = await import('@peculiar/x509');
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await webcrypto.subtle.generateKey(algorithm, false, ['sign', 'verify']);
    const names = new SubjectAlternativeNameExtension(uris.map((value) => ({ type: 'url', value })));
    const made = await X509CertificateGenerator.createSelfSigned({
      name: 'CN=x',
      keys,
      signingAlgorithm: algorithm,
      extensions: uris.length > 0 ? [names] : [],
    });
    const certificate = new X509Certificate(made.toString('pem'));
    expect(uris.every((uri) => certificate.subjectAltName?.includes(uri))).toBe(true);
    expect(identityOf(certificate)).toBeNull();
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

  it('sees nothing at all where it cannot read everything', () => {
    expect(alternativeNames('URI:openclaw://node/a, garbled')).toEqual([]);
  });
});
