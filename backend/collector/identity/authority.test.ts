import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Authority, createAuthority, loadAuthority, splitBundle } from './authority.ts';
import { CredentialError } from './credential-error.ts';
import { newKeyPair, privatePem, type KeyPair } from './keys.ts';
import { identityOf } from './peer.ts';
import { handshake, openssl, Workshop } from './testing/workshop.ts';
import { signLeaf } from './x509.ts';

const DAY = 86_400_000;
const now = Date.now();
const workshop = new Workshop();
let authority: Authority;
let authorityKeys: KeyPair;
let server: { cert: string; key: string; ca: string };

async function nodeOf(issuer: Authority, nodeId: string, at = now, names: string[] = []) {
  const keys = newKeyPair();
  const issued = await issuer.issueNode(nodeId, { publicKey: keys.publicKey, names, days: 90, nowMs: at });
  return { cert: issued.certificate, key: privatePem(keys.privateKey), ca: authority.bundle, issued, keys };
}

beforeAll(async () => {
  const made = await createAuthority(3650, now);
  authorityKeys = made.keys;
  authority = new Authority(made.certificate, made.keys);
  const keys = newKeyPair();
  const names = ['localhost', '127.0.0.1', '::1'];
  const issued = await authority.issueCollector('server', { publicKey: keys.publicKey, names, days: 90, nowMs: now });
  server = { cert: issued.certificate, key: privatePem(keys.privateKey), ca: authority.bundle };
});
afterAll(async () => workshop.close());

describe('certificates', () => {
  it('of the authority may sign leaves and nothing else', () => {
    const certificate = new X509Certificate(authority.bundle);
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(authorityKeys.publicKey)).toBe(true);
    expect(certificate.validToDate.getTime() - now).toBeGreaterThan(3649 * DAY);
    expect(certificate.serialNumber).toMatch(/^01[0-9A-F]{32}$/);
    const file = workshop.path('authority.crt');
    writeFileSync(file, authority.bundle);
    const text = openssl('x509', '-in', file, '-noout', '-text') ?? '';
    if (text !== '') {
      expect(text).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
      expect(text).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign\n/);
    }
  });

  it('of nodes carry the id, are good for client and server, and last as long as told', async () => {
    const { issued } = await nodeOf(authority, 'uuid-1234', now, ['gw.example.com', '10.0.0.7', '::1']);
    const certificate = new X509Certificate(issued.certificate);
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).toBe('CN=uuid-1234');
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1']);
    expect(certificate.checkHost('gw.example.com')).toBeDefined();
    expect(certificate.checkIP('10.0.0.7')).toBeDefined();
    expect(Math.round((issued.notAfterMs - now) / DAY)).toBe(90);
    expect(certificate.validFromDate.getTime()).toBeLessThan(now - 4 * 60_000);
    expect(issued.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect(identityOf(certificate)).toEqual({
      kind: 'node',
      nodeId: 'uuid-1234',
      fingerprint256: issued.fingerprint,
      names: ['gw.example.com', '10.0.0.7', '0:0:0:0:0:0:0:1'],
    });
    const files = { ca: workshop.path('ca.crt'), leaf: workshop.path('leaf.crt') };
    writeFileSync(files.ca, authority.bundle);
    writeFileSync(files.leaf, issued.certificate);
    for (const purpose of ['sslclient', 'sslserver']) {
      expect(openssl('verify', '-x509_strict', '-purpose', purpose, '-CAfile', files.ca, files.leaf) ?? 'OK').toContain(
        'OK'
      );
    }
  });

  it('have serial numbers of their own', async () => {
    const made = await Promise.all(Array.from({ length: 20 }, () => nodeOf(authority, 'n')));
    expect(new Set(made.map(({ cert }) => new X509Certificate(cert).serialNumber)).size).toBe(20);
  });

  it('never outlast the authority, which signs nothing once it has expired', async () => {
    const short = await createAuthority(10, now);
    const issuer = new Authority(short.certificate, short.keys);
    const { issued } = await nodeOf(issuer, 'n');
    expect(issued.notAfterMs).toBe(new X509Certificate(short.certificate).validToDate.getTime());
    await expect(nodeOf(issuer, 'n', now + 11 * DAY)).rejects.toThrow(/authority expired .* pki init --force/);
  });

  it.each(['', 'a/b', '-n', 'n\n', 'n'.repeat(65)])('are refused for the id %j', async (id) => {
    await expect(nodeOf(authority, id)).rejects.toThrow();
  });

  it.each(['', 'a b', 'x,URI:openclaw://node/y', '-a.example', 'a..b', 'ö.example'])(
    'are refused for the name %j',
    async (name) => {
      await expect(nodeOf(authority, 'n', now, [name])).rejects.toThrow(CredentialError);
    }
  );
});

describe('a real TLS handshake', () => {
  it('lets an enrolled node in and shows who it is', async () => {
    const node = await nodeOf(authority, 'n1');
    expect(await handshake(server, node)).toEqual({ error: null, clientNames: 'URI:openclaw://node/n1' });
  });

  it('works the other way round: the collector calls a node', async () => {
    const node = await nodeOf(authority, 'n1', now, ['127.0.0.1']);
    const keys = newKeyPair();
    const issued = await authority.issueCollector('client', {
      publicKey: keys.publicKey,
      names: [],
      days: 90,
      nowMs: now,
    });
    const client = { cert: issued.certificate, key: privatePem(keys.privateKey), ca: authority.bundle };
    expect(await handshake(node, client)).toEqual({ error: null, clientNames: 'URI:openclaw://collector/client' });
  });

  it('refuses a node of another authority, even for the same id', async () => {
    const other = await createAuthority(10, now);
    const node = await nodeOf(new Authority(other.certificate, other.keys), 'n1');
    expect((await handshake(server, node)).error).not.toBeNull();
  });

  it('refuses an expired certificate, and one that is not valid yet', async () => {
    const old = new Authority(
      ...(await createAuthority(3650, now - 200 * DAY).then((made) => [made.certificate, made.keys] as const))
    );
    const trusting = { ...server, ca: `${authority.bundle}${old.bundle}` };
    expect((await handshake(trusting, await nodeOf(old, 'n1', now - 10 * DAY))).error).toBeNull();
    expect((await handshake(trusting, await nodeOf(old, 'n1', now - 100 * DAY))).error).not.toBeNull();
    expect((await handshake(trusting, await nodeOf(old, 'n1', now + DAY))).error).not.toBeNull();
  });

  it('refuses what a node signed as if it were an authority', async () => {
    const thief = await nodeOf(authority, 'n1');
    const keys = newKeyPair();
    const forged = await signLeaf(
      {
        commonName: 'n2',
        uri: 'openclaw://node/n2',
        names: [],
        usages: ['client'],
        publicKey: keys.publicKey,
        notBeforeMs: now,
        notAfterMs: now + DAY,
      },
      { certificate: thief.cert, privateKey: thief.keys.privateKey }
    );
    const chain = { cert: `${forged}${thief.cert}`, key: privatePem(keys.privateKey), ca: authority.bundle };
    expect((await handshake(server, chain)).error).not.toBeNull();
  });

  it('refuses a server without the name that the node called', async () => {
    const node = await nodeOf(authority, 'n1');
    expect((await handshake(server, { ...node, servername: 'elsewhere.example' })).error).toContain(
      "does not match certificate's altnames"
    );
  });
});

describe('loadAuthority', () => {
  it('finds the certificate its key belongs to in a bundle of several, and is nobody without the key', async () => {
    const other = await createAuthority(10, now);
    const bundle = workshop.path('bundle.crt');
    const key = workshop.path('bundle.key');
    writeFileSync(bundle, other.certificate + authority.bundle);
    expect(loadAuthority(bundle, key)).toBeNull();
    writeFileSync(key, privatePem(authorityKeys.privateKey), { mode: 0o600 });
    const loaded = loadAuthority(bundle, key);
    expect(splitBundle(loaded?.bundle ?? '')).toHaveLength(2);
    const node = await nodeOf(loaded!, 'n1');
    expect(new X509Certificate(node.cert).verify(authorityKeys.publicKey)).toBe(true);
  });

  it('refuses a key that belongs to none of the certificates', async () => {
    const other = await createAuthority(10, now);
    expect(() => new Authority(other.certificate, authorityKeys)).toThrow(/not the key of any certificate/);
  });
});
