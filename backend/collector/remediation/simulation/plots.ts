import fc from 'fast-check';
import type { Operation } from './operations.ts';
import { HOUR, MINUTE, SECOND, type Ailment } from './target.ts';

/** How a story begins that goes to a corner which what is drawn at random seldom comes to. */
type Plot = fc.Arbitrary<readonly Operation[]>;

// Places from 24 on name a target whether or not anything is wrong with it.
const target = fc.integer({ min: 24, max: 29 });
/** What automation may act on. */
const minor = fc.constantFrom<Ailment>('warn', 'drift', 'burst', 'mute');
const on: Operation = { do: 'automation', enabled: true, percent: 100 };
const pass = (ms: number): Operation => ({ do: 'pass', ms });
const ail = (one: number, ailment: Ailment, many = 1): Operation => ({ do: 'ail', target: one, ailment, many });
const ask = (one: number, alert = false): Operation => ({ do: 'request', target: one, playbook: null, by: 0, alert });
const approve = (by: number): Operation => ({ do: 'decide', plan: 0, what: 'approve', by, digest: 'right' });
const useless: Operation = { do: 'cure', target: null, cure: 'nothing' };

/** What may stand in the way of a repair of one target. */
const obstacle = (one: number): fc.Arbitrary<Operation> =>
  fc.constantFrom<Operation>(
    { do: 'hold', kind: 'pause', target: one },
    { do: 'hold', kind: 'pause', target: null },
    { do: 'hold', kind: 'cordon', target: one },
    { do: 'hold', kind: 'retire', target: one },
    { do: 'goodbye', target: one, kind: 'shutdown' },
    { do: 'window', target: one, open: false },
    { do: 'mode', target: one, mode: 'Audit' },
    { do: 'mode', target: one, mode: 'ApplyAndMonitor' },
    { do: 'capabilities', target: one, without: 'restart' },
    { do: 'capabilities', target: one, without: 'config' },
    { do: 'limit', target: one, key: 'automation', value: false },
    { do: 'revision', target: one, revision: null },
    { do: 'automation', enabled: true, percent: 50 },
    { do: 'automation', enabled: false, percent: 100 },
    { do: 'ail', target: one, ailment: 'outdated', many: 1 },
    { do: 'canary', ok: false }
  );

/** Something is wrong, something stands in the way, and everybody tries. */
const hindered: Plot = target.chain((one) =>
  fc
    .record({
      ailment: minor,
      what: obstacle(one),
      early: fc.boolean(),
      alert: fc.boolean(),
      wait: fc.constantFrom(15, 60, 180),
    })
    .map(({ ailment, what, early, alert, wait }) => {
      const broken = [ail(one, ailment), pass(wait * SECOND)];
      const begun = early ? [what, ...broken] : [...broken, what];
      return [
        on,
        ...begun,
        ask(one, alert),
        pass(60 * SECOND),
        approve(2),
        pass(7 * MINUTE),
        ask(one),
        pass(12 * MINUTE),
      ];
    })
);

/** Taken out of the fleet while its jobs fail. */
const gone: Plot = target.map((one) => [
  ail(one, 'burst'),
  pass(3 * MINUTE),
  { do: 'hold', kind: 'retire', target: one },
  ask(one),
  pass(3 * MINUTE),
]);

/** Too many fall silent, in zones that are seen well, and something small is wrong with another one. */
const stricken: Plot = fc
  .record({ from: fc.nat({ max: 3 }), ailment: minor })
  .map(({ from, ailment }) => [
    on,
    ...[0, 5, 6, 10, 15].map((place) => ail(place + from, 'mute')),
    pass(3 * MINUTE),
    ail(from + 11, ailment),
    pass(7 * MINUTE),
  ]);

/** The revision is taken back while what differs from it is still open. */
const unwanted: Plot = target.map((one) => [
  ail(one, 'drift'),
  pass(3 * MINUTE),
  { do: 'revision', target: one, revision: null },
  { do: 'request', target: one, playbook: 'ConfigDrift', by: 0, alert: false },
  pass(3 * MINUTE),
]);

/** A fault that comes back again and again after a repair. */
const recurring: Plot = fc
  .record({ one: target, attempts: fc.constantFrom(1, 2, 3) })
  .map(({ one, attempts }) => [
    { do: 'limit', target: one, key: 'attempts', value: attempts },
    ...Array.from({ length: attempts + 1 }, () => [ail(one, 'warn'), pass(MINUTE), ask(one), pass(22 * MINUTE)]).flat(),
  ]);

/** A fault that nothing helps against, and everybody's patience over a day. */
const hopeless: Plot = fc
  .record({ one: target, days: fc.constantFrom(0, 1) })
  .map(({ one, days }) => [
    useless,
    ail(one, 'warn'),
    pass(MINUTE),
    ...Array.from({ length: 3 }, () => [ask(one), pass(23 * MINUTE)]).flat(),
    ...(days === 0 ? [] : [{ do: 'sleep', ms: 25 * HOUR } as const, pass(7 * MINUTE)]),
    ask(one),
    pass(3 * MINUTE),
  ]);

/** Five repairs do nothing, while more wait for their turn. */
const broken: Plot = fc
  .record({ from: fc.nat({ max: 3 }), last: fc.integer({ min: 5, max: 7 }) })
  .map(({ from, last }) => {
    const asked = [0, 2, 5, 8, 10, 13, 15, 18].map((place) => place + from);
    // Places are taken among those of which something is open: the first so many, in the order of the fleet.
    return [
      useless,
      ...asked.map((place) => ail(place, 'warn')),
      pass(MINUTE),
      ask(0),
      pass(12 * MINUTE),
      ...Array.from({ length: last }, (_, index) => ask(index + 1)),
      pass(14 * MINUTE),
    ];
  });

/** Automation tries one, which does not help, and is asked to go on. */
const halted: Plot = fc
  .record({ ailment: minor, alerts: fc.integer({ min: 1, max: 4 }) })
  .map(({ ailment, alerts }) => [
    useless,
    on,
    ail(24, ailment, 4),
    pass(25 * MINUTE),
    ...Array.from({ length: alerts }, (_, index) => ask(25 + index, true)),
    pass(12 * MINUTE),
  ]);

/** One zone sees well, and the others do not. */
const darkened: Plot = fc
  .record({
    zones: fc.shuffledSubarray([0, 5, 10, 15], { minLength: 2, maxLength: 3 }),
    one: fc.nat({ max: 19 }),
    ailment: minor,
  })
  .map(({ zones, one, ailment }) => [
    on,
    ...zones.map((place): Operation => ({ do: 'cut', what: 'zone', place, cut: 'both' })),
    pass(3 * MINUTE),
    ail(one, ailment, 2),
    pass(12 * MINUTE),
  ]);

/** A plan for several, which persons agree on. */
const agreed: Plot = fc
  .record({
    many: fc.integer({ min: 2, max: 5 }),
    most: fc.constantFrom(null, 1, 3),
    ailment: fc.constantFrom<Ailment>('warn', 'drift', 'outdated'),
  })
  .map(({ many, most, ailment }) => [
    { do: 'limit', target: null, key: 'planMost', value: most },
    ail(0, ailment === 'outdated' ? 'drift' : ailment, many),
    ...(ailment === 'outdated' ? [ail(0, ailment, many)] : []),
    pass(3 * MINUTE),
    { do: 'batch', playbook: ailment === 'warn' ? 'BridgeStuck' : 'ConfigDrift', from: 0, size: many, by: 0 },
    approve(0),
    approve(1),
    approve(2),
    pass(3 * MINUTE),
    approve(3),
    pass(25 * MINUTE),
  ]);

export const PLOTS = {
  hindered,
  gone,
  stricken,
  unwanted,
  recurring,
  hopeless,
  broken,
  halted,
  darkened,
  agreed,
} satisfies Record<string, Plot>;
