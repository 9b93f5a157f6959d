import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { problem, ROLES, TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat, Role } from '@openclaw-fleet/contract';
import { signHead } from '../../audit/head.ts';
import { createScrapeFinder } from '../../bridges/address.ts';
import { Contacts } from '../../bridges/contacts.ts';
import { Configurations } from '../../configurations/service.ts';
import { Fleet } from '../../fleet/registry.ts';
import { newApiToken, verifyApiToken } from '../../identity/tokens.ts';
import { createInstruments } from '../../metrics/collector.ts';
import { registerFleetMetrics } from '../../metrics/fleet.ts';
import { createMetricsHandler } from '../../metrics/handler.ts';
import { createTargetRenderer } from '../../metrics/render.ts';
import { Proposals } from '../../policies/proposals.ts';
import { Policies } from '../../policies/service.ts';
import { fleetFacts } from '../../remediation/facts.ts';
import { Remediation } from '../../remediation/orchestrator.ts';
import { FakeBridges } from '../../remediation/testing/bridges.ts';
import type { AutomationSettings } from '../../remediation/types.ts';
import { openStorage } from '../../storage/index.ts';
import type { ApiToken, NodeRow } from '../../storage/types.ts';
import { createApi } from '../app.ts';
import type { ApiOptions } from '../app.ts';
import { EventStream } from '../events.ts';
import type { EventStreamOptions } from '../events.ts';
import { configureServer } from '../server.ts';

export const START = Date.parse('2026-02-06T12:00:00Z');

/** Whose the tokens are. */
export const PERSONS: Readonly<Record<Role, string | null>> = { viewer: null, operator: 'olga', approver: 'ada' };

/** A valid heartbeat as of `atMs`. */
export function beat(id: string, atMs: number, more: Partial<Heartbeat> = {}): Heartbeat {
  return {
    node_id: id,
    hostname: `${id}.prod`,
    version: '1.2.0',
    capacity: { workers: 24, available_slots: 5 },
    queue_depth: { planner: 3, worker: 120 },
    last_heartbeat: new Date(atMs).toISOString(),
    tags: ['region:us-east-1', 'gpu:true'],
    uptime_seconds: 86400,
    ...more,
  };
}

/** The blocks of a bridge, every optional field given. */
export const BRIDGE_BLOCKS: {
  readonly [K in 'capabilities' | 'reported' | 'jobs' | 'publisher']: NonNullable<Heartbeat[K]>;
} = {
  capabilities: ['restart', 'reload'],
  reported: {
    bridge_version: '0.1.0',
    openclaw_version: '2026.2.1',
    openclaw_build: 'abc',
    gateway_boot_id: 'boot-1',
    gateway_state: 'running',
    transport: 'direct_https',
    environment: 'vps',
    config_hash: '0123456789ab'.padEnd(64, '0'),
    full_config_hash: 'ba9876543210'.padEnd(64, '0'),
    config_valid: true,
    config_converged: false,
    revision: 'r1',
    apply_status: 'APPLIED',
    sync_lag_ms: 1500,
    health_status: 'warn',
    health_reasons: ['one job fails'],
    metrics: { cpu_pct: 12.5, mem_used_bytes: 800_000_000, queue_depth: 4, failed_pushes_1h: 2 },
  },
  jobs: { total: 5, enabled: 4, failing: 1, results_1h: 12, failures_1h: 3, results_24h: 200, failures_24h: 7 },
  publisher: {
    success_total: 100,
    failure_total: { network: 2, http_503: 1 },
    dropped_total: 0,
    buffered: 1,
    latency_seconds_sum: 4.25,
    latency_seconds_count: 100,
  },
};

export interface HarnessOptions {
  readonly api?: Partial<ApiOptions>;
  readonly events?: Partial<EventStreamOptions>;
  /** Off unless said otherwise. */
  readonly automation?: AutomationSettings;
}

export interface WriteOptions {
  readonly role?: Role;
  readonly version?: number;
}

export type Harness = Awaited<ReturnType<typeof startApi>>;

/** The real API over real storage, registry, tokens and repairs, on a port of its own; only the clock, the timers and the nodes are ours. */
export async function startApi(options: HarnessOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-api-'));
  const storage = await openStorage({ file: join(folder, 'fleet.db') });
  const clock = { now: START };
  const epoch = await storage.takeEpoch();
  const timings = TIMINGS.production;
  const logged: object[] = [];
  const actionsKey = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const configurations: Configurations = new Configurations({
    store: storage,
    clock: () => clock.now,
    actionsKey: () => actionsKey,
    desired: (nodeId) => policies.configuration(nodeId),
  });
  await configurations.load();
  const policies = new Policies({
    store: storage,
    configurations,
    flags: { maxSyncLagMs: null, minimumBridgeVersion: null },
    timings,
    clock: () => clock.now,
    onError: (error) => logged.push({ err: error }),
  });
  await policies.load();
  const fleet = new Fleet({
    timings,
    clock: () => clock.now,
    store: storage,
    epoch: () => epoch,
    expectations: policies,
  });
  policies.attach(fleet);
  await fleet.load();

  const tokens = new Map<string, ApiToken>();
  /** @param person the Grafana identifier of a person; null: a service */
  const makeToken = (role: Role, person: string | null): string => {
    const kind = person === null ? 'service' : 'person';
    const made = newApiToken({ name: role, role, kind, person, expiresMs: null }, clock.now);
    tokens.set(made.token.id, made.token);
    return made.text;
  };
  const tokenOf = Object.fromEntries(ROLES.map((role) => [role, makeToken(role, PERSONS[role])])) as Record<
    Role,
    string
  >;
  const revokeAll = (): void => {
    for (const [id, token] of tokens) tokens.set(id, { ...token, revokedMs: clock.now });
  };

  const bridges = new FakeBridges(() => clock.now);
  const remediation = new Remediation({
    store: storage,
    epoch: () => epoch,
    fleet: fleetFacts({ fleet, policies, timings, clock: () => clock.now }),
    acts: fleet,
    bridges,
    timings,
    automation: () => options.automation ?? { enabled: false, percent: 100 },
    clock: () => clock.now,
    runbookUrl: 'docs/repairs.md',
    log: {
      warn: (fields: object) => logged.push(fields),
      error: (fields: object) => logged.push(fields),
    },
  });
  await remediation.load();
  const contacts = new Contacts({
    reported: (targetId) => fleet.get(targetId)?.report.reported ?? null,
    settings: { addresses: {}, networks: ['10.0.0.0/8'], tunnelHost: 'localhost' },
    clock: () => clock.now,
  });
  const instruments = createInstruments({ processMetrics: false });
  registerFleetMetrics(instruments.registry, fleet, () => clock.now);
  const ticks = new Set<() => void>();
  const events = new EventStream({
    store: storage,
    counts: instruments.counts,
    gauge: instruments.stream,
    timers: {
      setInterval: (callback) => {
        ticks.add(callback);
        return callback as unknown as NodeJS.Timeout;
      },
      clearInterval: (timer) => ticks.delete(timer as unknown as () => void),
    },
    ...options.events,
  });
  const scrapeAddress = createScrapeFinder({ networks: ['10.0.0.0/8', '127.0.0.0/8'], metricsPorts: '9464-9563' });
  const app = createApi({
    fleet,
    history: storage,
    policies,
    configurations,
    timings,
    audit: (entry) => storage.appendAudit(entry),
    countAlert: (outcome) => instruments.alertmanager.alerts[outcome]++,
    remediation,
    bridges: contacts,
    metricsOf: ({ report }) => scrapeAddress(report.reported?.metrics_address),
    proposals: new Proposals({ policies, store: storage, automation: () => true, timings, clock: () => clock.now }),
    auditTrail: storage,
    signAuditHead: (head) => signHead(head, clock.now, actionsKey),
    grafana: null,
    smartFleet: true,
    clock: () => clock.now,
    events,
    metrics: createMetricsHandler({
      instruments,
      fleet,
      renderer: createTargetRenderer('full'),
      clock: () => clock.now,
    }),
    authenticate: (header) => {
      const verdict = verifyApiToken(header, { token: (id) => tokens.get(id) }, clock.now);
      return verdict.ok ? verdict : problem(verdict.problem, verdict.reason);
    },
    ready: () => [],
    log: { error: (fields) => logged.push(fields) },
    count: (route, code) => instruments.apiRequests.inc({ route, code: String(code) }),
    version: '0.1.0',
    ...options.api,
  });
  const server = createServer(app);
  configureServer(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;

  let rev = 0;
  return {
    app,
    clock,
    fleet,
    storage,
    policies,
    configurations,
    remediation,
    bridges,
    contacts,
    instruments,
    events,
    logged,
    origin,
    port,
    tokenOf,
    makeToken,
    revokeAll,
    /** Runs what the injected timers would. */
    tick: () => ticks.forEach((callback) => callback()),
    timersRunning: () => ticks.size,
    send: (id: string, more: Partial<Heartbeat> = {}, sentMs = clock.now) =>
      // A copy: the registry overwrites a report in place.
      fleet.receive(structuredClone(beat(id, sentMs, more)), sentMs % 1_000_003, clock.now),
    /** Asks as `role`; null: without a token. */
    ask: (
      path: string,
      role: Role | null = 'viewer',
      init: Omit<RequestInit, 'headers'> & { readonly headers?: Readonly<Record<string, string>> } = {}
    ) =>
      fetch(origin + path, {
        ...init,
        headers: { ...(role && { authorization: `Bearer ${tokenOf[role]}` }), ...init.headers },
      }),
    /** Sends a body as `role`; `version` becomes If-Match. */
    write: (method: string, path: string, body: unknown, { role = 'approver', version }: WriteOptions = {}) =>
      fetch(origin + path, {
        method,
        headers: {
          authorization: `Bearer ${tokenOf[role]}`,
          'content-type': 'application/json',
          ...(version !== undefined && { 'if-match': `"${version}"` }),
        },
        body: JSON.stringify(body),
      }),
    /** The audit chain as it is stored, oldest first. */
    auditRecords(): { actor: string; action: string; reason: string | null }[] {
      const file = new DatabaseSync(join(folder, 'fleet.db'), { readOnly: true });
      const records = file.prepare('select actor, action, reason from audit order by seq').all();
      file.close();
      return records.map((each) => ({ ...each }) as { actor: string; action: string; reason: string | null });
    },
    /** Commits events as an expiry would, `size` characters of padding in each. */
    async commitEvents(count: number, size = 0): Promise<void> {
      rev++;
      const row: NodeRow = {
        nodeId: 'events',
        rev,
        markMs: START,
        seenMs: START,
        firstSeenMs: START,
        state: 'expired',
        stateSinceMs: START,
        stoppedUntilMs: null,
        memory: [],
        vital: '{}',
      };
      const data = { name: 'events', zone: 'none', lastSeenAt: null, reason: 'x'.repeat(size) };
      const each = { name: 'target-offline', targetId: 'events', atMs: clock.now, data } as const;
      await storage.writeDecision(epoch, [
        {
          row,
          report: '{}',
          changes: { events: Array.from({ length: count }, () => each), faults: [], scores: [], timeline: [] },
        },
      ]);
    },
    async stop(): Promise<void> {
      events.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await storage.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Waits until `condition` holds. */
export async function waitFor(
  condition: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 30_000
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
