import {
  HOLD_KINDS,
  isEnded,
  OPEN_RUN_STATES,
  PLAYBOOK_IDS,
  REFUSALS,
  RUN_STATES,
  TRIGGERS,
  type Hold,
  type PlaybookId,
  type RefusalReason,
  type RemediationStatus,
  type Run,
} from '@openclaw-fleet/contract';
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { exposeTally, zeros } from './tally.ts';

const ENDS = RUN_STATES.filter(isEnded);

/** One request to a bridge, as those who send it tell of it. */
export interface BridgeRequest {
  readonly verb: string;
  readonly transport: string;
  readonly outcome: string;
  readonly seconds: number;
}

/** Told by those who repair; counts. */
export interface RepairInstruments {
  /** A guardrail refused. */
  readonly refused: (reason: RefusalReason) => void;
  readonly ended: (run: Pick<Run, 'playbook' | 'state' | 'trigger' | 'breakGlass'>) => void;
  /** A verb was carried out by a node, or not. */
  readonly verb: (verb: string, outcome: string, seconds: number) => void;
  readonly asked: (request: BridgeRequest) => void;
}

/** Makes the counters of repairs and of what bridges were asked. Every label is of a closed list. */
export function createRepairInstruments(registry: Registry): RepairInstruments {
  const refusals = zeros(REFUSALS);
  exposeTally(registry, refusals, {
    name: 'openclaw_fleet_repairs_refused_total',
    help: 'Repairs that a guardrail refused, by its reason.',
    label: 'reason',
  });
  const ended = new Counter({
    name: 'openclaw_fleet_repairs_ended_total',
    help: 'Repairs that ended, by playbook and how they ended.',
    labelNames: ['playbook', 'state', 'trigger'],
    registers: [registry],
  });
  for (const playbook of PLAYBOOK_IDS) {
    for (const state of ENDS) for (const trigger of TRIGGERS) ended.inc({ playbook, state, trigger }, 0);
  }
  const breakGlass = new Counter({
    name: 'openclaw_fleet_repairs_break_glass_total',
    help: 'Repairs that ended and that one approver decided alone.',
    registers: [registry],
  });
  const verbs = new Counter({
    name: 'openclaw_fleet_actions_total',
    help: 'Verbs that nodes were asked to carry out, by what became of them.',
    labelNames: ['verb', 'outcome'],
    registers: [registry],
  });
  const verbSeconds = new Histogram({
    name: 'openclaw_fleet_action_duration_seconds',
    help: 'Time from asking a node for a verb until it was known what became of it.',
    labelNames: ['verb'],
    buckets: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300],
    registers: [registry],
  });
  const requests = new Counter({
    name: 'openclaw_collector_bridge_requests_total',
    help: 'Requests to bridges, by transport and outcome.',
    labelNames: ['request', 'transport', 'outcome'],
    registers: [registry],
  });
  const requestSeconds = new Histogram({
    name: 'openclaw_collector_bridge_request_duration_seconds',
    help: 'Time a request to a bridge took.',
    labelNames: ['transport'],
    buckets: [0.005, 0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30],
    registers: [registry],
  });
  return {
    refused(reason) {
      refusals[reason]++;
    },
    ended({ playbook, state, trigger, breakGlass: broken }) {
      ended.inc({ playbook, state, trigger });
      if (broken) breakGlass.inc();
    },
    verb(verb, outcome, seconds) {
      verbs.inc({ verb, outcome });
      verbSeconds.observe({ verb }, seconds);
    },
    asked({ verb, transport, outcome, seconds }) {
      requests.inc({ request: verb, transport, outcome });
      requestSeconds.observe({ transport }, seconds);
    },
  };
}

/** What is asked of remediation and storage at each scrape. */
export interface RepairSources {
  readonly status: () => RemediationStatus;
  readonly open: () => readonly Pick<Run, 'state' | 'playbook' | 'createdAt'>[];
  readonly holds: () => readonly Hold[];
  /** Records of the audit chain. */
  readonly auditHead: () => Promise<{ readonly seq: number }>;
  readonly clock: () => number;
}

/** Adds the gauges of what is being repaired, what waits, and what holds back. */
export function registerRepairMetrics(registry: Registry, sources: RepairSources): void {
  const gauge = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    collect: (this: Gauge<L>) => void
  ): void => {
    new Gauge({ name, help, labelNames: [...labelNames], registers: [registry], collect });
  };
  gauge(
    'openclaw_fleet_repairs_open',
    'Repairs that have not ended, by playbook and state.',
    ['playbook', 'state'],
    function () {
      this.reset();
      for (const playbook of PLAYBOOK_IDS) for (const state of OPEN_RUN_STATES) this.set({ playbook, state }, 0);
      for (const { playbook, state } of sources.open()) this.inc({ playbook, state });
    }
  );
  gauge('openclaw_fleet_repairs_in_flight', 'Repairs that run or are being verified.', [], function () {
    this.set(sources.status().inFlight);
  });
  gauge('openclaw_fleet_repairs_in_flight_limit', 'How many repairs may be in flight now.', [], function () {
    this.set(sources.status().inFlightCap);
  });
  gauge(
    'openclaw_fleet_approval_waiting_seconds',
    'Since when the oldest repair has been waiting for an approval; 0 when none waits.',
    [],
    function () {
      const since = sources
        .open()
        .flatMap(({ state, createdAt }) => (state === 'pending_approval' ? [Date.parse(createdAt)] : []));
      this.set(since.length === 0 ? 0 : Math.max(0, sources.clock() - Math.min(...since)) / 1000);
    }
  );
  gauge('openclaw_fleet_repair_holds', 'What holds repairs back, by kind.', ['kind'], function () {
    this.reset();
    for (const kind of HOLD_KINDS) this.set({ kind }, 0);
    for (const { kind } of sources.holds()) this.inc({ kind });
  });
  gauge('openclaw_fleet_repairs_paused', 'Whether everything is paused.', [], function () {
    this.set(sources.holds().some(({ kind, targetId }) => kind === 'pause' && targetId === null) ? 1 : 0);
  });
  gauge('openclaw_fleet_automation_enabled', 'Whether repairs may begin by themselves.', [], function () {
    this.set(sources.status().automation.enabled ? 1 : 0);
  });
  gauge(
    'openclaw_fleet_automation_held',
    'Why automation begins nothing now; all 0: nothing holds it.',
    ['reason'],
    function () {
      this.reset();
      const { held } = sources.status().automation;
      for (const reason of REFUSALS) this.set({ reason }, held?.reason === reason ? 1 : 0);
    }
  );
  gauge(
    'openclaw_fleet_repair_success_ratio',
    'Share of the last repairs of a playbook that cleared their fault, over all faults.',
    ['playbook'],
    function () {
      this.reset();
      const sums = new Map<PlaybookId, { runs: number; succeeded: number }>();
      for (const { playbook, runs, succeeded } of sources.status().efficacy) {
        const sum = sums.get(playbook) ?? { runs: 0, succeeded: 0 };
        sums.set(playbook, { runs: sum.runs + runs, succeeded: sum.succeeded + succeeded });
      }
      for (const [playbook, { runs, succeeded }] of sums) if (runs > 0) this.set({ playbook }, succeeded / runs);
    }
  );
  let records = 0;
  new Counter({
    name: 'openclaw_fleet_audit_records_total',
    help: 'Records of the audit chain: it never goes back.',
    registers: [registry],
    async collect() {
      // Storage that cannot be read is told of elsewhere; the rest of the scrape stands.
      records = await sources.auditHead().then(
        ({ seq }) => seq,
        () => records
      );
      this.reset();
      this.inc(records);
    },
  });
}
