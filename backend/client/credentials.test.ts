import { chmodSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAuthority } from './testing/certificates.ts';
import { createTestNode, NODE_ID } from './testing/node.ts';
import type { TestNode } from './testing/node.ts';

let node: TestNode;

beforeEach(async () => {
  node = await createTestNode();
});

afterEach(async () => {
  await node.close();
});

const issue = (dns: string) => node.authority.issue({ uri: `openclaw://node/${NODE_ID}`, dns });
const client = (): string | undefined => node.collector.requests.at(-1)?.client;

describe('rotated files', () => {
  it('are used on a new connection, without a resumed session of the old ones', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    const next = issue('second');
    node.write('node.crt', next.cert);
    node.write('node.key', next.key);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(client()).toContain('DNS:second');
    expect(node.collector.connections).toEqual([false, false]);
  });

  it('are not used while only one of the pair has changed', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    const next = issue('second');
    node.write('node.crt', next.cert);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(client()).not.toContain('DNS:second');
    expect(node.logged).toEqual([
      expect.stringMatching(/^warn OPENCLAW_KEY_FILE: .*the previous credentials stay in use$/),
    ]);
    node.write('node.key', next.key);
    publisher.publishSoon();
    await node.delivered(publisher, 3);
    expect(client()).toContain('DNS:second');
    expect(node.logged.at(-1)).toBe('info the new credentials are in use');
  });

  it('may be gone for a while', async () => {
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    rmSync(node.settings.keyFile);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    expect(node.logged[0]).toContain('node.key does not exist');
  });

  it('bring a new authority too', async () => {
    const publisher = node.publisher();
    node.write('ca.crt', createAuthority('Somebody else').cert);
    publisher.start();
    await node.failed(publisher, 'tls');
    node.write('ca.crt', node.authority.cert);
    await node.clock.advanceToTimer(1_600, 2_400);
    await node.delivered(publisher, 1);
  });
});

describe('a key that others can use', () => {
  it.each([0o644, 0o440])('works, and is named once, with the fix (mode %o)', async (mode) => {
    chmodSync(node.settings.keyFile, mode);
    const publisher = node.publisher();
    publisher.start();
    await node.delivered(publisher, 1);
    publisher.publishSoon();
    await node.delivered(publisher, 2);
    const { keyFile } = node.settings;
    expect(node.logged).toEqual([
      `warn OPENCLAW_KEY_FILE: others on this machine can use ${keyFile} (mode 0${mode.toString(8)}), and so publish as this node: run chmod 600 ${keyFile}, or mount it with that mode`,
    ]);
    chmodSync(keyFile, 0o600);
    publisher.publishSoon();
    await node.delivered(publisher, 3);
    expect(node.logged).toHaveLength(1);
  });
});

describe('files that never could be used', () => {
  it.each([
    ['node.crt', 'rubbish', 'OPENCLAW_CERT_FILE: '],
    ['ca.crt', 'rubbish', 'OPENCLAW_CA_FILE: '],
    ['node.key', 'rubbish', 'OPENCLAW_KEY_FILE: '],
    ['node.key', null, 'OPENCLAW_KEY_FILE: '],
  ] as const)('are named: %s %s', async (name, text, message) => {
    const path = {
      'node.crt': node.settings.certFile,
      'ca.crt': node.settings.caFile,
      'node.key': node.settings.keyFile,
    }[name];
    if (text === null) rmSync(path);
    else node.write(name, text);
    const publisher = node.publisher();
    publisher.start();
    await node.failed(publisher, 'credentials');
    expect(node.logged[0]).toContain(message);
    expect(node.logged[0]).toContain(path);
  });
});
