import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { createBridge, type Bridge } from '../../backend/bridge/bridge.ts';
import { settingsFromEnv } from '../../backend/bridge/settings.ts';
import { FakeGateway } from '../../backend/bridge/testing/fake-gateway.ts';
import { optionsFromEnv } from '../../backend/client/index.ts';
import { BRIDGE_BLOCKS } from '../../backend/collector/api/testing/harness.ts';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { TestCollector } from './support/collector.ts';
import type { TestNode } from './support/node.ts';
import { TestPrometheus } from './support/prometheus.ts';
import { waitFor } from './support/wait.ts';

const binary = findOnPath('prometheus');
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };
const PATH = '/fleet/service-discovery/bridges';
const LIMIT_MS = 120_000;

describe('service discovery of bridges', () => {
  // The bridge of a test listens wherever there is room.
  const collector = new TestCollector({ OPENCLAW_FLEET_BRIDGES_METRICS_PORTS: '1024-65535' });
  const gateway = new FakeGateway();
  let bridge: Bridge;
  let other: TestNode;

  beforeAll(async () => {
    collector.enroll('gw-1', '--id', 'gw-1', '--zone', 'eu-1');
    other = collector.enroll('gw-2', '--id', 'gw-2');
    await collector.start();
    await gateway.listen();
    const env = {
      ...parseEnv(readFileSync(join(collector.folder, 'nodes', 'gw-1', 'node.env'), 'utf8')),
      OPENCLAW_ENDPOINT: `https://localhost:${collector.intakePort}`,
      OPENCLAW_BRIDGE_GATEWAY_URL: gateway.url.href,
      OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:0',
    };
    bridge = createBridge({ settings: settingsFromEnv(env), publishing: optionsFromEnv(env), logger: quiet });
    await bridge.start();
    await waitFor(async () => (await places()).length > 0, 'the bridge to be listed');
  }, LIMIT_MS);
  afterAll(async () => {
    other.close();
    await bridge.stop();
    await gateway.close();
    await collector.close();
  });

  const get = async (path: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${collector.token}` };
    return (await fetch(`http://127.0.0.1:${collector.apiPort}${path}`, { headers })).json();
  };
  const places = async () => (await get(PATH)) as { targets: string[]; labels: Record<string, string> }[];

  it('lists what the bridge reports', async () => {
    const { zone } = (await get('/fleet/targets/gw-1')) as FleetTarget;
    expect(zone).toBe('eu-1');
    expect(await places()).toEqual([{ targets: [bridge.url?.host], labels: { target: 'gw-1', zone } }]);
  });

  (binary === null ? it.skip : it)(
    'leads a real Prometheus, with the configuration of provisioning, to the bridge',
    async () => {
      const prometheus = await TestPrometheus.start(binary ?? '', collector, []);
      try {
        const up = 'up{job="openclaw-bridge", target="gw-1", zone="eu-1"}';
        await waitFor(async () => (await prometheus.value(up)) === 1, 'the bridge to be scraped', LIMIT_MS, 200);
        const [info] = await prometheus.query('openclaw_bridge_build_info');
        expect(info?.metric).toMatchObject({ target: 'gw-1', zone: 'eu-1', instance: bridge.url?.host });
      } finally {
        await prometheus.stop();
      }
    },
    LIMIT_MS + 30_000
  );

  it('forgets a node that is revoked, or whose newest certificate is', async () => {
    const reported = { ...BRIDGE_BLOCKS.reported, metrics_address: '127.0.0.1:9464' };
    expect(await other.post(other.beat({ ...BRIDGE_BLOCKS, reported }))).toMatchObject({ status: 200 });
    const listed = async () => (await places()).map(({ labels }) => labels['target']);
    await waitFor(async () => (await listed()).length === 2, 'both to be listed');
    const pem = readFileSync(join(collector.folder, 'nodes', 'gw-2', 'node.crt'));
    collector.cli('revoke', '--certificate', new X509Certificate(pem).fingerprint256, '--reason', 'stolen');
    await waitFor(async () => (await listed()).join() === 'gw-1', 'the second to be left out');
    collector.cli('revoke', 'gw-1', '--reason', 'stolen');
    await waitFor(async () => (await listed()).length === 0, 'the bridge to be left out');
  });
});
