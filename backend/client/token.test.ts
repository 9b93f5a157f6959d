import { createPublicKey, verify, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { accepted } from './testing/collector.ts';
import { createTestNode, NODE_ID } from './testing/node.ts';
import type { TestNode } from './testing/node.ts';

let node: TestNode;

beforeEach(async () => {
  node = await createTestNode();
});

afterEach(async () => {
  await node.close();
});

const bearer = (index = -1): string => {
  const header = node.collector.requests.at(index)?.headers.authorization ?? '';
  expect(header).toMatch(/^Bearer /);
  return header.slice('Bearer '.length);
};

const part = (text: string | undefined): unknown => JSON.parse(Buffer.from(text ?? '', 'base64url').toString());

/** Checks a JWS signature by the key of the node's certificate. */
function isSigned(content: string | Buffer, signature: string | undefined): boolean {
  const key = createPublicKey(
    new X509Certificate(readFileSync(node.settings.certFile)).publicKey.export({ type: 'spki', format: 'pem' })
  );
  return verify(
    'sha256',
    Buffer.from(content),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature ?? '', 'base64url')
  );
}

describe('a signed token', () => {
  it('is an ES256 JWT of the node for 10 minutes', async () => {
    const publisher = node.publisher({ tokenAudience: 'chimera' });
    publisher.start();
    await node.delivered(publisher, 1);
    const [header, claims, signature] = bearer().split('.');
    expect(part(header)).toEqual({ alg: 'ES256', typ: 'JWT' });
    const iat = Math.floor(node.clock.now() / 1000);
    expect(part(claims)).toEqual({
      iss: `openclaw://node/${NODE_ID}`,
      sub: NODE_ID,
      aud: 'chimera',
      iat,
      exp: iat + 600,
    });
    expect(isSigned(`${header}.${claims}`, signature)).toBe(true);
  });

  it('is used for 8 minutes', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    for (let beats = 2; beats <= 10; beats++) {
      await node.clock.advanceToTimer(57_000, 57_000);
      await node.delivered(publisher, beats);
    }
    const tokens = node.collector.requests.map((_, index) => bearer(index));
    expect(new Set(tokens.slice(0, 9)).size).toBe(1);
    expect(tokens[9]).not.toBe(tokens[0]);
  });

  it('is made anew after a 401, by the time that the collector shows', async () => {
    const date = new Date(Date.now() + 3_600_000);
    node.collector.answer = () => ({ status: 401, headers: { date: date.toUTCString() } });
    const publisher = node.publisher();
    publisher.start();
    await node.failed(publisher, 'http_401');
    node.collector.answer = () => accepted;
    await node.clock.advanceToTimer(57_000, 57_000);
    await node.delivered(publisher, 1);
    const { iat } = part(bearer().split('.')[1]) as { iat: number };
    expect(iat).toBeGreaterThanOrEqual(Math.floor(date.getTime() / 1000) + 56);
    expect(iat).toBeLessThanOrEqual(Math.floor(date.getTime() / 1000) + 58);
  });

  it('is made anew for a new key', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    const renewed = node.authority.issue({ uri: `openclaw://node/${NODE_ID}` });
    node.write('node.key', renewed.key);
    node.write('node.crt', renewed.cert);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    const [header, claims, signature] = bearer().split('.');
    expect(isSigned(`${header}.${claims}`, signature)).toBe(true);
  });
});

describe('a token from a file', () => {
  it('is read again when the file changes', async () => {
    node.write('token', 'first.token\n');
    const publisher = node.publisher({ tokenFile: join(node.folder, 'token') });
    publisher.start();
    await node.delivered(publisher, 1);
    expect(bearer()).toBe('first.token');
    node.write('token', 'other.token\n');
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(bearer()).toBe('other.token');
  });

  it.each([
    ['is not there', null, 'does not exist'],
    ['is empty', '', 'must hold one bearer token'],
    ['holds more than a token', 'secret-a\r\nx-evil: secret-b', 'must hold one bearer token'],
  ])('that %s is named in the log, without its content, and waited for', async (_what, text, message) => {
    if (text !== null) node.write('token', text);
    const publisher = node.publisher({ tokenFile: join(node.folder, 'token') });
    publisher.start();
    await node.failed(publisher, 'token');
    expect(node.logged[0]).toContain('OPENCLAW_TOKEN_FILE');
    expect(node.logged[0]).toContain(message);
    expect(node.logged[0]).not.toContain('secret');
    node.write('token', 'good');
    await node.clock.advanceToTimer(1_600, 2_400);
    await node.delivered(publisher, 1);
  });
});

describe('a minted token', () => {
  it('is asked for beside the endpoint, over the same connection, and used for 80 % of its life', async () => {
    let minted = 0;
    node.collector.answer = ({ path }) =>
      path === '/fleet/openclaw/token'
        ? { body: { access_token: `minted-${++minted}`, token_type: 'Bearer', expires_in: 900 } }
        : accepted;
    const publisher = node.publisher({
      tokenMode: 'mint',
      endpoint: `${node.collector.url}/fleet/openclaw/availability`,
    });
    publisher.start();
    await node.delivered(publisher, 1);
    expect(bearer()).toBe('minted-1');
    expect(node.collector.connections).toHaveLength(1);
    for (let beats = 2; beats <= 13; beats++) {
      await node.clock.advanceToTimer(57_000, 57_000);
      await node.delivered(publisher, beats);
    }
    expect(bearer()).toBe('minted-1');
    await node.clock.advanceToTimer(57_000, 57_000);
    await node.delivered(publisher, 14);
    expect(bearer()).toBe('minted-2');
  });

  it.each([
    [{ status: 403, body: { title: 'This node is revoked' } }, 'http_403', '403 This node is revoked'],
    [{ body: { token: 'secret' } }, 'token', 'no access_token'],
  ])('that is refused or unreadable stops the beat: %j', async (answer, reason, message) => {
    node.collector.answer = () => answer;
    const publisher = node.publisher({ tokenMode: 'mint' });
    publisher.start();
    await node.failed(publisher, reason);
    expect(node.logged[0]).toContain(message);
    expect(node.logged[0]).not.toContain('secret');
    expect(node.collector.requests.every(({ path }) => path === '/openclaw/token')).toBe(true);
  });
});

describe('a payload signature', () => {
  it('is a detached JWS of the very bytes', async () => {
    const publisher = node.publisher({ signPayload: true });
    publisher.start();
    await node.delivered(publisher, 1);
    const request = node.collector.requests[0]!;
    const [header, between, signature] = String(request.headers['x-jws-signature']).split('.');
    expect(part(header)).toEqual({ alg: 'ES256', b64: false, crit: ['b64'] });
    expect(between).toBe('');
    expect(isSigned(Buffer.concat([Buffer.from(`${header}.`), request.body]), signature)).toBe(true);
  });

  it('is not there unless asked for', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    expect(node.collector.requests[0]?.headers).not.toHaveProperty('x-jws-signature');
  });
});
