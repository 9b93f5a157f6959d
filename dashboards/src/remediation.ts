import { OPEN_RUN_STATES, PLAYBOOK_IDS, RUN_STATES } from '../../backend/contract/index.ts';
import { at, boardOf, grid, repairsMarked, startsMarked, zoneVariable } from './lib/dashboard.ts';
import { APP, ROW_TARGET, targetLinks, UIDS } from './lib/links.ts';
import { falling, mapValues, NO_COLLECTOR, NONE_IS_FINE, only, rising, RUN_COLORS } from './lib/looks.ts';
import { graph, nested, stat, timeline } from './lib/panels.ts';
import { fleet, inRange, quantile, ZONES } from './lib/queries.ts';
import { table } from './lib/table.ts';

const OPEN = 'openclaw_fleet_repairs_open';
const ENDED = 'openclaw_fleet_repairs_ended_total';
const DURATION = 'openclaw_fleet_repair_duration_seconds';
/** Those that acted on a target; the rest ended without a verb. */
const ACTED = 'state=~"succeeded|failed|no_effect|rolled_back"';
const ENDS = RUN_STATES.filter((state) => !(OPEN_RUN_STATES as readonly string[]).includes(state));
const endColors = only(ENDS, RUN_COLORS);
const MINUTE = 60;

const numbers = [
  stat({
    title: 'Waiting for approval',
    description: 'Repairs that somebody must approve or deny.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: `sum(${fleet(`${OPEN}{state="pending_approval"}`, 'playbook')})`, legend: 'Waiting' }],
    steps: [
      [null, 'green'],
      [1, 'orange'],
    ],
    links: [{ title: 'Repairs that wait', url: `${APP}/remediations` }],
  }),
  stat({
    title: 'Longest wait',
    description:
      'How long the oldest of them has been waiting. After 10 min the on-call is paged, after 20 min the next level; after 30 min it expires.',
    unit: 's',
    decimals: 0,
    min: 0,
    empty: NO_COLLECTOR,
    queries: [{ expr: fleet('openclaw_fleet_approval_waiting_seconds'), legend: 'Waiting' }],
    steps: rising(10 * MINUTE, 20 * MINUTE),
  }),
  stat({
    title: 'In flight',
    description:
      'Repairs that run or are being verified, and how many may at once: 20 % of the fleet, at least 1, at most 50.',
    unit: 'none',
    empty: NO_COLLECTOR,
    named: true,
    spark: false,
    queries: [
      { expr: fleet('openclaw_fleet_repairs_in_flight'), legend: 'now' },
      { expr: fleet('openclaw_fleet_repairs_in_flight_limit'), legend: 'most' },
    ],
  }),
  stat({
    title: 'Success',
    description:
      'Share of the repairs that acted in the time range whose fault stayed clear. The breaker of a playbook opens under 50 % of at least 5.',
    unit: 'percentunit',
    decimals: 0,
    min: 0,
    max: 1,
    empty: 'No repair acted',
    spark: false,
    queries: [
      {
        expr: `sum(increase(${ENDED}{state="succeeded"}[$__range])) / (sum(increase(${ENDED}{${ACTED}}[$__range])) > 0)`,
        legend: 'Succeeded',
      },
    ],
    steps: falling(0.5, 0.8),
  }),
  stat({
    title: 'Mean time to repair',
    description:
      'From the request until the fault had stayed clear, of repairs that succeeded: with the wait for an approval and the time of verifying.',
    unit: 's',
    decimals: 0,
    empty: 'No repair succeeded',
    spark: false,
    queries: [
      {
        expr: `sum(increase(${DURATION}_sum[$__range])) / (sum(increase(${DURATION}_count[$__range])) > 0)`,
        legend: 'Mean',
      },
    ],
  }),
  stat({
    title: 'Break-glass open',
    description: 'Open repairs that one approver decided alone, with a reason: their owner is paged.',
    unit: 'none',
    empty: NO_COLLECTOR,
    queries: [{ expr: fleet('openclaw_fleet_repairs_break_glass_open'), legend: 'Open' }],
    steps: NONE_IS_FINE,
  }),
  stat({
    title: 'All repairs',
    description: 'Whether somebody paused all repairs. Those that run finish.',
    unit: 'none',
    empty: NO_COLLECTOR,
    spark: false,
    queries: [{ expr: fleet('openclaw_fleet_repairs_paused'), legend: 'Paused' }],
    mappings: [mapValues({ 0: ['may begin', 'green'], 1: ['paused', 'orange'] })],
  }),
  stat({
    title: 'Automation',
    description:
      'Whether repairs may begin by themselves, and whether something holds automation back now: see "What holds automation back".',
    unit: 'none',
    empty: NO_COLLECTOR,
    spark: false,
    queries: [
      {
        expr: `${fleet('openclaw_fleet_automation_enabled')} + (${fleet('openclaw_fleet_automation_enabled')} * max(openclaw_fleet_automation_held))`,
        legend: 'Automation',
      },
    ],
    mappings: [mapValues({ 0: ['off', 'blue'], 1: ['on', 'green'], 2: ['held back', 'orange'] })],
  }),
];

const approvals = nested(
  'openclaw-approvals-panel',
  'Plans that wait for an approval',
  'Decide here, as in the app. Who asked for a plan cannot approve it.',
  { compact: true }
);

const open = graph({
  title: 'Open repairs',
  description: 'Repairs that have not ended, by state.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: NO_COLLECTOR,
  stack: true,
  queries: [{ expr: `sum by (state) (${fleet(OPEN, 'playbook', 'state')})`, legend: '{{state}}' }],
  colors: only(OPEN_RUN_STATES, RUN_COLORS),
});

const ended = graph({
  title: 'Repairs that ended, by how',
  description:
    'succeeded: the fault stayed clear; failed, no_effect, rolled_back: it acted, in vain; no_fault, unreachable: the second look kept it from acting; the rest never began.',
  unit: 'none',
  min: 0,
  empty: 'No repair ended',
  stack: true,
  bars: true,
  queries: [{ expr: `round(sum by (state) (increase(${ENDED}[$__rate_interval]))) > 0`, legend: '{{state}}' }],
  colors: endColors,
});

const efficacy = graph({
  title: 'Efficacy by playbook',
  description:
    'Share of the last repairs of a playbook that cleared their fault. Under 50 % of at least 5 the breaker of the fault opens.',
  unit: 'percentunit',
  min: 0,
  max: 1,
  empty: 'No playbook has acted yet',
  marks: true,
  steps: [
    [null, 'red'],
    [0.5, 'green'],
  ],
  queries: [{ expr: fleet('openclaw_fleet_repair_success_ratio', 'playbook'), legend: '{{playbook}}' }],
  colors: Object.fromEntries(
    PLAYBOOK_IDS.map((playbook, index) => [playbook, ['blue', 'purple', 'orange'][index] ?? ''])
  ),
});

const endWords = mapValues(Object.fromEntries(ENDS.map((state) => [state, [state, RUN_COLORS[state] ?? ''] as const])));
const triggers = table({
  title: 'Repairs that ended',
  description: 'How many ended how in the time range, by playbook and by what began them.',
  empty: 'No repair ended',
  labels: { playbook: 'Playbook', trigger: 'Begun by', state: 'Ended' },
  columns: [{ title: 'Times', expr: `${inRange(ENDED, 'playbook', 'trigger', 'state')} > 0`, decimals: 0 }],
  sort: { by: 'Times', desc: true },
  labelMappings: { state: [endWords] },
});

const duration = graph({
  title: 'Time a verb took, 95 %',
  description: 'From asking a node for a verb until it was known what became of it.',
  unit: 's',
  min: 0,
  empty: 'No verb was asked for',
  queries: [{ expr: quantile(0.95, 'openclaw_fleet_action_duration_seconds_bucket', 'verb'), legend: '{{verb}}' }],
});

const actions = table({
  title: 'What became of verbs',
  description:
    'What nodes were asked to carry out in the time range. outcome_unknown is settled by looking, never by doing it again.',
  empty: 'No verb was asked for',
  labels: { verb: 'Verb', outcome: 'Outcome' },
  columns: [{ title: 'Times', expr: `${inRange('openclaw_fleet_actions_total', 'verb', 'outcome')} > 0`, decimals: 0 }],
  sort: { by: 'Times', desc: true },
  labelMappings: {
    outcome: [
      mapValues({
        succeeded: ['succeeded', 'green'],
        failed: ['failed', 'red'],
        rolled_back: ['rolled back', 'orange'],
        refused: ['refused', 'orange'],
        outcome_unknown: ['unknown', 'purple'],
      }),
    ],
  },
});

const refusals = graph({
  title: 'Refused, by guardrail',
  description: 'Repairs that a guardrail kept from beginning; docs/safety.md explains each (the 10 with the most).',
  unit: 'none',
  min: 0,
  empty: 'None was refused',
  stack: true,
  bars: true,
  queries: [
    {
      expr: 'round(sum by (reason) (increase(openclaw_fleet_repairs_refused_total[$__rate_interval]))) and on (reason) topk(10, sum by (reason) (increase(openclaw_fleet_repairs_refused_total[$__range] @ end())) > 0)',
      legend: '{{reason}}',
    },
  ],
});

const held = timeline({
  title: 'What holds automation back',
  description: 'A row for each guardrail while it kept automation from beginning anything.',
  unit: 'none',
  empty: 'Nothing held it back',
  queries: [
    { expr: `${fleet('openclaw_fleet_automation_held', 'reason')} == 1`, legend: '{{reason}}' },
    { expr: `2 * (max(openclaw_fleet_automation_held) == bool 0) > 0`, legend: 'nothing' },
  ],
  mappings: [mapValues({ 1: ['held', 'orange'], 2: ['free', 'green'] })],
});

const holds = graph({
  title: 'Holds',
  description:
    'pause and cordon: somebody holds repairs back; quarantine: a target had its attempts; breaker: a playbook does not help.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: NO_COLLECTOR,
  queries: [{ expr: fleet('openclaw_fleet_repair_holds', 'kind'), legend: '{{kind}}' }],
  colors: { pause: 'blue', cordon: 'purple', quarantine: 'orange', breaker: 'red' },
});

const glass = graph({
  title: 'Break-glass',
  description: 'Repairs that one approver decided alone and that ended.',
  unit: 'none',
  decimals: 0,
  min: 0,
  empty: NO_COLLECTOR,
  legend: 'none',
  bars: true,
  queries: [
    { expr: 'round(sum(increase(openclaw_fleet_repairs_break_glass_total[$__rate_interval])))', legend: 'ended' },
  ],
  colors: { ended: 'red' },
});

const STATES_SHOWN = { playbook: 'Playbook', state: 'State' };
const running = table({
  title: 'Targets with an open repair',
  description: 'At most 50 of them. A target leads to the app, which shows the run with its steps and their evidence.',
  empty: 'No repair of these zones is open',
  labels: { target: 'Target', zone: 'Zone', ...STATES_SHOWN },
  columns: [
    {
      title: 'Open',
      expr: `topk(50, max by (target, zone, playbook, state) (openclaw_target_repair{${ZONES}}))`,
      hidden: true,
    },
  ],
  links: { target: targetLinks(ROW_TARGET) },
  labelMappings: {
    state: [
      mapValues(Object.fromEntries(OPEN_RUN_STATES.map((state) => [state, [state, RUN_COLORS[state] ?? ''] as const]))),
    ],
  },
});

const reason = (why: string, expr: string): string => `label_replace(topk(50, ${expr}), "why", "${why}", "", "")`;
const trouble = table({
  title: 'In vain, or decided alone',
  description:
    'Targets whose newest repair ended failed, no_effect, rolled_back or unreachable in the last hour; and break-glass, open or of the last hour. At most 50 of each.',
  empty: 'None in the last hour',
  labels: { target: 'Target', zone: 'Zone', why: 'Why', ...STATES_SHOWN },
  columns: [
    {
      title: 'Times',
      expr: [
        reason('ended in vain', `max by (target, zone, playbook, state) (openclaw_target_repair_failed{${ZONES}})`),
        reason('break-glass', `max by (target, zone) (openclaw_target_break_glass{${ZONES}})`),
      ].join(' or '),
      hidden: true,
    },
  ],
  links: { target: targetLinks(ROW_TARGET) },
  labelMappings: {
    state: [endWords],
    why: [mapValues({ 'ended in vain': ['ended in vain', 'orange'], 'break-glass': ['break-glass', 'red'] })],
  },
});

export const remediation = boardOf({
  uid: UIDS.remediation,
  title: 'OpenClaw Fleet: remediation',
  description:
    'What is being repaired and what waits, whether repairs help and how long they take, and what holds them back.',
  variables: [zoneVariable()],
  annotations: [repairsMarked(ZONES), startsMarked()],
  links: [{ title: 'Repairs in the app', url: `${APP}/remediations` }],
  rows: [
    { panels: grid(numbers, 4, 3) },
    { panels: [at(0, 0, 14, 8, approvals), at(14, 0, 10, 8, open)] },
    {
      title: 'Runs and efficacy',
      panels: [
        at(0, 0, 14, 8, ended),
        at(14, 0, 10, 8, efficacy),
        at(0, 8, 10, 7, triggers),
        at(10, 8, 7, 7, duration),
        at(17, 8, 7, 7, actions),
      ],
    },
    {
      title: 'What holds repairs back',
      panels: [at(0, 0, 12, 8, refusals), at(12, 0, 12, 8, held), at(0, 8, 12, 7, holds), at(12, 8, 12, 7, glass)],
    },
    { title: 'Targets', panels: [at(0, 0, 12, 8, running), at(12, 0, 12, 8, trouble)] },
  ],
});
