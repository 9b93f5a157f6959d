import { chmodSync, copyFileSync, cpSync, readFileSync } from 'node:fs';
import { get } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { TestCollector } from './support/collector.ts';
import { TestNode } from './support/node.ts';
import { waitFor } from './support/wait.ts';

// Every test starts a collector, and commands beside it, as processes of their own.
jest.setTimeout(120_000);

let collector: TestCollector;
let node: TestNode;

beforeEach(async () => {
  collector = new TestCollector();
  node = collector.enroll('web-1', '--zone', 'eu-1');
  await collector.start();
});

afterEach(async () => {
  node.close();
  await collector.close();
});

describe('a running collector', () => {
  it('cuts an open connection of a node that is revoked, and refuses it from then on', async () => {
    expect((await node.post(node.beat())).status).toBe(200);
    const socket = node.socket;
    const closed = new Promise((resolve) => socket?.once('close', resolve));
    collector.cli('revoke', 'web-1', '--reason', 'stolen');
    await closed;
    const before = await collector.target(node.id);
    expect(await node.post(node.beat())).toMatchObject({
      status: 403,
      body: { type: 'urn:openclaw-fleet:problem:revoked' },
    });
    expect((await collector.target(node.id)).lastHeartbeatAt).toBe(before.lastHeartbeatAt);
  });

  it('cuts and refuses a copy of an older certificate once all of until now are revoked', async () => {
    const folder = join(collector.folder, 'nodes', 'web-1');
    const copy = join(collector.folder, 'copy');
    cpSync(folder, copy, { recursive: true });
    const thief = new TestNode(copy, () => collector.intakePort);
    expect((await thief.post(thief.beat())).status).toBe(200);
    collector.cli('rotate', 'web-1', '--out', folder, '--endpoint', 'https://localhost');
    expect((await thief.post('', '/openclaw/token')).status).toBe(200);
    const closed = new Promise((resolve) => thief.socket?.once('close', resolve));
    const lockOut = ['--revoke-current', '--reason', 'stolen', '--endpoint', 'https://localhost'];
    collector.cli('rotate', 'web-1', '--out', folder, ...lockOut);
    await closed;
    const revoked = { status: 403, body: { type: 'urn:openclaw-fleet:problem:revoked' } };
    expect(await thief.post(thief.beat())).toMatchObject(revoked);
    for (const door of ['/openclaw/token', '/openclaw/renew'])
      expect(await thief.post({}, door)).toMatchObject(revoked);
    const rightful = new TestNode(folder, () => collector.intakePort);
    await waitFor(async () => (await rightful.post(rightful.beat())).status === 200, 'the new certificate to be taken');
    expect((await rightful.post('', '/openclaw/token')).status).toBe(200);
    thief.close();
    rightful.close();
  });

  it('lets a node in that is enrolled while it runs', async () => {
    const late = collector.enroll('late');
    await waitFor(async () => (await late.post(late.beat())).status === 200, 'the new node to be let in');
    late.close();
  });

  it('ends an API token that is revoked', async () => {
    const made = JSON.parse(
      collector.cli('token', 'create', '--name', 'brief', '--role', 'viewer', '--kind', 'service', '--json')
    ) as { token: string; id: string };
    await waitFor(
      async () => (await collector.get('/fleet/summary', made.token)).status === 200,
      'the token to be known'
    );
    collector.cli('token', 'revoke', made.id, '--reason', 'test');
    await waitFor(
      async () => (await collector.get('/fleet/summary', made.token)).status === 401,
      'the token to be refused'
    );
  });

  it('shows a rotated certificate without a restart', async () => {
    const serial = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connect({ ...node.agent.options, host: '127.0.0.1', port: collector.intakePort }, () => {
          resolve(socket.getPeerCertificate().serialNumber);
          socket.destroy();
        });
        socket.on('error', reject);
      });
    const before = await serial();
    expect((await node.post(node.beat())).status).toBe(200);
    collector.cli('rotate');
    await waitFor(async () => (await serial()) !== before, 'the new certificate');
    expect((await node.post(node.beat())).status).toBe(200);
  });

  it('serves its API over TLS from files, and names a key that others can read', async () => {
    const [cert, key] = ['api.crt', 'api.key'].map((name) => join(collector.folder, name)) as [string, string];
    copyFileSync(join(collector.folder, 'pki', 'server.crt'), cert);
    copyFileSync(join(collector.folder, 'pki', 'server.key'), key);
    const tls = { OPENCLAW_FLEET_API_TLS_CERT_FILE: cert, OPENCLAW_FLEET_API_TLS_KEY_FILE: key };
    const second = new TestCollector(tls);
    chmodSync(key, 0o644);
    await expect(second.start()).rejects.toThrow(/api\.key/);
    chmodSync(key, 0o600);
    await second.start();
    const status = await new Promise((resolve, reject) => {
      const ca = readFileSync(join(collector.folder, 'pki', 'ca.crt'));
      get({ host: 'localhost', port: second.apiPort, path: '/healthz', ca }, (res) => resolve(res.statusCode)).on(
        'error',
        reject
      );
    });
    expect(status).toBe(200);
    await second.close();
  });

  it('says nothing secret in its log', async () => {
    await node.post(node.beat());
    await node.post({ ...node.beat(), hostname: 1 });
    await collector.get('/fleet/summary', 'ocf_wrong');
    await collector.kill('SIGTERM');
    expect(collector.log).toContain('stopping');
    for (const secret of [collector.token, node.token(), 'PRIVATE KEY', 'ocf_'])
      expect(collector.log).not.toContain(secret);
  });

  it('stops cleanly, and names a port that is taken', async () => {
    const second = new TestCollector({ OPENCLAW_FLEET_INTAKE_PORT: String(collector.intakePort) });
    await expect(second.start()).rejects.toThrow(`127.0.0.1:${collector.intakePort} is taken by another program`);
    await second.close();
  });
});
