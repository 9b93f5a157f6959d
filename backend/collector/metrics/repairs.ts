import {
  HOLD_KINDS,
  OPEN_RUN_STATES,
  PLAYBOOK_IDS,
  REFUSALS,
  type Hold,
  type PlaybookId,
  type RemediationStatus,
  type Run,
  type RunState,
} from '@openclaw-fleet/contract';
import { Counter, type Registry } from 'prom-client';
import type { MetricsLevel } from './family.ts';
import { hashNumber } from './hash-number.ts';
import { pulledGauges, type AddPulledGauge } from './pulled-gauge.ts';

/** What is asked of remediation and storage at each scrape. */
export interface RepairSources {
  readonly status: () => RemediationStatus;
  readonly open: () => readonly Pick<Run, 'state' | 'playbook' | 'createdAt' | 'targetId' | 'breakGlass'>[];
  readonly holds: () => readonly Hold[];
  /** Repairs that are open, and those that ended at or after `sinceMs`. */
  readonly recent: (
    sinceMs: number
  ) => readonly Pick<Run, 'id' | 'state' | 'playbook' | 'createdAt' | 'endedAt' | 'targetId' | 'breakGlass'>[];
  /** How long a repair that ended is told of, in milliseconds. */
  readonly recentMs: number;
  /** The newest record of the audit chain. */
  readonly auditHead: () => Promise<{ readonly seq: number; readonly hash: string }>;
  readonly clock: () => number;
  /** Absent: no series of single targets. */
  readonly perTarget?: {
    readonly level: MetricsLevel;
    /** Undefined: the target is not known any more. */
    readonly zone: (targetId: string) => string | undefined;
  };
  /** Told when one of them fails; what it was to say is left out of that scrape. */
  readonly onFailure?: () => void;
}

/** Targets with a series of a family of repairs, at the most: people may cordon as many as they like. */
export const MAX_REPAIR_TARGETS = 1000;

/** Answers the same all through one scrape: a registry calls every collect() in the same turn of the loop. */
function oncePerScrape<T>(read: () => T): () => T {
  let known: { readonly value: T } | undefined;
  return () => {
    if (known === undefined) {
      known = { value: read() };
      queueMicrotask(() => (known = undefined));
    }
    return known.value;
  };
}

/** Adds the gauges of what is being repaired, what waits, and what holds back. Labels are of closed lists, or name a target. */
export function registerRepairMetrics(registry: Registry, sources: RepairSources): void {
  const { clock, onFailure = () => undefined } = sources;
  const status = oncePerScrape(sources.status);
  const open = oncePerScrape(sources.open);
  const holds = oncePerScrape(sources.holds);
  const recent = oncePerScrape(() => sources.recent(clock() - sources.recentMs));
  const auditHead = oncePerScrape(sources.auditHead);
  const gauge = pulledGauges(registry, onFailure);

  gauge(
    'openclaw_fleet_repairs_open',
    'Repairs that have not ended, by playbook and state.',
    ['playbook', 'state'],
    (each) => {
      for (const playbook of PLAYBOOK_IDS) for (const state of OPEN_RUN_STATES) each.set({ playbook, state }, 0);
      for (const { playbook, state } of open()) each.inc({ playbook, state });
    }
  );
  gauge('openclaw_fleet_repairs_in_flight', 'Repairs that run or are being verified.', [], (each) => {
    each.set(status().inFlight);
  });
  gauge('openclaw_fleet_repairs_in_flight_limit', 'How many repairs may be in flight now.', [], (each) => {
    each.set(status().inFlightCap);
  });
  gauge(
    'openclaw_fleet_repairs_break_glass_open',
    'Repairs that have not ended and that one approver decided alone: their owner is to be paged.',
    [],
    (each) => {
      each.set(open().filter(({ breakGlass }) => breakGlass).length);
    }
  );
  gauge(
    'openclaw_fleet_approval_waiting_seconds',
    'How long the oldest repair that waits for an approval has been waiting; 0 when none waits.',
    [],
    (each) => {
      const waiting = open().filter(({ state }) => state === 'pending_approval');
      const since = Math.min(...waiting.map(({ createdAt }) => Date.parse(createdAt)));
      each.set(waiting.length === 0 ? 0 : Math.max(0, clock() - since) / 1000);
    }
  );
  gauge('openclaw_fleet_repair_holds', 'What holds repairs back, by kind.', ['kind'], (each) => {
    for (const kind of HOLD_KINDS) each.set({ kind }, 0);
    for (const { kind } of holds()) each.inc({ kind });
  });
  gauge('openclaw_fleet_repairs_paused', 'Whether all repairs are paused (1) or not (0).', [], (each) => {
    each.set(holds().some(({ kind, targetId }) => kind === 'pause' && targetId === null) ? 1 : 0);
  });
  gauge('openclaw_fleet_automation_enabled', 'Whether repairs may begin by themselves (1) or not (0).', [], (each) => {
    each.set(status().automation.enabled ? 1 : 0);
  });
  gauge(
    'openclaw_fleet_automation_held',
    'Why automation begins nothing now, one series a reason: 1 for the one that holds it; all 0: none does.',
    ['reason'],
    (each) => {
      const { held } = status().automation;
      for (const reason of REFUSALS) each.set({ reason }, held?.reason === reason ? 1 : 0);
    }
  );
  gauge(
    'openclaw_fleet_repair_success_ratio',
    'Share of the last repairs of a playbook that cleared their fault, over all faults; absent before the first.',
    ['playbook'],
    (each) => {
      const sums = new Map<PlaybookId, { runs: number; succeeded: number }>();
      for (const { playbook, runs, succeeded } of status().efficacy) {
        const sum = sums.get(playbook) ?? { runs: 0, succeeded: 0 };
        sums.set(playbook, { runs: sum.runs + runs, succeeded: sum.succeeded + succeeded });
      }
      for (const [playbook, { runs, succeeded }] of sums) if (runs > 0) each.set({ playbook }, succeeded / runs);
    }
  );
  gauge(
    'openclaw_fleet_audit_head_hash',
    'First 48 bits of the hash of the newest record of the audit chain, as a number: with the number of records, what is kept of it outside the collector.',
    [],
    async (each) => {
      each.set(hashNumber((await auditHead()).hash));
    }
  );
  new Counter({
    name: 'openclaw_fleet_audit_records_total',
    help: 'Records of the audit chain: it never goes back.',
    registers: [registry],
    async collect() {
      this.reset();
      try {
        this.inc((await auditHead()).seq);
      } catch {
        // A 0 would be read as a chain that began anew.
        this.remove();
        onFailure();
      }
    },
  });
  if (sources.perTarget !== undefined && sources.perTarget.level !== 'off') {
    registerTargets(sources.perTarget, open, holds, gauge);
    registerRecent(sources.perTarget, recent, gauge);
  }
}

const REPAIR_TARGET_LABELS = ['target', 'zone'] as const;

/** Series of those targets alone that are being repaired or held back: the rest of the fleet costs a scrape nothing. */
function registerTargets(
  { zone }: NonNullable<RepairSources['perTarget']>,
  open: RepairSources['open'],
  holds: RepairSources['holds'],
  gauge: AddPulledGauge
): void {
  gauge(
    'openclaw_target_repair',
    `Open repair of a target: 1 with its playbook and state; absent otherwise. At most ${MAX_REPAIR_TARGETS}.`,
    [...REPAIR_TARGET_LABELS, 'playbook', 'state'],
    (each) => {
      for (const { targetId: target, playbook, state } of open().slice(0, MAX_REPAIR_TARGETS))
        each.set({ target, zone: zone(target) ?? '', playbook, state }, 1);
    }
  );
  gauge(
    'openclaw_target_repair_hold',
    `What holds repairs of a target back: 1 for each kind of hold of its own; absent otherwise. At most ${MAX_REPAIR_TARGETS}.`,
    [...REPAIR_TARGET_LABELS, 'kind'],
    (each) => {
      let left = MAX_REPAIR_TARGETS;
      for (const { targetId: target, kind } of holds())
        if (target !== null && left-- > 0) each.set({ target, zone: zone(target) ?? '', kind }, 1);
    }
  );
}

type Recent = ReturnType<RepairSources['recent']>[number];

/** The newest repair of each target. */
function newest(runs: readonly Recent[]): Map<string, Recent> {
  const byTarget = new Map<string, Recent>();
  for (const run of runs) {
    const known = byTarget.get(run.targetId);
    if (known === undefined || beganAfter(run, known)) byTarget.set(run.targetId, run);
  }
  return byTarget;
}

function beganAfter(one: Recent, other: Recent): boolean {
  return one.createdAt === other.createdAt ? one.id > other.id : one.createdAt > other.createdAt;
}

const FELL_SHORT: ReadonlySet<string> = new Set<RunState>(['failed', 'no_effect', 'rolled_back', 'unreachable']);
const newestFirst = (a: Recent, b: Recent): number => ((a.endedAt ?? '') < (b.endedAt ?? '') ? 1 : -1);

/** What somebody should look at for a while after it happened, since a state that is over in a moment would be missed. */
function registerRecent(
  { zone }: NonNullable<RepairSources['perTarget']>,
  recent: () => readonly Recent[],
  gauge: AddPulledGauge
): void {
  gauge(
    'openclaw_target_repair_failed',
    `Newest repair of a target: 1 when it ended in the last hour without having repaired anything, with its playbook and how it ended; absent otherwise. At most ${MAX_REPAIR_TARGETS}.`,
    [...REPAIR_TARGET_LABELS, 'playbook', 'state'],
    (each) => {
      const failed = [...newest(recent()).values()].filter(({ state }) => FELL_SHORT.has(state)).sort(newestFirst);
      for (const { targetId: target, playbook, state } of failed.slice(0, MAX_REPAIR_TARGETS))
        each.set({ target, zone: zone(target) ?? '', playbook, state }, 1);
    }
  );
  gauge(
    'openclaw_target_break_glass',
    `Repair of a target that one approver decided alone: 1 while it is open and for an hour after its end; absent otherwise. At most ${MAX_REPAIR_TARGETS}.`,
    REPAIR_TARGET_LABELS,
    (each) => {
      const alone = recent().filter(({ breakGlass }) => breakGlass);
      const targets = new Set(alone.map(({ targetId }) => targetId));
      for (const target of [...targets].slice(0, MAX_REPAIR_TARGETS)) each.set({ target, zone: zone(target) ?? '' }, 1);
    }
  );
}
