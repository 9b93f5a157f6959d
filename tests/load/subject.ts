import { createPublicKey, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { TIMINGS } from '@openclaw-fleet/contract';
import { Fleet } from '../../backend/collector/fleet/registry.ts';
import { Configurations } from '../../backend/collector/configurations/service.ts';
import { Proposals } from '../../backend/collector/policies/proposals.ts';
import type { RemediationService } from '../../backend/collector/remediation/types.ts';
import { Policies } from '../../backend/collector/policies/service.ts';
import { createApi } from '../../backend/collector/api/app.ts';
import { EventStream } from '../../backend/collector/api/events.ts';
import { HeartbeatHandler } from '../../backend/collector/intake/heartbeat.ts';
import { NodeLimits } from '../../backend/collector/intake/limits.ts';
import type { Peer } from '../../backend/collector/intake/peer.ts';
import { IntakeServer } from '../../backend/collector/intake/server.ts';
import { TokenVerifier } from '../../backend/collector/intake/token.ts';
import { createInstruments } from '../../backend/collector/metrics/collector.ts';
import { registerFleetMetrics } from '../../backend/collector/metrics/fleet.ts';
import { createMetricsHandler } from '../../backend/collector/metrics/handler.ts';
import { createTargetRenderer } from '../../backend/collector/metrics/render.ts';
import { openStorage } from '../../backend/collector/storage/index.ts';
import { beatBody } from './beat.ts';
import { nodeName } from './identities.ts';

/** What is measured: a process of its own, so that its CPU time and memory are its alone. */
export type SubjectOptions =
  | { readonly kind: 'bare' }
  | {
      /** `http`: the real intake without its TLS, which only the bench has. `mtls`: as it ships. */
      readonly kind: 'http' | 'mtls';
      readonly publicKey: string;
      readonly audience: string;
      /** Nodes registered before the measurement. */
      readonly registered: number;
      /** As storage's own option. */
      readonly checkpointBytes?: number;
      readonly credentials?: { readonly certificate: string; readonly key: string; readonly authority: string };
    };

export interface SubjectReady {
  readonly port: number;
  readonly metricsPort: number | null;
}

export interface Usage {
  /** CPU time of the whole process, all threads, in microseconds. */
  readonly cpu: number;
  /** After a full collection, in bytes. */
  readonly memory: number;
  /** Longest hold of the event loop since the last call, in milliseconds. */
  readonly blockMs: number;
}

/** The yardstick: read a body, parse it, answer. */
const bare: RequestListener = (req, res) => {
  const chunks: Buffer[] = [];
  req.on('data', (chunk: Buffer) => chunks.push(chunk));
  req.on('end', () => {
    JSON.parse(Buffer.concat(chunks).toString('utf8'));
    const body = '{"status":"accepted","next_heartbeat_seconds":60}';
    res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': body.length });
    res.end(body);
  });
};

/** Every node has a certificate, as where nodes are enrolled. */
const CERTIFICATES = { certificateEndS: () => 1_800_000_000 };

function onError(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
}

async function intake(options: Exclude<SubjectOptions, { kind: 'bare' }>): Promise<SubjectReady> {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const instruments = createInstruments();
  const storage = await openStorage({
    file: join(folder, 'fleet.db'),
    ...(options.checkpointBytes !== undefined && { checkpointBytes: options.checkpointBytes }),
  });
  const epoch = await storage.takeEpoch();
  // The load beats in rounds, not once a minute: without this its nodes would go stale between two of them.
  const timings = { ...TIMINGS.production, grace: 3_600_000 };
  const configurations = new Configurations({
    store: storage,
    clock: Date.now,
    actionsKey: () => {
      throw new Error('the bench signs nothing');
    },
    desired: () => null,
  });
  const policies = new Policies({
    store: storage,
    configurations,
    flags: { maxSyncLagMs: null, minimumBridgeVersion: null },
    timings,
    clock: Date.now,
    onError,
  });
  await policies.load();
  const fleet = new Fleet({
    timings,
    clock: Date.now,
    store: storage,
    epoch: () => epoch,
    expectations: policies,
    publishing: instruments.publishing,
  });
  await fleet.load();
  await register(fleet, options.registered);
  const tick = setInterval(() => void fleet.tick(Date.now()), 1000);
  tick.unref();
  const heartbeats = new HeartbeatHandler({
    clock: Date.now,
    wallClock: Date.now,
    fleet,
    tokens: new TokenVerifier({ audience: options.audience, issuers: [] }),
    trust: { standing: () => 'ok', requiresSignature: () => false },
    limits: new NodeLimits({ beatsPerInterval: 1e9, burst: 1e9, replays: 1e9 }, TIMINGS.production.replayWindow),
    defaultIntervalMs: TIMINGS.production.beat,
    futureLimitMs: Number.MAX_SAFE_INTEGER,
    lingerMs: 5,
    maxInFlight: 10_000,
    canary: () => storage.check(),
    counters: {
      answered: (_outcome, seconds) => {
        instruments.heartbeats.accepted++;
        instruments.heartbeatSeconds.observe(seconds);
      },
      droppedFields: () => undefined,
      tokenCache: (hit) => {
        instruments.tokenCache[hit ? 'hit' : 'miss']++;
      },
    },
    onError,
  });
  registerFleetMetrics(instruments.registry, fleet, Date.now);
  const api = createServer(
    createApi({
      fleet,
      history: storage,
      policies,
      configurations,
      timings,
      // Nobody asks it for repairs here.
      remediation: {} as RemediationService,
      bridges: { link: () => null },
      metricsOf: () => null,
      proposals: new Proposals({ policies, store: storage, automation: () => false, timings, clock: Date.now }),
      auditTrail: storage,
      signAuditHead: () => Promise.reject(new Error('nothing is signed here')),
      grafana: null,
      audit: (entry) => storage.appendAudit(entry),
      countAlert: () => undefined,
      smartFleet: true,
      clock: Date.now,
      events: new EventStream({ store: storage, counts: instruments.counts, gauge: instruments.stream }),
      metrics: createMetricsHandler({
        instruments,
        fleet,
        clock: Date.now,
        renderer: createTargetRenderer('core', CERTIFICATES),
      }),
      authenticate: () => ({ role: 'viewer', actor: { name: 'bench', via: 'system' }, kind: 'service', person: null }),
      ready: () => [],
      log: { error: () => undefined },
      count: () => undefined,
      version: 'bench',
    })
  );
  const metricsPort = await new Promise<number>((resolve) => {
    api.listen(0, '127.0.0.1', () => resolve((api.address() as AddressInfo).port));
  });
  if (options.kind === 'mtls') {
    if (!options.credentials) throw new Error('mtls needs credentials');
    const server = new IntakeServer({
      credentials: options.credentials,
      heartbeats,
      trust: { standing: () => 'ok' },
      rest: (_req, res) => res.writeHead(404).end(),
      keepAliveMs: 300_000,
      maxConnections: 10_000,
      requestTimeoutMs: 10_000,
    });
    return { port: await server.listen(0, '127.0.0.1'), metricsPort };
  }
  const publicKey = options.publicKey === '' ? null : createPublicKey(options.publicKey);
  // Made anew: the real listener finds it by the connection; a look-up among all nodes would be the harness’s own cost.
  const peerOf = (id: string): Peer => ({
    kind: 'node',
    id,
    fingerprint: id,
    thumbprint: id,
    names: NO_NAMES,
    notAfterMs: Infinity,
    publicKey: publicKey as KeyObject,
  });
  return {
    port: await listen((req, res) => heartbeats.handle(req, res, peerOf(nodeOf(req.rawHeaders)))),
    metricsPort,
  };
}

const NO_NAMES: readonly string[] = [];

/** Who sends it: the harness has no certificate that says so. */
function nodeOf(rawHeaders: readonly string[]): string {
  return rawHeaders[rawHeaders.indexOf('X-Node') + 1] ?? '';
}

/** Registers nodes as their first heartbeats would. */
async function register(fleet: Fleet, count: number): Promise<void> {
  const now = Date.now() - 1000;
  for (let index = 0; index < count;) {
    const group: Promise<unknown>[] = [];
    for (; index < count && group.length < 1000; index++) {
      group.push(fleet.receive(JSON.parse(beatBody(nodeName(index), now)) as never, index, now));
    }
    await Promise.all(group);
  }
}

function listen(handler: RequestListener): Promise<number> {
  const server = createServer(handler);
  server.keepAliveTimeout = 300_000;
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
}

const options = JSON.parse(process.argv[2] ?? '{"kind":"bare"}') as SubjectOptions;
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
process.on('message', (message) => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const blockMs = delay.max / 1e6;
  delay.reset();
  process.send?.({ cpu: user + system, memory: 0, blockMs } satisfies Usage);
});
process.on('message', (message) => {
  if (message !== 'memory') return;
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  process.send?.({ cpu: 0, memory: heapUsed + external, blockMs: 0 } satisfies Usage);
});
process.on('disconnect', () => process.exit(0));
const ready = options.kind === 'bare' ? { port: await listen(bare), metricsPort: null } : await intake(options);
process.send?.(ready satisfies SubjectReady);
