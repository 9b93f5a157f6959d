import { COMPONENTS } from '@openclaw-fleet/contract';
import type {
  DriftPage,
  DriftRecord,
  FleetTarget,
  HealthScore,
  PolicyViolation,
  TimelineEntry,
  TimelinePage,
  ViolationPage,
} from '@openclaw-fleet/contract';
import { tinted } from './terminal/screen.ts';
import type { Screen } from './terminal/screen.ts';
import { table } from './terminal/table.ts';
import type { Cell, Column } from './terminal/table.ts';
import { fit, paragraph } from './terminal/text.ts';
import { age, BAND_TONES, moment, SEVERITY_TONES, STATE_TONES, toned } from './terminal/words.ts';
import { notesOf } from './targets.ts';
import { whatAndHint } from './violations.ts';

/** What `target --json` prints: answers of the API under the names of what they are. */
export interface TargetView {
  readonly target: FleetTarget;
  readonly healthScore: HealthScore;
  readonly drift: DriftPage;
  readonly violations: ViolationPage;
  readonly timeline: TimelinePage;
}

const INDENT = '  ';
const wide = (title: string): Column => ({ title, wraps: true, least: 24 });

const COMPONENT_COLUMNS: readonly Column[] = [{ title: 'COMPONENT' }, { title: 'POINTS', align: 'right' }, wide('WHY')];
const DRIFT_COLUMNS: readonly Column[] = [
  { title: 'DRIFT' },
  { title: 'SEVERITY' },
  { title: 'FOR', align: 'right' },
  wide('WHAT'),
];
const VIOLATION_COLUMNS: readonly Column[] = [
  { title: 'VIOLATION', least: 16 },
  { title: 'SEVERITY' },
  { title: 'FOR', align: 'right' },
  wide('WHAT'),
];
const TIMELINE_COLUMNS: readonly Column[] = [{ title: 'WHEN' }, { title: 'KIND' }, wide('WHAT HAPPENED')];

/** One target in lines, its text safe to print. */
export function targetLines(view: TargetView, screen: Screen, nowMs: number): string[] {
  const { target, drift, violations, timeline } = view;
  return [
    ...headLines(target, screen),
    '',
    ...scoreLines(view.healthScore, screen, nowMs),
    '',
    section('No drift.', DRIFT_COLUMNS, drift.items, (each) => driftRow(each, nowMs), screen),
    '',
    section('No violation.', VIOLATION_COLUMNS, violations.items, (each) => violationRow(each, nowMs), screen),
    '',
    section('Nothing happened yet.', TIMELINE_COLUMNS, timeline.items, timelineRow, screen),
  ];
}

function headLines(target: FleetTarget, screen: Screen): string[] {
  const { liveness, reported } = target;
  const field = (name: string, text: string): string => {
    const [first = '', ...rest] = paragraph(text, screen.columns, ' '.repeat(10)).split('\n');
    return [tinted(name.padEnd(10), 'title', screen) + first.trimStart(), ...rest].join('\n');
  };
  const versions = [
    `sender ${target.version ?? 'unknown'}`,
    ...(reported ? [`bridge ${reported.bridgeVersion}`] : []),
    ...(reported?.openclawVersion ? [`OpenClaw ${reported.openclawVersion}`] : []),
  ];
  const state = tinted(liveness.state, STATE_TONES[liveness.state], screen);
  const notes = notesOf(target);
  return [
    tinted(fit(target.name, screen.columns), 'title', screen),
    ...(target.name === target.id ? [] : [field('ID', target.id)]),
    field('State', `${liveness.state}: ${liveness.reason}`).replace(liveness.state, () => state),
    ...(notes === '' ? [] : [field('Note', notes)]),
    field('Zone', [target.zone, ...target.tags.filter((tag) => !tag.startsWith('region:'))].join(', ')),
    field('Versions', versions.join(', ')),
    field('Policy', `${target.policyProfileId}, owner ${target.owner ?? 'nobody'}`),
  ];
}

function scoreLines(
  { score, band, riskLevel, bandSince, reasons, components, caps }: HealthScore,
  screen: Screen,
  nowMs: number
): string[] {
  const risk = riskLevel === null ? '' : `, risk ${riskLevel}`;
  const rows = COMPONENTS.map((name): Cell[] => {
    const { points, max, reason } = components[name];
    const tone = points === null ? 'quiet' : points >= max ? 'good' : points > max / 2 ? 'notice' : 'bad';
    const shown = points === null ? '–' : `${Number(points.toFixed(1))}/${max}`;
    return [name, { text: shown, tone }, reason];
  });
  return [
    `${tinted('Health'.padEnd(10), 'title', screen)}${score === null ? '' : `${score}, `}${tinted(band, BAND_TONES[band], screen)}${risk}, for ${age(bandSince, nowMs)}`,
    ...reasons.map((reason) => paragraph(reason, screen.columns, ' '.repeat(10))),
    ...caps.map(({ at, reason }) => paragraph(`Held down to ${at}: ${reason}`, screen.columns, ' '.repeat(10))),
    '',
    table(COMPONENT_COLUMNS, rows, screen),
  ];
}

function section<Item>(
  none: string,
  columns: readonly Column[],
  items: readonly Item[],
  row: (item: Item) => Cell[],
  screen: Screen
): string {
  return items.length === 0 ? none : table(columns, items.map(row), screen);
}

function driftRow(
  { category, severity, detectedAt, reason, expected, actual, differences, suggestedPlaybookId }: DriftRecord,
  nowMs: number
): Cell[] {
  const paths = (differences ?? []).map(
    (each) => `${INDENT}${each.path}: expected ${each.expected}, is ${each.actual}`
  );
  const playbook = suggestedPlaybookId === undefined ? [] : [`-> playbook ${suggestedPlaybookId}`];
  const compared = paths.length > 0 ? paths : [`${INDENT}expected ${expected}, is ${actual}`];
  return [
    category,
    toned(severity, SEVERITY_TONES),
    age(detectedAt, nowMs),
    [reason, ...compared, ...playbook].join('\n'),
  ];
}

function violationRow(violation: PolicyViolation, nowMs: number): Cell[] {
  const { code, severity, createdAt } = violation;
  return [code, toned(severity, SEVERITY_TONES), age(createdAt, nowMs), whatAndHint(violation)];
}

function timelineRow({ at, kind, summary, actor, reason }: TimelineEntry): Cell[] {
  const by = actor === null ? '' : ` by ${actor}`;
  return [moment(at), kind, `${summary}${by}${reason === null ? '' : `: ${reason}`}`];
}
