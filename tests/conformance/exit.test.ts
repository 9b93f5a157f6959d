import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTestNode } from '../../backend/client/testing/node.ts';
import type { TestNode } from '../../backend/client/testing/node.ts';
import { PYTHON } from './clients.ts';

const TOOLS = join(import.meta.dirname, '..', '..', 'tools');
/** Longer than any of the client's own timeouts with demo timings: whoever waits for one of them is found out. */
const LIMIT_MS = 60_000;

const HOST = `
import os, sys
sys.path.insert(0, ${JSON.stringify(TOOLS)})
from openclaw_client import Publisher
def hang():
    sys.stdin.readline()
    return {}
snapshot = hang if os.environ.get("HANG") else (lambda: {"version": "1"})
publisher = Publisher.from_env(snapshot)
publisher.start()
print("started", flush=True)
sys.stdin.readline()
if os.environ.get("STOP"):
    publisher.stop("shutdown")
print("host is done", flush=True)
`;

let node: TestNode;
beforeEach(async () => {
  node = await createTestNode();
});
afterEach(() => node.close());

/** Runs a host that ends once it is told to. @param told resolves when it is */
function runHost(endpoint: string, told: () => Promise<void>, env: Record<string, string> = {}) {
  const settings = {
    OPENCLAW_ENDPOINT: endpoint,
    OPENCLAW_NODE_ID: node.settings.nodeId,
    OPENCLAW_CA_FILE: node.settings.caFile,
    OPENCLAW_CERT_FILE: node.settings.certFile,
    OPENCLAW_KEY_FILE: node.settings.keyFile,
    OPENCLAW_TOKEN_FILE: join(node.folder, 'token'),
    OPENCLAW_TIMINGS: 'demo',
    ...env,
  };
  node.write('token', 'a.b.c');
  return new Promise<{ code: unknown; stdout: string; stderr: string }>((resolve, reject) => {
    const options = { env: settings, timeout: LIMIT_MS };
    const child = execFile(PYTHON?.path ?? '', ['-B', '-c', HOST], options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.signal ?? error.code), stdout, stderr })
    );
    told().then(() => child.stdin?.end('\n'), reject);
  });
}

const arrived = async (): Promise<void> => {
  while (node.collector.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
};
const DONE = { code: 0, stdout: 'started\nhost is done\n', stderr: '' };

(PYTHON ? describe : describe.skip)('the host of the Python client', () => {
  it('ends when it is done, though heartbeats go on', async () => {
    expect(await runHost(node.collector.url, arrived)).toEqual(DONE);
  });

  it('ends though a heartbeat hangs', async () => {
    node.collector.answer = () => null;
    expect(await runHost(node.collector.url, arrived)).toEqual(DONE);
  });

  it('ends though a handshake hangs', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const connected = once(silent, 'connection').then(() => undefined);
    const endpoint = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    expect(await runHost(endpoint, () => connected)).toEqual(DONE);
    silent.close();
  });

  it('ends though its own snapshot hangs', async () => {
    const host = await runHost(node.collector.url, () => Promise.resolve(), { HANG: '1' });
    expect(host).toMatchObject({ code: 0, stdout: DONE.stdout });
  });

  it('ends after a goodbye that is answered', async () => {
    expect(await runHost(node.collector.url, arrived, { STOP: '1' })).toEqual(DONE);
    expect(node.beat()).toMatchObject({ goodbye: 'shutdown' });
  });

  it('ends after a goodbye that nobody answers', async () => {
    const hang = async (): Promise<void> => {
      await arrived();
      node.collector.answer = () => null;
    };
    const host = await runHost(node.collector.url, hang, { STOP: '1' });
    expect(host).toMatchObject({ code: 0, stdout: DONE.stdout });
    expect(host.stderr).toMatch(/the goodbye was not delivered \(timeout\)/);
  });
});
