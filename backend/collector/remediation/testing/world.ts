import { TIMINGS, type ActionRequest, type Run, type RunDetail, type Timings } from '@openclaw-fleet/contract';
import { auditHash, GENESIS_HASH } from '../../audit/chain.ts';
import { MemoryStore, type MemoryStoreOptions } from '../memory-store.ts';
import { Remediation, type RemediationOptions } from '../orchestrator.ts';
import type {
  AutomationSettings,
  FleetFacts,
  FleetStanding,
  RepairFault,
  RepairRequest,
  Requester,
  TargetFacts,
} from '../types.ts';
import { FakeBridges, type FakeNode } from './bridges.ts';

export const START = Date.parse('2026-02-06T12:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
const HASH = { wanted: 'a'.repeat(64), other: 'b'.repeat(64), revision: 'c'.repeat(64) };

export function person(name: string): Requester {
  return { actor: { name: `grafana:${name}`, via: 'grafana-id-token' }, person: name };
}
export const ANNA = person('anna');
export const BEN = person('ben');
export const CARL = person('carl');

/** What a test says of a target besides what its node shows. */
type Said = Partial<TargetFacts> & {
  readonly severity?: RepairFault['severity'];
  /** The fleet holds its fault open whatever the node shows. */
  readonly stuckOpen?: boolean;
};

/**
 * A fleet of fake nodes in front of the real orchestrator and a store in memory, on one fake clock. What the fleet holds
 * open of a node follows from the node at once, as with a heartbeat that came just now.
 */
export class World {
  now = START;
  readonly timings: Timings;
  readonly bridges: FakeBridges;
  readonly store: MemoryStore;
  readonly said = new Map<string, Said>();
  readonly faultSinceMs = new Map<string, number>();
  cordoned: ReadonlySet<string> = new Set();
  automation: AutomationSettings = { enabled: false, percent: 100 };
  standing: Partial<FleetStanding> = {};
  /** What the registry does to lift an isolation. */
  lift = (): Promise<void> => Promise.resolve();
  remediation: Remediation;
  epoch = 0;
  #drawn = 0;
  readonly logged: unknown[] = [];

  private constructor(timings: Timings, store: MemoryStoreOptions) {
    this.timings = timings;
    this.store = new MemoryStore(store);
    this.bridges = new FakeBridges(() => this.now);
    this.remediation = this.#built();
  }

  static async start({
    timings = TIMINGS.production,
    store = {},
  }: { readonly timings?: Timings; readonly store?: MemoryStoreOptions } = {}): Promise<World> {
    const world = new World(timings, store);
    world.epoch = await world.store.takeEpoch();
    await world.remediation.load();
    return world;
  }

  #built(): Remediation {
    const keep = (...args: unknown[]): void => {
      this.logged.push(args);
    };
    const options: RemediationOptions = {
      store: this.store,
      epoch: () => this.epoch,
      fleet: this.facts,
      acts: {
        liftIsolation: () => this.lift(),
        retire: () => Promise.resolve(),
        reinstate: () => Promise.resolve(),
        cordoned: (ids) => {
          this.cordoned = ids;
        },
      },
      bridges: this.bridges,
      timings: this.timings,
      automation: () => this.automation,
      clock: () => this.now,
      random: () => {
        this.#drawn = (this.#drawn * 1103515245 + 12345) % 2 ** 31;
        return this.#drawn / 2 ** 31;
      },
      runbookUrl: 'https://runbooks.test/repairs',
      log: { warn: keep, error: keep },
    };
    return new Remediation(options);
  }

  /** A collector that knows what is stored and nothing else, as after a crash. */
  async restart(): Promise<void> {
    this.remediation.stop();
    this.remediation = this.#built();
    this.epoch = await this.store.takeEpoch();
    await this.remediation.load();
  }

  add(id: string, node: Partial<FakeNode> = {}, said: Said = {}): FakeNode {
    this.said.set(id, said);
    return this.bridges.add(id, { revision: HASH.revision, configHash: HASH.wanted, ...node });
  }

  /** A node whose gateway hangs. */
  hung(id: string, said: Said = {}): FakeNode {
    return this.add(id, { gatewayState: 'hung', health: 'error' }, said);
  }

  /** A node whose gateway runs another configuration than is wanted. */
  drifted(id: string, said: Said = {}): FakeNode {
    return this.add(id, { configHash: HASH.other }, said);
  }

  say(id: string, more: Said): void {
    this.said.set(id, { ...this.said.get(id), ...more });
  }

  /** Passes time, with a tick every second. */
  async pass(ms: number): Promise<void> {
    const end = this.now + ms;
    while (this.now < end) {
      this.now = Math.min(end, this.now + SECOND);
      await this.remediation.tick();
    }
  }

  /** Passes time until it holds. @throws when it does not within an hour */
  async until(holds: () => boolean | Promise<boolean>, within = 60 * MINUTE): Promise<void> {
    const end = this.now + within;
    while (!(await holds())) {
      if (this.now >= end) throw new Error('it did not come to that');
      await this.pass(SECOND);
    }
  }

  async ended(runId: string, within?: number): Promise<RunDetail> {
    await this.until(() => !this.remediation.open().some(({ id }) => id === runId), within);
    return this.detail(runId);
  }

  async detail(runId: string): Promise<RunDetail> {
    const run = await this.remediation.run(runId);
    if (run === null) throw new Error(`no run ${runId}`);
    return run;
  }

  ask(targetId: string, more: Partial<RepairRequest> = {}): RepairRequest {
    return {
      targetId,
      playbook: null,
      reason: 'seen in the list',
      by: ANNA,
      trigger: 'manual',
      idempotency: null,
      ...more,
    };
  }

  async request(targetId: string, more: Partial<RepairRequest> = {}): Promise<Run> {
    return (await this.remediation.request(this.ask(targetId, more))).run;
  }

  verbs(targetId?: string): string[] {
    return this.bridges.executed.filter((one) => (targetId ?? one.targetId) === one.targetId).map(({ verb }) => verb);
  }

  async allRuns(): Promise<Run[]> {
    return (await this.remediation.runs({ limit: 1000 })).runs;
  }

  /** Every record of the audit chain, verified by the hashes. */
  async audit(): Promise<{ action: string; actor: string; subject: string; data: Record<string, unknown> }[]> {
    const rows = await this.store.auditRecords({ newestFirst: false, limit: 100_000 });
    let prev = GENESIS_HASH;
    for (const row of rows) {
      if (row.prev !== prev || auditHash(prev, row) !== row.hash) throw new Error(`audit record ${row.seq} is broken`);
      prev = row.hash;
    }
    return rows.map(({ action, actor, subject, data }) => ({
      action,
      actor,
      subject,
      data: JSON.parse(data) as Record<string, unknown>,
    }));
  }

  readonly facts: FleetFacts = {
    get: (id) => this.#factsOf(id),
    standing: () => ({
      verdict: 'normal',
      zones: 1,
      normalZones: 1,
      expected: this.bridges.nodes.size,
      blast: { of: this.bridges.nodes.size, became: 0 },
      automationFromMs: -Infinity,
      ...this.standing,
    }),
    candidates: () => this.#candidates(),
    resolve: ({ zone }) =>
      [...this.bridges.nodes.keys()].filter((id) => zone?.includes(this.#factsOf(id)?.zone ?? '') ?? true).sort(),
  };

  async *#candidates(): AsyncGenerator<TargetFacts> {
    await Promise.resolve();
    for (const id of this.bridges.nodes.keys()) {
      const facts = this.#factsOf(id);
      if (facts !== null && facts.repairable.length > 0) yield facts;
    }
  }

  #faultOf(node: FakeNode, { severity, stuckOpen }: Said): RepairFault | null {
    const of = (
      key: string,
      playbook: RepairFault['playbook'],
      usual: RepairFault['severity'],
      message: string
    ): RepairFault => {
      const since = this.faultSinceMs.get(node.id) ?? this.now - 2 * MINUTE;
      this.faultSinceMs.set(node.id, since);
      return { key, playbook, severity: severity ?? usual, openedMs: since, message };
    };
    if (node.gatewayState === 'hung' || node.health === 'error') {
      return of('drift.runtime', 'BridgeStuck', 'minor', 'The gateway is not well.');
    }
    if (node.lastAcceptedMs !== null && node.lastAcceptedMs > 5 * MINUTE) {
      return of('liveness.expired', 'BridgeStuck', 'minor', 'No heartbeat came.');
    }
    if (node.configHash !== HASH.wanted || !node.converged || stuckOpen === true) {
      return of('drift.config', 'ConfigDrift', 'minor', 'The configuration differs.');
    }
    if (node.jobs.some((job) => job.enabled && job.consecutive_errors >= 3)) {
      return of('anomaly.job-failures', 'FailureBurst', 'minor', 'Jobs fail.');
    }
    this.faultSinceMs.delete(node.id);
    return null;
  }

  #factsOf(id: string): TargetFacts | null {
    const node = this.bridges.nodes.get(id);
    const { severity, stuckOpen, ...said } = this.said.get(id) ?? {};
    if (node === undefined) return null;
    const fault = this.#faultOf(node, { ...(severity && { severity }), ...(stuckOpen !== undefined && { stuckOpen }) });
    return {
      id,
      name: id,
      zone: 'eu',
      zoneVerdict: 'normal',
      zoneExpected: this.bridges.nodes.size,
      owner: 'team-a',
      tags: [],
      profileId: 'default',
      state: fault?.key === 'liveness.expired' ? 'expired' : 'online',
      seenMs: this.now - SECOND,
      intervalMs: MINUTE,
      bridged: true,
      capabilities: ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'],
      isolated: false,
      reported: {
        bridge_version: '1.0.0',
        openclaw_version: '2026.7.1',
        gateway_boot_id: `gateway-${node.gatewayBoot}`,
        gateway_state: node.gatewayState,
        ...(node.configHash !== null && { config_hash: node.configHash }),
        apply_status: 'APPLIED',
        sync_lag_ms: 1000,
        health_status: node.health,
        health_reasons: [],
        metrics: {},
      },
      jobs: null,
      openFaults: fault === null ? [] : [`${fault.key}:${fault.severity}`],
      repairable: fault === null ? [] : [fault],
      desiredRevision: HASH.revision,
      desiredConfigHash: HASH.wanted,
      driftMode: 'ApplyAndAutoCorrect',
      guardrails: {},
      windowOpen: true,
      windowReason: '',
      window: null,
      ...said,
    };
  }
}

/** A verb that answers, and changes nothing. */
export const noEffect = (): undefined => undefined;
/** A verb that the node refuses. */
export const refuses = (refusal: 'restart-limit' | 'boot-changed' | 'needs-restart') => () =>
  ({ state: 'refused', refusal, message: `refused: ${refusal}` }) as const;
/** One verb does something else than the others. */
export function onVerb(
  verb: ActionRequest['instruction']['verb'],
  then: FakeNode['carryOut'],
  otherwise: FakeNode['carryOut']
): FakeNode['carryOut'] {
  return (node, request) => (request.instruction.verb === verb ? then(node, request) : otherwise(node, request));
}
