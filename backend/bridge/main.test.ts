import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createTestNode } from '../client/testing/node.ts';
import type { TestNode } from '../client/testing/node.ts';
import { FakeGateway } from './testing/fake-gateway.ts';
import { waitFor } from './testing/wait-for.ts';

interface Run {
  readonly child: ChildProcess;
  /** `level message`, in order. */
  readonly lines: () => string[];
  readonly exit: Promise<number | null>;
}

let gateway: FakeGateway;
let node: TestNode;
const running: ChildProcess[] = [];

function run(env: Record<string, string>): Run {
  const main = new URL('./main.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'inherit', 'pipe'] });
  running.push(child);
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return {
    child,
    lines: () =>
      output
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as { level: string; msg: string })
        .map(({ level, msg }) => `${level} ${msg}`),
    exit: new Promise((resolve) => child.once('close', resolve)),
  };
}

const environment = (): Record<string, string> => ({
  OPENCLAW_ENDPOINT: node.settings.endpoint,
  OPENCLAW_NODE_ID: node.settings.nodeId,
  OPENCLAW_CA_FILE: node.settings.caFile,
  OPENCLAW_CERT_FILE: node.settings.certFile,
  OPENCLAW_KEY_FILE: node.settings.keyFile,
  OPENCLAW_BRIDGE_GATEWAY_URL: gateway.url.href,
  OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: join(node.folder, 'token'),
  OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:0',
});

beforeEach(async () => {
  gateway = new FakeGateway();
  await gateway.listen();
  node = await createTestNode();
  node.write('token', 'gateway-token');
});

afterEach(async () => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
  await gateway.close();
  await node.close();
});

describe('the executable', () => {
  it.each([
    ['SIGTERM', undefined, 'shutdown'],
    ['SIGINT', 'restart', 'restart'],
  ] as const)('publishes, and on %s says goodbye and exits with 0', async (signal, set, goodbye) => {
    const { child, exit, lines } = run({ ...environment(), ...(set && { OPENCLAW_BRIDGE_GOODBYE: set }) });
    await waitFor('a beat', () => node.collector.requests.length > 0, 20_000);
    child.kill(signal);
    expect(await exit).toBe(0);
    expect(node.beat()).toMatchObject({ goodbye });
    expect(lines()).toContain(`info stops on ${signal}, saying ${goodbye}`);
  });

  it.each<[string, Record<string, string>, string]>([
    ['an unknown setting', { OPENCLAW_BRIDGE_TYPO: '1' }, 'OPENCLAW_BRIDGE_TYPO is no setting of the bridge'],
    ['a bad setting', { OPENCLAW_BRIDGE_LISTEN: '0.0.0.0:1' }, 'OPENCLAW_BRIDGE_LISTEN is not on loopback'],
    [
      'a bad setting of the client',
      { OPENCLAW_ENDPOINT: 'http://127.0.0.1' },
      'OPENCLAW_ENDPOINT must begin with https://',
    ],
  ])('does not start with %s, and names it', async (_name, bad, message) => {
    const { exit, lines } = run({ ...environment(), ...bad });
    expect(await exit).toBe(78);
    expect(lines()).toHaveLength(1);
    expect(lines()[0]).toContain(`error ${message}`);
    expect(gateway.probed).toBe(0);
  });

  it('ends when its door cannot be opened, whatever it began before', async () => {
    const pin = `sha256/${'A'.repeat(43)}=`;
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    taken.unref();
    const { port } = taken.address() as AddressInfo;
    const { exit, lines } = run({
      ...environment(),
      OPENCLAW_BRIDGE_STATE_DIR: join(node.folder, 'state'),
      OPENCLAW_BRIDGE_ACTIONS_LISTEN: `127.0.0.1:${port}`,
      OPENCLAW_CLIENT_PIN: pin,
      OPENCLAW_ACTIONS_PIN: pin,
    });
    expect(await exit.finally(() => taken.close())).toBe(1);
    expect(lines().at(-1)).toContain(`error OPENCLAW_BRIDGE_ACTIONS_LISTEN: 127.0.0.1:${port} cannot be used`);
    expect(node.collector.requests).toHaveLength(0);
  }, 20_000);

  it('does not start without its token file', async () => {
    const { exit, lines } = run({ ...environment(), OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: '/nowhere/token' });
    expect(await exit).toBe(1);
    expect(lines()).toEqual([
      'error OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: /nowhere/token does not exist; write the token to it and run: chmod 600 /nowhere/token',
    ]);
  });
});
