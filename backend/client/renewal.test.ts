import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { replacePair } from './replacement.ts';
import { renewalDue } from './renewal.ts';
import { createAuthority } from './testing/certificates.ts';
import type { Authority } from './testing/certificates.ts';
import { accepted } from './testing/collector.ts';
import type { Answer } from './testing/collector.ts';
import { createTestNode, NODE_ID } from './testing/node.ts';
import type { TestNode } from './testing/node.ts';
import { waitFor } from './testing/wait.ts';

const DAY = 86_400_000;
const uri = `openclaw://node/${NODE_ID}`;
let node: TestNode;

beforeEach(async () => {
  node = await createTestNode();
  const old = node.authority.issue({
    uri,
    notBefore: new Date(Date.now() - 70 * DAY),
    notAfter: new Date(Date.now() + 20 * DAY),
  });
  node.write('node.crt', old.cert);
  node.write('node.key', old.key);
});

afterEach(async () => {
  await node.close();
});

interface RenewRequest {
  public_key: string;
  proof: string;
}

/** Answers beats, and requests for a renewal by `reply`. */
function renewBy(reply: (request: RenewRequest) => Answer): void {
  node.collector.answer = ({ path, body }) =>
    path === '/openclaw/renew' ? reply(JSON.parse(body.toString()) as RenewRequest) : accepted;
}

const issueTo = (request: RenewRequest, authority: Authority = node.authority, id = NODE_ID): string =>
  authority.issue({ uri: `openclaw://node/${id}`, dns: 'renewed', publicKey: createPublicKey(request.public_key) })
    .cert;

const files = (): string[] =>
  [node.settings.keyFile, node.settings.certFile, node.settings.caFile].map((path) => readFileSync(path, 'utf8'));
const renewals = (): number => node.collector.requests.filter(({ path }) => path === '/openclaw/renew').length;

describe('a certificate', () => {
  it.each([
    [0, false],
    [59, false],
    [61, true],
    [100, true],
  ])('of 90 days is due after %d days: %p', (days, due) => {
    const from = new Date('2026-01-01T00:00:00Z');
    const { cert } = node.authority.issue({ notBefore: from, notAfter: new Date(from.getTime() + 90 * DAY) });
    expect(renewalDue(new X509Certificate(cert), from.getTime() + days * DAY)).toBe(due);
  });

  it('that is due is replaced with a new key, and used at once', async () => {
    let proven = false;
    renewBy((request) => {
      const key = { key: createPublicKey(request.public_key), dsaEncoding: 'ieee-p1363' } as const;
      proven = verify('sha256', Buffer.from(`openclaw-renew:${NODE_ID}`), key, Buffer.from(request.proof, 'base64url'));
      return { body: { certificate: issueTo(request), ca: `${node.authority.cert}${createAuthority('Next').cert}` } };
    });
    const [oldKey, oldCert, oldCa] = files();
    const publisher = node.publisher();
    publisher.start();
    await waitFor(
      () => node.logged.some((line) => line.includes('was renewed')),
      () => node.logged.join('\n')
    );
    expect(proven).toBe(true);
    const [key, cert, ca] = files();
    expect(key).not.toBe(oldKey);
    expect(cert).not.toBe(oldCert);
    expect(ca).not.toBe(oldCa);
    expect(statSync(node.settings.keyFile).mode & 0o777).toBe(0o600);
    expect(readdirSync(node.folder).sort()).toEqual(['ca.crt', 'node.crt', 'node.key']);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(node.collector.requests.at(-1)?.client).toContain('DNS:renewed');
    expect(renewals()).toBe(1);
  });

  it('that is not due is left alone', async () => {
    const fresh = node.authority.issue({ uri });
    node.write('node.crt', fresh.cert);
    node.write('node.key', fresh.key);
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(renewals()).toBe(0);
  });

  it('is left alone where renewal is off', async () => {
    const publisher = node.publisher({ renew: false });
    publisher.start();
    await node.delivered(publisher, 1);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(renewals()).toBe(0);
  });

  const stranger = createAuthority('Somebody else');
  it.each<[string, (request: RenewRequest) => Answer, string]>([
    ['is refused', () => ({ status: 403, body: { title: 'This node is revoked' } }), '403 This node is revoked'],
    ['brings rubbish', () => ({ body: 'rubbish' }), 'not valid JSON'],
    ['brings nothing', () => ({ body: {} }), 'no certificate and CA bundle'],
    [
      'is of another key',
      () => ({ body: { certificate: node.authority.issue({ uri }).cert, ca: node.authority.cert } }),
      'of another key',
    ],
    [
      'names another node',
      (request) => ({ body: { certificate: issueTo(request, node.authority, 'other'), ca: node.authority.cert } }),
      'names another node',
    ],
    [
      'is of no authority given',
      (request) => ({ body: { certificate: issueTo(request, stranger), ca: node.authority.cert } }),
      'no authority of the new CA bundle',
    ],
    [
      'brings a bundle that does not vouch for the collector',
      (request) => ({ body: { certificate: issueTo(request, stranger), ca: stranger.cert } }),
      'certificate',
    ],
  ])('keeps its files when the renewal %s, and tries again later', async (_what, reply, message) => {
    renewBy(reply);
    const before = files();
    const publisher = node.publisher();
    publisher.start();
    await waitFor(() => node.logged.length === 1);
    expect(node.logged[0]).toContain('was not renewed');
    expect(node.logged[0]).toContain(message);
    expect(files()).toEqual(before);
    expect(readdirSync(node.folder).sort()).toEqual(['ca.crt', 'node.crt', 'node.key']);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(renewals()).toBe(1);
    renewBy((request) => ({ body: { certificate: issueTo(request), ca: node.authority.cert } }));
    node.clock.advance(57_000);
    await node.delivered(publisher, 3);
    await node.clock.advanceToTimer(57_000, 57_000);
    await waitFor(() => renewals() === 2);
    await waitFor(() => node.logged.length === 2);
    expect(node.logged[1]).toContain('was renewed');
  });

  it('holds beats too while the answer to a renewal asks for it', async () => {
    renewBy(() => ({ status: 429, headers: { 'retry-after': '20' } }));
    const publisher = node.publisher();
    publisher.start();
    await waitFor(() => node.logged.length === 1);
    publisher.publishSoon();
    expect(await node.clock.advanceToTimer(0, 60_000)).toBe(20_000);
    await node.delivered(publisher, 2);
  });
});

describe('the replacement of a pair', () => {
  it('refuses a key of another certificate and changes nothing', async () => {
    const [one, other] = [node.authority.issue({ uri }), node.authority.issue({ uri })];
    const before = files();
    await expect(replacePair(node.settings.certFile, node.settings.keyFile, one.cert, other.key)).rejects.toThrow(
      'belong together'
    );
    expect(files()).toEqual(before);
    expect(existsSync(`${node.settings.keyFile}.new`)).toBe(false);
  });

  it('that a crash cut in half is completed at the next start', async () => {
    const next = node.authority.issue({ uri, dns: 'second' });
    node.write('node.crt', next.cert);
    writeFileSync(`${node.settings.keyFile}.new`, next.key, { mode: 0o600 });
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    expect(node.collector.requests[0]?.client).toContain('DNS:second');
    expect(readFileSync(node.settings.keyFile, 'utf8')).toBe(next.key);
    expect(existsSync(`${node.settings.keyFile}.new`)).toBe(false);
  });
});
