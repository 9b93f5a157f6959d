import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TIMINGS } from '@openclaw-fleet/contract';
import { beat, BRIDGE_BLOCKS, START } from '../../api/testing/harness.ts';
import { expectingNothing } from '../../assessment/expectation.ts';
import { MemoryStore } from '../../fleet/memory-store.ts';
import { Fleet } from '../../fleet/registry.ts';
import type { ExpectationSource } from '../../fleet/types.ts';
import { registerAuditMetrics } from '../audit.ts';
import type { AuditVerdict } from '../audit.ts';
import { createInstruments, registerCollectorSources } from '../collector.ts';
import type { CollectorSources, Instruments } from '../collector.ts';
import type { MetricsLevel } from '../family.ts';
import { registerFleetMetrics } from '../fleet.ts';
import { createMetricsHandler } from '../handler.ts';
import type { MetricsHandlerOptions } from '../handler.ts';
import { createTargetRenderer } from '../render.ts';
import { registerRepairMetrics } from '../repairs.ts';
import type { RepairSources } from '../repairs.ts';
import { parseExposition } from './exposition.ts';

const SOURCES: CollectorSources = {
  version: '0.1.0',
  timings: 'production',
  storageBytes: () => Promise.resolve({ database: 4096, wal: 100 }),
  recentStarts: () => 2,
  certificates: () => [
    { name: 'server', notAfterMs: START + 1000 },
    { name: 'authority', notAfterMs: START + 2000 },
  ],
  tokens: () => [{ name: 'grafana', expiresMs: START + 3000, revokedMs: null }],
  wallClock: () => START,
};

export const HEAD = 'fedcba987654'.padEnd(64, '3');
export const SINCE = {
  reason: 'a secret reason',
  by: 'grafana:ada',
  byName: 'Ada Lovelace',
  since: new Date(START).toISOString(),
};

const EFFICACY = {
  playbook: 'BridgeStuck',
  noEffect: 0,
  failed: 0,
  falseAlarms: 0,
  successRate: null,
  breakerOpen: false,
} as const;

/** A repair that waits, one that runs, and something of every kind that holds back. */
export const REPAIRS: RepairSources = {
  status: () => ({
    automation: { enabled: true, percent: 50, held: { reason: 'blind', message: 'a secret message' } },
    inFlight: 1,
    inFlightCap: 3,
    pendingApprovals: 1,
    holds: [],
    efficacy: [
      { ...EFFICACY, fault: 'drift.runtime', runs: 3, succeeded: 3 },
      { ...EFFICACY, fault: 'liveness.expired', runs: 1, succeeded: 0 },
    ],
    refused: {},
  }),
  open: () => [
    {
      state: 'pending_approval',
      playbook: 'ConfigDrift',
      createdAt: new Date(START - 5000).toISOString(),
      breakGlass: true,
      targetId: 'n0',
    },
    {
      state: 'pending_approval',
      playbook: 'ConfigDrift',
      createdAt: new Date(START - 9000).toISOString(),
      breakGlass: false,
      targetId: 'gone',
    },
    {
      state: 'running',
      playbook: 'BridgeStuck',
      createdAt: new Date(START - 60_000).toISOString(),
      targetId: 'nasty',
      breakGlass: false,
    },
  ],
  holds: () => [
    { kind: 'pause', targetId: null, subject: null, ...SINCE },
    { kind: 'quarantine', targetId: 'n0', subject: 'drift.config', ...SINCE },
    { kind: 'quarantine', targetId: 'n0', subject: 'drift.runtime', ...SINCE },
    { kind: 'cordon', targetId: 'n1', subject: null, ...SINCE },
  ],
  recent: () => [],
  recentMs: 3_600_000,
  auditHead: () => Promise.resolve({ seq: 41, hash: HEAD }),
  clock: () => START,
};

/** What a node may call itself and its zone. */
export const NASTY = 'x"} 1\n# TYPE evil counter\nevil 1\r\0 \\ ä😀';

const { beat: beatMs } = TIMINGS.production;

/** The first two targets are not what is expected of them. */
const EXPECTATIONS: ExpectationSource = {
  of: (id) => ({
    ...expectingNothing(2 * beatMs),
    ...(id === 'n0' && { minimumBridgeVersion: '0.2.0' }),
    ...(id === 'n1' && { limits: { cpuPct: 10 } }),
  }),
};

const closing: (() => Promise<unknown>)[] = [];

/** Ends every server; to be called after each test. */
export async function closeAll(): Promise<void> {
  for (const close of closing.splice(0)) await close();
}

interface Setup {
  readonly level?: MetricsLevel;
  readonly nodes?: number;
  readonly sources?: Partial<CollectorSources>;
  readonly repairs?: Partial<RepairSources>;
  readonly audit?: () => AuditVerdict | null;
  readonly stream?: MetricsHandlerOptions['stream'];
}

/** A real server that answers every request with its metrics. */
export async function serve({
  level = 'full',
  nodes = 2,
  sources,
  repairs,
  audit = () => ({ intact: true, atMs: START - 1500 }),
  stream,
}: Setup = {}) {
  const store = new MemoryStore();
  const epoch = await store.takeEpoch();
  const fleet = new Fleet({
    timings: TIMINGS.production,
    clock: () => START,
    store,
    epoch: () => epoch,
    expectations: EXPECTATIONS,
  });
  for (let at = 0; at < nodes; at++) await fleet.receive(beat(`n${at}`, START, BRIDGE_BLOCKS), 1, START);
  await fleet.receive(beat('nasty', START, { hostname: NASTY, version: '\\\n"', tags: [`region:${NASTY}`] }), 1, START);
  const instruments: Instruments = createInstruments();
  registerCollectorSources(instruments, { ...SOURCES, ...sources });
  registerFleetMetrics(instruments.registry, fleet, () => START);
  registerRepairMetrics(instruments.registry, {
    ...REPAIRS,
    perTarget: { level, zone: (id) => fleet.get(id)?.zone },
    onFailure: () => instruments.counts.sourceFailures++,
    ...repairs,
  });
  registerAuditMetrics(instruments.registry, audit, () => instruments.counts.sourceFailures++);
  const handler = createMetricsHandler({
    instruments,
    fleet,
    renderer: createTargetRenderer(level, { certificateEndS: () => START / 1000 + 4 }),
    clock: () => START,
    ...(stream && { stream }),
  });
  const answered: unknown[] = [];
  const server: Server = createServer((req, res) => {
    void handler(req, res).then((refused) => {
      answered.push(refused);
      if (refused) res.writeHead(refused.status).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    instruments,
    fleet,
    answered,
    scrape: async () => parseExposition(await (await fetch(origin)).text()),
  };
}
