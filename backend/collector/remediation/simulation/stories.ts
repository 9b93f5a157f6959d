import fc from 'fast-check';
import type { PlaybookId } from '@openclaw-fleet/contract';
import type { Story } from './model.ts';
import type { Operation } from './operations.ts';
import { PLOTS } from './plots.ts';
import { AILMENTS, CAPABILITIES, CURES, HOUR, MINUTE, SECOND } from './target.ts';
import type { FleetShape } from './world.ts';

const place = fc.nat({ max: 29 });
const some = fc.option(place, { nil: null, freq: 2 });
const PLAYBOOKS: readonly PlaybookId[] = ['BridgeStuck', 'ConfigDrift', 'FailureBurst'];
const playbook = fc.constantFrom(...PLAYBOOKS);
const of = (kind: Operation['do'], rest: object): fc.Arbitrary<Operation> =>
  fc.record({ do: fc.constant(kind), ...rest }) as unknown as fc.Arbitrary<Operation>;

/** Everything that can happen. */
const KINDS = {
  pass: of('pass', { ms: fc.constantFrom(15, 60, 180, 420, 720, 1500).map((seconds) => seconds * SECOND) }),
  ail: of('ail', { target: place, ailment: fc.constantFrom(...AILMENTS), many: fc.constantFrom(1, 1, 1, 2, 4) }),
  heal: of('heal', { target: place }),
  cut: of('cut', {
    what: fc.constantFrom('target', 'zone', 'zone', 'all'),
    place,
    cut: fc.constantFrom('none', 'both', 'beats'),
  }),
  canary: of('canary', { ok: fc.boolean() }),
  goodbye: of('goodbye', { target: place, kind: fc.constantFrom('restart', 'shutdown', 'back') }),
  bridge: of('bridge', {
    target: place,
    change: fc.constantFrom<object[]>(
      { lie: 'healthy' },
      { lie: 'faulty' },
      { lie: 'none' },
      { silent: true },
      { silent: false },
      { deaf: 2 },
      { takesMs: 40 * SECOND },
      { takesMs: 10 * MINUTE }
    ),
  }),
  cure: of('cure', { target: some, cure: fc.constantFrom(...CURES) }),
  capabilities: of('capabilities', {
    target: place,
    without: fc.option(fc.constantFrom(...CAPABILITIES), { nil: null }),
  }),
  request: of('request', {
    target: place,
    playbook: fc.oneof({ arbitrary: fc.constant(null), weight: 5 }, { arbitrary: playbook, weight: 1 }),
    by: fc.nat({ max: 4 }),
    alert: fc.constantFrom(false, false, true),
  }),
  batch: of('batch', {
    playbook,
    from: place,
    size: fc.nat({ max: 11 }).map((size) => size + 1),
    by: fc.nat({ max: 4 }),
  }),
  decide: of('decide', {
    plan: fc.nat({ max: 9 }),
    what: fc.constantFrom('approve', 'approve', 'approve', 'approve', 'deny', 'break-glass'),
    by: fc.nat({ max: 4 }),
    digest: fc.constantFrom('none', 'right', 'right', 'wrong'),
  }),
  cancel: of('cancel', { run: fc.nat({ max: 5 }), batch: fc.boolean() }),
  hold: of('hold', {
    kind: fc.constantFrom('pause', 'resume', 'resume', 'cordon', 'uncordon', 'clear', 'retire', 'reinstate', 'lift'),
    target: some,
  }),
  'close-breakers': of('close-breakers', {}),
  window: of('window', { target: some, open: fc.boolean() }),
  mode: of('mode', { target: place, mode: fc.constantFrom('Audit', 'ApplyAndMonitor', 'ApplyAndAutoCorrect') }),
  revision: of('revision', { target: place, revision: fc.constantFrom(0, 1, null) }),
  limit: fc.oneof(
    of('limit', { target: some, key: fc.constant('attempts'), value: fc.constantFrom(1, 2) }),
    of('limit', { target: some, key: fc.constant('planMost'), value: fc.constantFrom(1, 3) }),
    of('limit', { target: some, key: fc.constant('automation'), value: fc.constantFrom(false, null) })
  ),
  automation: of('automation', { enabled: fc.constantFrom(true, true, false), percent: fc.constantFrom(100, 50, 0) }),
  restart: of('restart', { awayMs: fc.constantFrom(0, 20 * SECOND, 5 * MINUTE, 30 * MINUTE) }),
  crash: of('crash', { at: fc.integer({ min: 1, max: 40 }) }),
  sleep: of('sleep', { ms: fc.constantFrom(2 * MINUTE, 40 * MINUTE, 25 * HOUR) }),
  'confirm-outage': of('confirm-outage', {}),
} satisfies Record<Operation['do'], fc.Arbitrary<Operation>>;
type Weights = Partial<Record<Operation['do'], number>>;

interface Theme {
  readonly name: string;
  readonly weights: Weights;
  /** What comes first. */
  readonly first: readonly Operation[];
  readonly zones: fc.Arbitrary<number[]>;
  readonly length: number;
}

const AUTOMATION: Operation = { do: 'automation', enabled: true, percent: 100 };
const small = fc.array(fc.integer({ min: 2, max: 6 }), { minLength: 1, maxLength: 4 });
const all = (weight: number): Weights => Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, weight]));

/** Each looks at another side of the rules, since what is drawn evenly from everything seldom goes deep. */
const THEMES: readonly Theme[] = [
  {
    name: 'everything',
    weights: { ...all(1), pass: 8, ail: 4, request: 3, decide: 3 },
    first: [],
    zones: small,
    length: 60,
  },
  {
    name: 'automation',
    weights: {
      pass: 9,
      ail: 6,
      heal: 1,
      cure: 2,
      bridge: 2,
      hold: 2,
      window: 1,
      mode: 1,
      revision: 1,
      limit: 1,
      automation: 1,
      request: 1,
      capabilities: 1,
      goodbye: 2,
      crash: 1,
    },
    first: [AUTOMATION],
    zones: small,
    length: 40,
  },
  {
    name: 'sight',
    weights: {
      pass: 8,
      ail: 5,
      cut: 5,
      canary: 2,
      restart: 1,
      sleep: 1,
      goodbye: 1,
      request: 3,
      decide: 1,
      'confirm-outage': 1,
    },
    first: [AUTOMATION],
    zones: fc.array(fc.integer({ min: 3, max: 6 }), { minLength: 2, maxLength: 4 }),
    length: 40,
  },
  {
    name: 'persons',
    weights: {
      pass: 6,
      ail: 5,
      request: 6,
      batch: 3,
      decide: 10,
      cancel: 1,
      hold: 2,
      window: 1,
      canary: 1,
      cut: 1,
      crash: 1,
      revision: 2,
      limit: 1,
      heal: 1,
    },
    first: [],
    zones: small,
    length: 60,
  },
  {
    name: 'stubborn',
    weights: {
      pass: 9,
      ail: 2,
      request: 9,
      cure: 2,
      sleep: 1,
      hold: 1,
      limit: 1,
      revision: 1,
      'close-breakers': 1,
      decide: 2,
    },
    first: [
      { do: 'cure', target: null, cure: 'nothing' },
      { do: 'ail', target: 0, ailment: 'warn', many: 9 },
    ],
    zones: fc.constant([6, 6, 6, 6]),
    length: 50,
  },
  {
    name: 'crashes',
    weights: { pass: 8, ail: 5, request: 4, batch: 1, decide: 4, cancel: 1, crash: 5, restart: 1, bridge: 1, cure: 1 },
    first: [AUTOMATION],
    zones: small,
    length: 50,
  },
];

function shapeOf(zones: fc.Arbitrary<number[]>): fc.Arbitrary<FleetShape> {
  const stepMs = fc.constantFrom(10, 15, 30).map((seconds) => seconds * SECOND);
  return fc.record({ zones, stepMs, seed: fc.nat() });
}

function storyOf({ name, weights, first, zones, length }: Theme): fc.Arbitrary<Story> {
  const kinds = Object.entries(weights) as [Operation['do'], number][];
  const one = fc.oneof(...kinds.map(([kind, weight]) => ({ arbitrary: KINDS[kind], weight })));
  const operations = fc.array(one, { minLength: Math.floor(length / 3), maxLength: length, size: 'max' });
  return fc
    .record({ shape: shapeOf(zones), operations })
    .map((story) => ({ theme: name, shape: story.shape, operations: [...first, ...story.operations] }));
}

const ZONED: fc.Arbitrary<number[]> = fc.constant([5, 5, 5, 5]);

/** A plot, and then whatever happens. */
function plotted([name, plot]: [string, fc.Arbitrary<readonly Operation[]>]): fc.Arbitrary<Story> {
  const tail = fc.array(fc.oneof(KINDS.pass, KINDS.ail, KINDS.request, KINDS.decide, KINDS.hold), { maxLength: 8 });
  return fc
    .record({ shape: shapeOf(ZONED), plot, tail })
    .map((story) => ({ theme: name, shape: story.shape, operations: [...story.plot, ...story.tail] }));
}

/** @param theme all of them, when left out */
export function stories(theme?: string): fc.Arbitrary<Story> {
  const chosen = ([name]: [string, unknown]): boolean => theme === undefined || name === theme;
  const drawn = THEMES.filter(({ name }) => chosen([name, null])).map(storyOf);
  const plots = Object.entries(PLOTS)
    .filter(chosen)
    .map((plot) => ({ arbitrary: plotted(plot), weight: plot[0] === 'hindered' ? 4 : 1 }));
  return fc.oneof(...drawn.map((arbitrary) => ({ arbitrary, weight: 1 })), ...plots);
}
