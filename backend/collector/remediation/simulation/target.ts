import type { ActionReceipt, ActionRequest, Heartbeat, Observation, ObservedJob } from '@openclaw-fleet/contract';

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
/** The pace that simulated bridges keep, and after how many of them their own beats are stale to them. */
export const INTERVAL = 60 * SECOND;
const STALE = 2 * INTERVAL;

export const HASHES = {
  wanted: 'a'.repeat(64),
  /** Issued once, wanted no more. */
  old: 'b'.repeat(64),
  /** Never issued: somebody edited the node. */
  edited: 'c'.repeat(64),
};
export const REVISIONS = ['d'.repeat(64), 'e'.repeat(64)] as const;
export const CAPABILITIES = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'];

/** What can be wrong with a target itself. `mute`: its beats stop while its door answers; `outdated`: below the minimum version. */
export const AILMENTS = ['hung', 'warn', 'error', 'lag', 'drift', 'edited', 'burst', 'mute', 'outdated'] as const;
export type Ailment = (typeof AILMENTS)[number];
/** What the verbs of a target do. */
export const CURES = ['cures', 'nothing', 'fails', 'refuses', 'worsens', 'unclear'] as const;
export type Cure = (typeof CURES)[number];
/** `both`: beats and door; `beats`: beats alone are lost on their way. */
export type Cut = 'none' | 'both' | 'beats';

/** One gateway with its bridge, as it really is; nobody but the simulation looks at it. Times in milliseconds. */
export class SimTarget {
  readonly id: string;
  readonly zone: string;
  readonly bridged: boolean;
  readonly ailments = new Set<Ailment>();
  /** Since when nothing at all is wrong with it. */
  wellSinceMs: number;
  /** When a fault of its own last began. */
  ailsSinceMs = -Infinity;
  gatewayBoot = 1;
  bridgeBoot = 1;
  revision: string = REVISIONS[0];
  capabilities: readonly string[] = CAPABILITIES;
  jobs: ObservedJob[];
  cut: Cut = 'none';
  /** What the bridge tells instead of the truth. `faulty` is in its beats too. */
  lie: 'none' | 'healthy' | 'faulty' = 'none';
  lastLieMs = -Infinity;
  /** Its beats tell of faults that it does not see when it is asked. */
  slander = false;
  silent = false;
  deaf = 0;
  cure: Cure = 'cures';
  takesMs = 0;
  /** It said goodbye, and sends nothing. */
  stopped = false;
  acceptedMs: number | null;
  nextBeatMs: number;
  beatMs = -Infinity;
  /** Something changed since its last beat. */
  dirty = false;

  constructor(id: string, zone: string, bridged: boolean, nowMs: number, offsetMs: number) {
    this.id = id;
    this.zone = zone;
    this.bridged = bridged;
    this.wellSinceMs = nowMs;
    this.acceptedMs = nowMs;
    this.nextBeatMs = nowMs + offsetMs;
    this.jobs = ['a', 'b'].map((job) => ({
      id: `${id}.${job}`,
      name: `Job ${job}`,
      enabled: true,
      throttled: false,
      throttleable: true,
      consecutive_errors: 0,
      results_1h: 10,
      failures_1h: 0,
    }));
  }

  ail(ailment: Ailment, nowMs: number): void {
    if (this.ailments.size === 0) this.ailsSinceMs = nowMs;
    this.ailments.add(ailment);
    if (ailment === 'burst') this.#fail(8);
    this.dirty = true;
  }

  /** @param which all, when left out */
  heal(nowMs: number, which?: readonly Ailment[]): void {
    const before = this.ailments.size;
    for (const ailment of which ?? AILMENTS) {
      if (this.ailments.delete(ailment) && ailment === 'burst') this.#fail(0);
    }
    if (before > 0 && this.ailments.size === 0) this.wellSinceMs = nowMs;
    this.dirty = true;
  }

  #fail(failures: number): void {
    this.jobs = this.jobs.map((job) => ({ ...job, consecutive_errors: failures, failures_1h: failures }));
  }

  /** Nothing that a playbook is for is wrong with it. */
  get well(): boolean {
    return [...this.ailments].every((ailment) => ailment === 'outdated');
  }

  has(...some: readonly Ailment[]): boolean {
    return some.some((ailment) => this.ailments.has(ailment));
  }

  get configHash(): string {
    if (this.has('edited')) return HASHES.edited;
    return this.has('drift') ? HASHES.old : HASHES.wanted;
  }

  /** What a restart does. */
  restarted(what: 'gateway' | 'bridge', nowMs: number): void {
    if (what === 'gateway') this.gatewayBoot += 1;
    else {
      this.bridgeBoot += 1;
      this.acceptedMs = null;
    }
    this.dirty = true;
    if (this.cure === 'cures') this.heal(nowMs, what === 'gateway' ? ['hung', 'warn', 'error', 'lag'] : ['mute']);
  }

  heartbeat(nowMs: number, more: Partial<Heartbeat> = {}): Heartbeat {
    const faulty = this.lie === 'faulty' || this.slander;
    const burst = this.has('burst') || faulty;
    const jobs = {
      total: 20,
      enabled: 20,
      failing: burst ? 2 : 0,
      results_1h: 20,
      failures_1h: burst ? 16 : 0,
      results_24h: 400,
      failures_24h: burst ? 20 : 4,
    };
    const base: Heartbeat = {
      node_id: this.id,
      hostname: `${this.id}.sim`,
      version: '1.2.0',
      capacity: { workers: 4, available_slots: 2 },
      queue_depth: {},
      last_heartbeat: new Date(nowMs).toISOString(),
      tags: [`region:${this.zone}`],
      interval_seconds: INTERVAL / SECOND,
      capabilities: [...this.capabilities],
      jobs,
      ...more,
    };
    if (!this.bridged) return base;
    const seen = this.#seen(nowMs, null, faulty ? 'faulty' : 'none');
    return {
      ...base,
      reported: {
        bridge_version: seen.bridge_version,
        openclaw_version: '2026.7.1',
        gateway_boot_id: `gateway-${this.gatewayBoot}`,
        gateway_state: seen.gateway_state,
        config_hash: seen.config_hash ?? HASHES.wanted,
        revision: this.revision,
        apply_status: 'APPLIED',
        sync_lag_ms: seen.sync_lag_ms,
        health_status: seen.health_status,
        health_reasons: [...seen.health_reasons],
        metrics: {},
      },
    };
  }

  /** What the bridge says when it is asked. */
  observation(nowMs: number, busy: string | null): Observation {
    if (this.lie !== 'none') this.lastLieMs = nowMs;
    return this.#seen(nowMs, busy, this.lie);
  }

  #seen(nowMs: number, busy: string | null, lie: SimTarget['lie']): Observation {
    const truth = lie === 'none';
    const ails = (...some: Ailment[]): boolean => (truth ? this.has(...some) : lie === 'faulty');
    const accepted = this.acceptedMs === null ? null : nowMs - this.acceptedMs;
    const jobs = this.jobs.map((job) => (lie === 'healthy' ? { ...job, consecutive_errors: 0, failures_1h: 0 } : job));
    return {
      node_id: this.id,
      at: new Date(nowMs).toISOString(),
      bridge_version: this.has('outdated') ? '0.9.0' : '1.2.0',
      bridge_boot_id: `bridge-${this.bridgeBoot}`,
      last_accepted_ms: lie === 'healthy' ? SECOND : accepted,
      gateway_state: ails('hung') ? 'hung' : 'running',
      gateway_boot_id: `gateway-${this.gatewayBoot}`,
      openclaw_version: '2026.7.1',
      health_status: ails('hung', 'error') ? 'error' : this.has('warn') && truth ? 'warn' : 'ok',
      health_reasons: ails('hung', 'error') ? ['the event loop is blocked'] : [],
      sync_lag_ms: this.has('lag') && truth ? 3 * INTERVAL : SECOND,
      revision: this.revision,
      config_hash: truth ? this.configHash : lie === 'faulty' ? HASHES.old : HASHES.wanted,
      full_config_hash: null,
      config_valid: true,
      config_converged: true,
      metrics_ok: true,
      capabilities: [...this.capabilities],
      jobs: lie === 'faulty' ? jobs.map((job) => ({ ...job, consecutive_errors: 5, failures_1h: 8 })) : jobs,
      job_results_1h: 20,
      job_failures_1h: 0,
      busy,
      restart_allowed_at: null,
    };
  }

  /** Carries a verb out. @returns what of the receipt is not plain success */
  act({ instruction }: ActionRequest, nowMs: number): Partial<ActionReceipt> {
    if (this.cure === 'fails') return { state: 'failed', message: 'it did not work' };
    if (this.cure === 'worsens') this.ail('hung', nowMs);
    const cures = this.cure === 'cures';
    switch (instruction.verb) {
      case 'restart':
        this.restarted(instruction.what, nowMs);
        break;
      case 'reconcile':
        this.dirty = true;
        if (instruction.apply !== null && cures) {
          this.revision = instruction.apply.revision;
          this.heal(nowMs, ['drift', 'edited']);
        }
        break;
      case 'throttle':
      case 'resume': {
        const resume = instruction.verb === 'resume';
        const { jobs } = instruction;
        this.jobs = this.jobs.map((job) =>
          jobs.includes(job.id) ? { ...job, enabled: resume, throttled: !resume } : job
        );
        if (cures && resume) this.heal(nowMs, ['burst']);
        else if (resume) this.#fail((this.jobs[0]?.consecutive_errors ?? 0) + 1);
        break;
      }
      case 'reload':
      case 'doctor':
        break;
    }
    return this.cure === 'unclear' ? { state: 'outcome_unknown', message: 'it is not known' } : {};
  }

  /** The bridge's own word, without a lie: its beats do not arrive. */
  beatsStale(nowMs: number): boolean {
    return this.acceptedMs !== null && nowMs - this.acceptedMs > STALE;
  }
}
