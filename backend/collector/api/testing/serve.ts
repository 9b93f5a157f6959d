import type { AdoptedConfig, Batch, ConfigValues, Heartbeat, Run } from '@openclaw-fleet/contract';
import { configHash } from '../../configurations/hash.ts';
import { BRIDGE_BLOCKS, startApi } from './harness.ts';
import type { Served } from './served.ts';

// Runs until it is ended: the real API over a small fleet in which a few things are wrong, for a reader in another process.
const HOUR_MS = 3_600_000;
const reason = 'prepared for the contract test';
const QUIET = { total: 5, enabled: 5, failing: 0, results_1h: 12, failures_1h: 0, results_24h: 200, failures_24h: 2 };
const capabilities = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'];

const api = await startApi();
// Pages compare with the time of their reader; an hour of the fleet's life is behind it.
api.clock.now = Date.now() - HOUR_MS;

async function send(id: string, reported: Partial<NonNullable<Heartbeat['reported']>> = {}): Promise<void> {
  const all = { ...BRIDGE_BLOCKS.reported, health_status: 'ok', ...reported } as const;
  await api.send(id, {
    ...BRIDGE_BLOCKS,
    capabilities,
    jobs: QUIET,
    reported: all,
    tags: ['region:harbour', 'team:dock'],
  });
}
async function change<T>(
  method: string,
  path: string,
  body: object,
  options: Parameters<typeof api.write>[3] = {}
): Promise<T> {
  const response = await api.write(method, path, { ...body, reason }, options);
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
  return answer as T;
}
let drifted: Parameters<typeof send>[1] = {};
const hangs = { gateway_state: 'hung', health_status: 'error' } as const;
/** Time goes by: beats, and what repairs do. */
async function pass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    for (let tick = 0; tick < 12; tick++) {
      api.clock.now += 5000;
      await api.remediation.tick();
    }
    for (const { id, gatewayState } of api.bridges.nodes.values()) await send(id, gatewayState === 'hung' ? hangs : {});
    await send('drifter', drifted);
    await api.fleet.tick(api.clock.now);
  }
}

for (const id of ['mended', 'hung-a', 'hung-b']) {
  api.bridges.add(id, { gatewayState: 'hung', health: 'error' });
  await send(id, hangs);
}
await api.send('plain');
await send('drifter');

await change('POST', '/fleet/policies', {
  id: 'harbour',
  name: 'Harbour gateways',
  owner: 'dock-crew',
  limits: { cpuPct: 5 },
  windows: [{ kind: 'deny', schedule: '0 3 * * *', durationMinutes: 60, reason: 'the night ferry' }],
});
await change('POST', '/fleet/targets/drifter/apply-policy', { policyId: 'harbour' });

const running: ConfigValues = { 'messages.ackReaction': 'eyes', 'messages.queue': { cap: 21 } };
const report = async (values: ConfigValues): Promise<string> => {
  const config_hash = configHash(values);
  await api.configurations.acceptReport('drifter', { revision: null, config_hash, values });
  return config_hash;
};
await report(running);
const adopted = await change<AdoptedConfig>('POST', '/fleet/targets/drifter/adopt-config', {
  title: 'As the ferry runs',
});
await change(
  'PATCH',
  '/fleet/targets/drifter/desired-state',
  { configRevision: adopted.revision.id },
  {
    version: Number(/\d+/.exec((await api.ask('/fleet/targets/drifter/desired-state')).headers.get('etag') ?? '')?.[0]),
  }
);
drifted = { config_hash: await report({ ...running, 'messages.ackReaction': 'fire' }), apply_status: 'APPLIED' };

const run = await change<Run>('POST', '/fleet/targets/mended/reconcile', {}, { role: 'operator' });
await pass(10);
await change('POST', '/fleet/targets/plain/cordon', {}, { role: 'operator' });
api.clock.now = Math.max(api.clock.now, Date.now() - 60_000);
await pass(1);
const batch = await change<Batch>(
  'POST',
  '/fleet/remediations/batches',
  { playbook: 'BridgeStuck', targetIds: ['hung-a', 'hung-b'] },
  { role: 'operator' }
);

const served: Served = {
  origin: api.origin,
  token: api.tokenOf.approver,
  runId: run.id,
  batchId: batch.id,
  configId: adopted.revision.id,
};
process.stdout.write(`${JSON.stringify(served)}\n`);
// The reader holds our input open: when it is gone, however it ended, so are we.
process.stdin.once('end', () => void api.stop()).resume();
