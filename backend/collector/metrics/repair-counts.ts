import {
  isEnded,
  PLAYBOOK_IDS,
  RECEIPT_STATES,
  REFUSALS,
  RUN_STATES,
  TRIGGERS,
  VERBS,
  type RefusalReason,
  type Run,
} from '@openclaw-fleet/contract';
import { Counter, Histogram, type Registry } from 'prom-client';
import { exposeTally, zeros } from './tally.ts';

const ENDS = RUN_STATES.filter(isEnded);
/** What becomes of a verb in the end. */
const OUTCOMES = RECEIPT_STATES.filter((state) => state !== 'running');
const REQUESTS = ['observe', 'act', 'receipt'] as const;
const ROUTES = ['direct_https', 'reverse_ssh'] as const;
const ANSWERS = ['ok', 'no-bridge', 'unreachable', 'untrusted', 'refused', 'protocol'] as const;

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
  readonly ended: (run: Pick<Run, 'playbook' | 'state' | 'trigger' | 'breakGlass' | 'createdAt' | 'endedAt'>) => void;
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
  // A series that begins at 1 hides its first change from rate().
  for (const playbook of PLAYBOOK_IDS) {
    for (const state of ENDS) for (const trigger of TRIGGERS) ended.inc({ playbook, state, trigger }, 0);
  }
  const duration = new Histogram({
    name: 'openclaw_fleet_repair_duration_seconds',
    help: 'Time from the request of a repair until its fault had stayed clear, of those that succeeded.',
    labelNames: ['playbook'],
    buckets: [5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200],
    registers: [registry],
  });
  for (const playbook of PLAYBOOK_IDS) duration.zero({ playbook });
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
  for (const verb of VERBS) for (const outcome of OUTCOMES) verbs.inc({ verb, outcome }, 0);
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
  for (const request of REQUESTS) {
    for (const transport of ROUTES) for (const outcome of ANSWERS) requests.inc({ request, transport, outcome }, 0);
  }
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
    ended({ playbook, state, trigger, breakGlass: broken, createdAt, endedAt }) {
      ended.inc({ playbook, state, trigger });
      if (state === 'succeeded' && endedAt !== null) {
        const seconds = (Date.parse(endedAt) - Date.parse(createdAt)) / 1000;
        duration.observe({ playbook }, Math.max(0, seconds));
      }
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
