import type { ConfigValues, GatewayState, Json, ReportedBlock } from '@openclaw-fleet/contract';
import { fullConfigHash } from '../../bridge/gateway/config-hash.ts';
import { COMMON, hungHealth } from '../payload.ts';
import { hex, randomOf } from '../random.ts';
import type { Random } from '../random.ts';
import type { Behaviour, NodePlan, Occurrence } from '../scenario.ts';
import type { CurableKind } from '../faults.ts';
import { SimulatedJobs } from './jobs.ts';

type Document = { [key: string]: Json };

/** Settings that every simulated gateway runs, as a revision's values: the desired state of a demo. */
export const SIMULATED_VALUES: ConfigValues = {
  'agents.defaults.timeoutSeconds': 600,
  'cron.maxConcurrentRuns': 3,
  'messages.ackReaction': 'eyes',
  'session.reset.idleMinutes': 60,
};
/** What somebody edits by hand. */
const EDITED = 'agents.defaults.timeoutSeconds';

/**
 * The gateway beside a simulated bridge: what the script breaks stays broken until a verb cures it, or its window ends.
 * Times are milliseconds of the simulation's clock.
 */
export class SimulatedGateway {
  readonly jobs: SimulatedJobs;
  readonly #boots: Random;
  #bootId: string;
  #document: Document;
  /** Grows with each change of the document. */
  #documentVersion = 1;
  #behaviour: Behaviour | null = null;
  #restarting = false;
  /** The occurrence in which a repair killed it, or broke its saved configuration. */
  #killedIn: string | null = null;
  #brokenIn: string | null = null;
  /** The occurrence in which somebody edited it, and what was there before. */
  #edited: { readonly id: string; readonly before: Document } | null = null;
  #failingIn: string | null = null;

  constructor(plan: NodePlan) {
    this.jobs = new SimulatedJobs(plan.beatMs);
    this.#boots = randomOf(plan.seed, 'gateway boots');
    this.#bootId = this.#nextBoot();
    this.#document = withValues({ gateway: { port: 18_789 + plan.index } }, SIMULATED_VALUES);
  }

  get bootId(): string {
    return this.#bootId;
  }

  /** Parsed, as `config.get` gives it. */
  get document(): Readonly<Document> {
    return this.#document;
  }

  get documentVersion(): number {
    return this.#documentVersion;
  }

  /** The fault of that kind that is under way, and how it takes to repair. */
  fault(kind: CurableKind): Occurrence | null {
    return this.#behaviour?.curable.find((one) => one.kind === kind) ?? null;
  }

  /** The script as it is now: what begins breaks something, what is over is well again. */
  follow(behaviour: Behaviour, nowMs: number): void {
    this.#behaviour = behaviour;
    const over = (id: string | null): boolean => id !== null && !behaviour.curable.some((one) => one.id === id);
    if (over(this.#killedIn)) {
      this.#killedIn = null;
      this.#bootId = this.#nextBoot();
    }
    if (over(this.#brokenIn)) this.#brokenIn = null;
    if (this.#edited !== null && over(this.#edited.id)) {
      this.#write(this.#edited.before);
      this.#edited = null;
    }
    const drift = this.fault('config-drift');
    if (drift !== null && this.#edited?.id !== drift.id) {
      this.#edited = { id: drift.id, before: this.#document };
      this.#write(withValues(this.#document, { [EDITED]: 30 }));
    }
    if (over(this.#failingIn)) {
      this.#failingIn = null;
      this.jobs.relieve();
    }
    const burst = this.fault('job-failures');
    if (burst !== null && this.#failingIn !== burst.id) {
      this.#failingIn = burst.id;
      this.jobs.afflict(behaviour.jobFailureRatio, nowMs);
    }
  }

  get state(): GatewayState {
    if (this.#restarting) return 'restarting';
    if (this.#killedIn !== null) return 'dead';
    return (this.#behaviour?.hungMs ?? null) === null ? 'running' : 'hung';
  }

  /** Ends it, and starts it anew: another process, which is not up yet. */
  restart(): void {
    this.#restarting = true;
    this.#killedIn = null;
    this.#bootId = this.#nextBoot();
  }

  /** The start that was begun is over. */
  started(): void {
    this.#restarting = false;
  }

  /** It does not come up again while the fault lasts. */
  kill({ id }: Occurrence): void {
    this.#killedIn = id;
  }

  /** Its saved configuration is not valid while the fault lasts. */
  breakConfig({ id }: Occurrence): void {
    this.#brokenIn = id;
  }

  /** Writes a revision's values. @returns what takes them back */
  apply(values: ConfigValues): () => void {
    const before = this.#document;
    const edited = this.#edited;
    this.#write(withValues(before, values));
    this.#edited = null;
    return () => {
      this.#write(before);
      this.#edited = edited;
    };
  }

  /** What its bridge sees of it now, but for the managed configuration. */
  seen(): Omit<ReportedBlock, 'bridge_version' | 'environment' | 'metrics' | 'apply_status'> {
    const { state } = this;
    const hungMs = this.#behaviour?.hungMs ?? 0;
    const valid = this.#brokenIn === null;
    const health = {
      running: valid
        ? { health_status: 'ok' as const, health_reasons: [] }
        : {
            health_status: 'warn' as const,
            health_reasons: [`the saved configuration is not valid at ${EDITED}: the gateway's next start would fail`],
          },
      dead: { health_status: 'error' as const, health_reasons: ['no process of the gateway runs'] },
      restarting: { health_status: 'warn' as const, health_reasons: ['the gateway restarts'] },
    };
    return {
      ...COMMON,
      gateway_boot_id: this.#bootId,
      full_config_hash: fullConfigHash(this.#document),
      config_valid: valid,
      config_converged: true,
      sync_lag_ms: state === 'hung' ? Math.round(hungMs) : 100,
      gateway_state: state,
      ...(state === 'hung' ? hungHealth(hungMs) : health[state as keyof typeof health]),
    };
  }

  #write(document: Document): void {
    this.#document = document;
    this.#documentVersion += 1;
  }

  #nextBoot(): string {
    return `gateway-${hex(16, this.#boots)}`;
  }
}

/** A copy of the document in which these paths have these values. */
function withValues(document: Readonly<Document>, values: ConfigValues): Document {
  const copy = structuredClone(document) as Document;
  for (const [path, value] of Object.entries(values)) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    const section = steps.reduce<Document>((inner, step) => (inner[step] ??= {}) as Document, copy);
    section[last] = value;
  }
  return copy;
}
