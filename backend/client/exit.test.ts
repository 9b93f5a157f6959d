import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createAuthority } from './testing/certificates.ts';
import { accepted } from './testing/collector.ts';
import { createTestNode, NODE_ID } from './testing/node.ts';
import type { TestNode } from './testing/node.ts';
import { waitFor } from './testing/wait.ts';

/** Far less than any timer of the publisher but the goodbye's; far more than a loaded machine takes to end a process. */
const SOON_MS = 8_000;

let node: TestNode;
let host: ChildProcessWithoutNullStreams | null = null;
let silent: Server | null = null;

beforeEach(async () => {
  node = await createTestNode();
});

afterEach(async () => {
  host?.kill('SIGKILL');
  silent?.close();
  await node.close();
});

/** Starts a real process that embeds the publisher. */
function startHost(env: Record<string, string> = {}) {
  const started = spawn(process.execPath, [fileURLToPath(new URL('testing/host.ts', import.meta.url))], {
    env: {
      OPENCLAW_ENDPOINT: node.settings.endpoint,
      OPENCLAW_NODE_ID: NODE_ID,
      OPENCLAW_CA_FILE: node.settings.caFile,
      OPENCLAW_CERT_FILE: node.settings.certFile,
      OPENCLAW_KEY_FILE: node.settings.keyFile,
      ...env,
    },
  });
  host = started;
  const errors: string[] = [];
  started.stderr.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const exited = once(started, 'exit');
  return {
    stderr: () => errors.join(''),
    /** Gives it its line. @returns its exit code and how long it took, in milliseconds */
    go: async (): Promise<{ code: unknown; took: number }> => {
      const from = performance.now();
      started.stdin.end('go\n');
      const [code] = (await exited) as [number | null];
      return { code, took: performance.now() - from };
    },
  };
}

describe('a process that embeds the publisher', () => {
  it('ends by itself between two beats', async () => {
    const process = startHost();
    await waitFor(() => node.collector.requests.length === 1);
    const { code, took } = await process.go();
    expect(code).toBe(0);
    expect(took).toBeLessThan(SOON_MS);
    expect(process.stderr()).toBe('');
  });

  it('ends by itself while a publish hangs', async () => {
    node.collector.answer = () => null;
    const process = startHost();
    await waitFor(() => node.collector.requests.length === 1);
    const { code, took } = await process.go();
    expect(code).toBe(0);
    expect(took).toBeLessThan(SOON_MS);
  });

  it('ends by itself while a publish hangs on a connection that is used again', async () => {
    node.collector.answer = () => (node.collector.requests.length === 1 ? accepted : null);
    const process = startHost({ HOST_DOES: 'hurry' });
    await waitFor(() => node.collector.requests.length === 2);
    expect(node.collector.connections).toHaveLength(1);
    const { code, took } = await process.go();
    expect(code).toBe(0);
    expect(took).toBeLessThan(SOON_MS);
  });

  it('ends by itself while a handshake hangs', async () => {
    let connected = false;
    const server = (silent = createServer((socket) => {
      connected = true;
      socket.on('error', () => undefined).resume();
    }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const process = startHost({ OPENCLAW_ENDPOINT: `https://127.0.0.1:${(server.address() as AddressInfo).port}` });
    await waitFor(() => connected);
    const { code, took } = await process.go();
    expect(code).toBe(0);
    expect(took).toBeLessThan(SOON_MS);
  });

  it('lives until its goodbye is delivered, and no longer', async () => {
    const process = startHost({ HOST_DOES: 'stop', HOST_DEADLINE: '60000' });
    await waitFor(() => node.collector.requests.length === 1);
    const { code, took } = await process.go();
    expect(node.beat()).toMatchObject({ goodbye: 'shutdown' });
    expect(code).toBe(0);
    expect(took).toBeLessThan(SOON_MS);
  });

  it('gives up its goodbye at the deadline', async () => {
    const process = startHost({ HOST_DOES: 'stop', HOST_DEADLINE: '300' });
    await waitFor(() => node.collector.requests.length === 1);
    node.collector.answer = () => null;
    const { code, took } = await process.go();
    expect(node.beat()).toMatchObject({ goodbye: 'shutdown' });
    expect(code).toBe(0);
    expect(took).toBeLessThan(SOON_MS);
  });

  it('checks the collector also where Node was told not to', async () => {
    node.write('ca.crt', createAuthority('Somebody else').cert);
    const process = startHost({ NODE_TLS_REJECT_UNAUTHORIZED: '0' });
    await waitFor(() => process.stderr().includes('was not delivered (tls)'));
    expect(node.collector.requests).toHaveLength(0);
    await process.go();
  });
});
