import { mkdtempSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createActionsDoor, MemoryReceipts, type ActionsDoor } from '../../backend/bridge/index.ts';
import { seen } from '../../backend/bridge/testing/seen.ts';
import { createTunnel, type Tunnel } from '../../backend/bridge/tunnel/tunnel.ts';
import { systemClock } from '../../backend/client/clock.ts';
import { action, TestClient, TestFleet, type Shown } from '../../backend/collector/bridges/testing/fleet.ts';
import type { CallerCredentials } from '../../backend/collector/bridges/types.ts';
import { pinOfCertificate, pinOfKey } from '../../backend/collector/identity/pins.ts';
import { freePort, sshdIsInstalled, TestSshd } from './support/sshd.ts';
import { waitFor } from './support/wait.ts';

/** A request through an ssh on a busy machine. */
const TIMEOUT = 10_000;
const BREAKER = 30_000;

let fleet: TestFleet;
let caller: CallerCredentials;
let node: Shown;
let door: ActionsDoor;
let client: TestClient;
/** Ids of the actions that were carried out, in order. */
let carried: string[];

const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

async function openDoor(shown: Shown, nodeId: string, port = 0): Promise<ActionsDoor> {
  return createActionsDoor({
    nodeId,
    listen: { host: '127.0.0.1', port },
    credentials: { certificate: shown.cert, key: shown.key, authority: fleet.ca },
    clientPins: [pinOfCertificate(caller.client.certificate)],
    actionsPins: [pinOfKey(fleet.actionsKey.publicKey)],
    actuator: {
      verbs: () => ['doctor'],
      carryOut: (request, progress) => {
        progress.begin({});
        carried.push(request.action_id);
        return Promise.resolve({ state: 'succeeded', refusal: null, message: 'Looked.', before: {}, after: {} });
      },
      settle: () => Promise.reject(new Error('nothing is open')),
      observe: () => Promise.resolve(seen),
    },
    receipts: new MemoryReceipts(),
    limits: { gapMs: 300_000, hourMs: 3_600_000 },
    clock: systemClock,
    logger,
  });
}

beforeEach(async () => {
  carried = [];
  fleet = await TestFleet.create();
  [caller, node] = await Promise.all([fleet.caller(), fleet.node('n1')]);
  door = await openDoor(node, 'n1');
  client = new TestClient(
    caller,
    { transport: 'direct_https', actions_address: `127.0.0.1:${door.port}` },
    { timeoutMs: TIMEOUT, pace: { breakerMs: BREAKER, retries: 0 } }
  );
});

afterEach(async () => {
  client.transports.close();
  await door.close();
});

const doctor = (id: string) => action({ action_id: id, instruction: { verb: 'doctor' } });

describe('a real door, directly', () => {
  it('shows what it sees, does what it is asked once, and keeps the receipt', async () => {
    const { transports } = client;
    expect(await transports.observe('n1')).toMatchObject({ node_id: 'n1', busy: null });
    const request = doctor('action-00000001');
    expect(await transports.receipt('n1', request.action_id)).toBeNull();
    await transports.act('n1', request);
    await transports.act('n1', request);
    await waitFor(
      async () => (await transports.receipt('n1', request.action_id))?.state === 'succeeded',
      'the action to end'
    );
    expect(carried).toEqual([request.action_id]);
  });

  it('refuses what is not the first request of its id', async () => {
    const { transports } = client;
    const request = doctor('action-00000001');
    await transports.act('n1', request);
    await expect(transports.act('n1', { ...request, step: 'another' })).rejects.toMatchObject({
      trouble: 'refused',
      refusal: 'altered-repeat',
    });
    expect(carried).toEqual([request.action_id]);
  });

  it('refuses a collector whose keys it does not know', async () => {
    const client2 = await fleet.caller();
    const strange = new TestClient(client2, client.reported);
    await expect(strange.transports.observe('n1')).rejects.toMatchObject({ trouble: 'refused' });
    const { actionsKey } = await (await TestFleet.create()).caller();
    strange.credentials = { ...caller, actionsKey };
    await expect(strange.transports.act('n1', doctor('action-00000002'))).rejects.toMatchObject({
      trouble: 'refused',
      refusal: 'not-signed',
    });
    strange.transports.close();
    expect(carried).toEqual([]);
  });

  it('serves a renewed certificate, while the old one may be revoked', async () => {
    await client.transports.observe('n1');
    client.standing = (_id, fingerprint) => (fingerprint === node.fingerprint ? 'revoked' : 'ok');
    await expect(client.transports.observe('n1')).rejects.toMatchObject({ trouble: 'untrusted' });
    const renewed = await fleet.node('n1');
    door.reload({ certificate: renewed.cert, key: renewed.key, authority: fleet.ca });
    expect((await client.transports.observe('n1')).node_id).toBe('n1');
  });
});

// Where sshd is not installed there is nothing to prove it against; Debian's is in the project's image.
(sshdIsInstalled ? describe : describe.skip)('a real sshd', () => {
  /** Exactly what the documentation tells people to write. */
  const documentation = readFileSync(join(import.meta.dirname, '../../docs/transports.md'), 'utf8');
  const line = /^(restrict,\S+) ssh-ed25519 /m.exec(documentation)?.[1] ?? '';
  const account = /^Match User openclaw-tunnel\n((?: {4}.*\n)+)/m.exec(documentation)?.[1] ?? '';
  let sshd: TestSshd;
  let tunnel: Tunnel;

  beforeEach(async () => {
    sshd = new TestSshd();
    await sshd.listen(line, account.trimEnd().split('\n'));
    tunnel = await openTunnel(door);
  });

  afterEach(async () => {
    await tunnel.stop();
    await sshd.close();
  });

  /** As a bridge opens it. */
  async function openTunnel(to: ActionsDoor): Promise<Tunnel> {
    const { port, user, keyFile, knownHostsFile } = sshd;
    const opened = createTunnel({
      ssh: { host: '127.0.0.1', port, user, keyFile, knownHostsFile },
      door: { host: '127.0.0.1', port: to.port },
      stateDir: mkdtempSync(join(sshd.folder, 'state-')),
      clock: systemClock,
      random: Math.random,
      logger,
      onChange: () => undefined,
    });
    opened.start();
    await waitFor(
      () => opened.port,
      () => `a tunnel: ${sshd.log}`
    );
    return opened;
  }

  const reported = (transport: 'reverse_ssh' | 'hybrid', end: Tunnel) => ({ transport, tunnel_port: end.port ?? 0 });

  it('reverse_ssh goes through the tunnel, with the same checks at its end', async () => {
    client.reported = reported('reverse_ssh', tunnel);
    expect((await client.transports.observe('n1')).node_id).toBe('n1');
    await client.transports.act('n1', doctor('action-00000001'));
    expect(carried).toEqual(['action-00000001']);
    expect(client.ways).toEqual(['reverse_ssh ok', 'reverse_ssh ok']);
    await expect(client.transports.observe('n2')).rejects.toMatchObject({ trouble: 'untrusted' });
  });

  it('hybrid goes through the tunnel when the direct way is cut, and comes back', async () => {
    const direct = await openDoor(node, 'n1');
    client.reported = { ...reported('hybrid', tunnel), actions_address: `127.0.0.1:${direct.port}` };
    const waysOf = async (ask: () => Promise<unknown>): Promise<string[]> => {
      const before = client.asks.length;
      await ask();
      return client.ways.slice(before);
    };
    const look = () => client.transports.observe('n1');
    const request = doctor('action-00000001');
    const repair = () => client.transports.act('n1', request);
    expect(await waysOf(look)).toEqual(['direct_https ok']);
    await direct.close();
    expect(await waysOf(repair)).toEqual(['direct_https unreachable', 'reverse_ssh ok']);
    expect(await waysOf(repair)).toEqual(['direct_https unreachable', 'reverse_ssh ok']);
    expect(await waysOf(look)).toEqual(['reverse_ssh ok']);
    expect(carried).toEqual([request.action_id]);
    const again = await openDoor(node, 'n1', direct.port);
    client.nowMs += BREAKER;
    expect(await waysOf(look)).toEqual(['direct_https ok']);
    await again.close();
  });

  it('a tunnel that ended is unreachable, and a new one is found by its new port', async () => {
    client.reported = reported('reverse_ssh', tunnel);
    await client.transports.observe('n1');
    await tunnel.stop();
    await expect(client.transports.observe('n1')).rejects.toMatchObject({ trouble: 'unreachable' });
    tunnel = await openTunnel(door);
    client.reported = reported('reverse_ssh', tunnel);
    expect((await client.transports.observe('n1')).node_id).toBe('n1');
  });

  it("another node's tunnel at a port is untrusted", async () => {
    const other = await openDoor(await fleet.node('n2'), 'n2');
    const second = await openTunnel(other);
    client.reported = reported('reverse_ssh', second);
    await expect(client.transports.act('n1', doctor('action-00000001'))).rejects.toMatchObject({
      trouble: 'untrusted',
    });
    await second.stop();
    await other.close();
    expect(carried).toEqual([]);
  });

  it('as documented gives a tunnel and nothing else', async () => {
    const port = String(door.port);
    for (const command of ['id', '/usr/lib/openssh/sftp-server']) {
      const { code, output } = await sshd.run([], [command]);
      expect(output).not.toContain('uid=');
      expect(code).not.toBe(0);
    }
    expect((await sshd.run(['-W', `127.0.0.1:${port}`])).output).toContain('administratively prohibited');
    for (const from of ['0.0.0.0:0', '[::1]:0', `${sshd.folder}/socket`]) {
      const { output } = await sshd.run(['-N', '-R', `${from}:127.0.0.1:${port}`]);
      expect(output).toContain('forwarding failed');
    }
    const here = await freePort();
    const { child } = sshd.start(['-N', '-L', `127.0.0.1:${here}:${sshd.folder}/socket`]);
    await waitFor(() => canConnect(here), 'ssh to listen');
    await waitFor(
      () => sshd.log.includes('refused streamlocal port forward'),
      () => sshd.log
    );
    child.kill();
  });
});

async function canConnect(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const connected = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  });
  socket.destroy();
  return connected;
}
