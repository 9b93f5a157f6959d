import { isEnded, remediationStatusEventSchema } from '@openclaw-fleet/contract';
import type { Batch, Run, RunDetail, RunState, RunStep } from '@openclaw-fleet/contract';
import type { Streamed } from '../remote/stream.ts';
import { tinted } from '../terminal/screen.ts';
import type { Screen, Tone } from '../terminal/screen.ts';
import { paragraph, safeJson, widthOf } from '../terminal/text.ts';
import { moment } from '../terminal/words.ts';
import { field } from './plan-lines.ts';
import type { Saying } from './plan-lines.ts';
import { marksOf, RUN_TONES, STEP_WORDS } from './words.ts';

const WHAT_WIDTH = 'pending_approval'.length;
const HANGING = '    ';

interface Line {
  /** Where it stands among the lines of one run. */
  readonly order: number;
  readonly text: string;
}

function lineOf(at: string, what: string, tone: Tone, words: string, screen: Screen): string {
  const start = `${moment(at)}  ${what.padEnd(WHAT_WIDTH)}`;
  const shown = start.replace(what, () => tinted(what, tone, screen));
  if (widthOf(`${start}  ${words}`) <= screen.columns) return `${shown}  ${words}`.trimEnd();
  return `${shown.trimEnd()}\n${paragraph(words, screen.columns, HANGING)}`;
}

/** What a run is, before what becomes of it. Its text must be safe to print. */
export function runHead(run: RunDetail, { screen, name }: Saying): string[] {
  const { plan } = run;
  const line = (label: string, text: string): string => field(label, text, screen);
  const of = run.batchId === null ? '' : `, one of ${plan.targets.length} of ${run.batchId}`;
  const attempt = run.attempt > 0 ? `, attempt ${run.attempt}` : '';
  return [
    ...marksOf(run).map((mark) => tinted(mark, 'worst', screen)),
    line('Run', run.id + of),
    line('Target', name(run.targetId) === run.targetId ? run.targetId : `${name(run.targetId)} (${run.targetId})`),
    line('Playbook', `${run.playbook} for ${run.fault}${attempt}`),
    line('Asked', `${moment(run.createdAt)} by ${run.requestedBy} (${run.trigger}): ${plan.reason}`),
    '',
  ];
}

/** Says of a run what has not been said yet: its states, and its steps as they begin and end. */
export class RunTeller {
  readonly #screen: Screen;
  readonly #states = new Set<RunState>();
  readonly #steps = new Map<number, RunStep['state']>();

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /** @param events of it since the last time: they know states that passed too quickly to be read. Text safe to print */
  lines(run: RunDetail, events: readonly Streamed[]): string[] {
    const verifying = run.steps.find(({ kind }) => kind === 'soak')?.index ?? run.steps.length;
    const places: Partial<Record<RunState, number>> = { pending_approval: -4, approved: -3, running: -2 };
    const lines: Line[] = [];
    const state = (at: string, what: RunState, reason: string): void => {
      if (this.#states.has(what)) return;
      this.#states.add(what);
      const order = places[what] ?? (what === 'verifying' ? verifying - 0.5 : Infinity);
      lines.push({ order, text: lineOf(at, what, RUN_TONES[what], reason, this.#screen) });
    };
    for (const { data } of events) {
      const event = remediationStatusEventSchema.safeParse(data).data;
      if (event !== undefined) state(event.at, event.state, event.reason);
    }
    for (const step of run.steps) {
      if (step.state === 'pending' || this.#steps.get(step.index) === step.state) continue;
      this.#steps.set(step.index, step.state);
      lines.push({ order: step.index, text: this.#step(step, run) });
    }
    state(run.endedAt ?? run.updatedAt, run.state, run.reason);
    return lines.sort((one, other) => one.order - other.order).map(({ text }) => text);
  }

  #step(step: RunStep, run: RunDetail): string {
    const [word, tone] = STEP_WORDS[step.state];
    const at = step.endedAt ?? step.startedAt ?? run.updatedAt;
    const words = step.state === 'running' ? `${step.title}: ${word}` : `${step.title}: ${word}. ${step.summary}`;
    return lineOf(at, `step ${step.index + 1} of ${run.steps.length}`, tone, words.trim(), this.#screen);
  }
}

/** What each step asked, got and measured. Its text must be safe to print. */
export function evidenceLines({ steps }: RunDetail, screen: Screen): string[] {
  return steps.flatMap(({ index, title, summary, evidence, state }) => {
    const facts = Object.entries(evidence);
    if (state === 'pending' || facts.length === 0) return [];
    const head = tinted(`Step ${index + 1}: ${title}`, 'title', screen);
    const lines = facts.flatMap(([key, value]) => factLines(key, value, '  ', screen));
    return ['', head, ...(summary === '' ? [] : [paragraph(summary, screen.columns, '  ')]), ...lines];
  });
}

/** Deeper facts are shown as they are stored. */
const DEEPEST = 8;

function factLines(key: string, value: unknown, indent: string, screen: Screen): string[] {
  const inner = indent.length < DEEPEST ? membersOf(value) : null;
  if (inner !== null) {
    const lines = inner.flatMap(([name, each]) => factLines(name, each, `${indent}  `, screen));
    return lines.length === 0 ? [] : [`${indent}${key}`, ...lines];
  }
  const shown = typeof value === 'string' ? value : safeJson(value, 0);
  const [first = '', ...rest] = paragraph(`${key}: ${shown}`, screen.columns, `${indent}  `).split('\n');
  return [indent + first.trimStart(), ...rest];
}

/** What is in an object, or in a list of objects, which are numbered; null: it is one fact. */
function membersOf(value: unknown): [name: string, value: unknown][] | null {
  if (typeof value !== 'object' || value === null) return null;
  if (!Array.isArray(value)) return Object.entries(value);
  const objects = value.length > 0 && value.every((each) => typeof each === 'object' && each !== null);
  return objects ? value.map((each, at) => [String(at + 1), each]) : null;
}

/** Says of a batch what has not been said yet: what becomes of each of its runs, and how far it is. */
export class BatchTeller {
  readonly #saying: Saying;
  readonly #runs = new Map<string, Set<RunState>>();
  #progress = '';

  constructor(saying: Saying) {
    this.#saying = saying;
  }

  /** @param events as for a run */
  lines(batch: Batch, events: readonly Streamed[]): string[] {
    const lines: { readonly at: string; readonly text: string }[] = [];
    const say = (runId: string, at: string, state: RunState, targetId: string, reason: string): void => {
      const known = this.#runs.get(runId) ?? new Set();
      this.#runs.set(runId, known);
      if (known.has(state)) return;
      known.add(state);
      const words = `${this.#saying.name(targetId)}: ${reason}`;
      lines.push({ at, text: lineOf(at, state, RUN_TONES[state], words, this.#saying.screen) });
    };
    for (const { data } of events) {
      const event = remediationStatusEventSchema.safeParse(data).data;
      if (event !== undefined) say(event.runId, event.at, event.state, event.targetId, event.reason);
    }
    for (const run of batch.runs) say(run.id, run.endedAt ?? run.updatedAt, run.state, run.targetId, run.reason);
    const told = lines.sort((one, other) => Date.parse(one.at) - Date.parse(other.at)).map(({ text }) => text);
    const progress = batchWords(batch);
    if (progress === this.#progress) return told;
    this.#progress = progress;
    return [...told, field('Batch', progress, this.#saying.screen)];
  }
}

/** How far a batch is. */
function batchWords({ state, reason, progress }: Batch): string {
  const { total, wave, waves, states } = progress;
  const counted = Object.entries(states).map(([name, count]) => `${name} ${count}`);
  return `${state}, wave ${Math.min(wave + 1, waves)} of ${waves}, ${total} targets (runs: ${counted.join(', ')}). ${reason}`;
}

/** Nothing more becomes of it, unless a retry is begun later. */
export function batchIsOver({ state, runs }: Batch): boolean {
  return state !== 'pending_approval' && state !== 'running' && runs.every((run: Run) => isEnded(run.state));
}

/** Each target's last run did what it was for. */
export function batchSucceeded({ state, runs }: Batch): boolean {
  const last = new Map(runs.map((run) => [run.targetId, run.state]));
  return state === 'done' && [...last.values()].every((each) => each === 'succeeded');
}
