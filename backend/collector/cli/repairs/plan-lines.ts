import type { DryRun, Plan } from '@openclaw-fleet/contract';
import { tinted } from '../terminal/screen.ts';
import type { Screen } from '../terminal/screen.ts';
import { table } from '../terminal/table.ts';
import type { Cell, Column } from '../terminal/table.ts';
import { paragraph } from '../terminal/text.ts';
import { age, moment, span } from '../terminal/words.ts';
import { wayOut } from './refusals.ts';

const LABEL_WIDTH = 11;

/** How to say a plan. */
export interface Saying {
  readonly screen: Screen;
  readonly nowMs: number;
  /** How people call a target. */
  readonly name: (targetId: string) => string;
}

/** A label and what it is of, over as many lines as it takes. */
export function field(label: string, text: string, screen: Screen): string {
  const [first = '', ...rest] = paragraph(text, screen.columns, ' '.repeat(LABEL_WIDTH)).split('\n');
  return [tinted(label.padEnd(LABEL_WIDTH), 'title', screen) + first.trimStart(), ...rest].join('\n');
}

export function until(at: string, nowMs: number): string {
  const left = (Date.parse(at) - nowMs) / 1000;
  return `${moment(at)}, ${left > 0 ? `in ${span(left)}` : 'which is over'}`;
}

const TARGET_COLUMNS: readonly Column[] = [
  { title: 'TARGET', least: 12 },
  { title: 'ZONE', least: 6 },
  { title: 'FAULT' },
  { title: 'SEVERITY' },
  { title: 'NOTE' },
  { title: 'OPENCLAW', optional: true },
  { title: 'BRIDGE', optional: true },
  { title: 'ID', optional: true },
];

function targetTable({ targets }: Plan, { screen, name }: Saying): string {
  const rows = targets.map((target): Cell[] => [
    name(target.targetId),
    target.zone,
    target.fault,
    target.severity,
    target.isolated ? { text: 'isolated', tone: 'worst' } : '',
    target.openclawVersion ?? '–',
    target.bridgeVersion ?? '–',
    target.targetId,
  ]);
  return table(TARGET_COLUMNS, rows, screen);
}

function parametersOf(parameters: Readonly<Record<string, unknown>>): string {
  const named = Object.entries(parameters).filter(([, value]) => value !== null);
  if (named.length === 0) return '';
  return ` (${named.map(([key, value]) => `${key}: ${typeof value === 'string' ? value : JSON.stringify(value)}`).join(', ')})`;
}

/** What is to be done, by whose wish, and who has to agree. Its text must be safe to print. */
export function planLines(plan: Plan, saying: Saying): string[] {
  return [field('Plan', plan.id, saying.screen), ...wishLines(plan, saying)];
}

function wishLines(plan: Plan, saying: Saying): string[] {
  const { screen, nowMs } = saying;
  const line = (label: string, text: string): string => field(label, text, screen);
  const needs = plan.approvalsNeeded === 0 ? 'no approval' : `${plan.approvalsNeeded} approval(s)`;
  const own = plan.requestedAs === plan.requestedBy ? '' : ` (${plan.requestedAs})`;
  return [
    ...(plan.breakGlass ? [tinted('BREAK-GLASS: one approver decided alone', 'worst', screen)] : []),
    line('Digest', plan.digest),
    line('Playbook', plan.playbook),
    line('Asked', `${age(plan.createdAt, nowMs)} ago by ${plan.requestedBy}${own}: ${plan.reason}`),
    line('Actions', plan.actions.map(({ verb, parameters }) => verb + parametersOf(parameters)).join(', then ')),
    line('Needs', `${needs}. ${plan.approvalReason}`),
    ...plan.approvals.map(({ decision, actor, at, reason }) =>
      line('', `${decision} by ${actor}, ${age(at, nowMs)} ago: ${reason}`)
    ),
    ...(plan.approveBefore === null ? [] : [line('Approve', `before ${until(plan.approveBefore, nowMs)}`)]),
    ...(plan.executeBefore === null || Date.parse(plan.executeBefore) < nowMs
      ? []
      : [line('Begins', `before ${until(plan.executeBefore, nowMs)}`)]),
    '',
    targetTable(plan, saying),
  ];
}

/** What a request would come to. Its text must be safe to print. */
export function dryRunLines({ plan, refusals }: DryRun, saying: Saying): string[] {
  const { screen, name } = saying;
  const held = refusals.map(({ targetId, reason, message }): string => {
    const way = wayOut(reason, name(targetId));
    const words = `${name(targetId)}: ${reason}. ${message}${way === '' ? '' : `\n-> ${way}`}`;
    return paragraph(words, screen.columns, '  ');
  });
  const would =
    plan.approvalsNeeded === 0
      ? 'It would begin at once.'
      : 'It would wait for the approvals it needs, and then begin.';
  // A plan that is not kept has no id that would be found.
  return [
    ...wishLines(plan, saying),
    '',
    ...(held.length === 0 ? [`Nothing holds it back. ${would}`] : ['Held back now:', ...held]),
    'This was a dry run: nothing was asked for.',
  ];
}
