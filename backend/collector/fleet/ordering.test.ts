import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { blankMemory, clockAhead, decide, leastLag, readMemory, receivedAt } from './ordering.ts';
import type { Decision, Memory, Sighting } from './ordering.ts';

const t = TIMINGS.production;
const MINUTE = 60_000;
const NOW = 1_770_000_000_000;

interface Step {
  /** Seconds on the node's clock and on ours. */
  readonly sent: number;
  readonly came: number;
  readonly hash?: number;
  readonly seq?: number;
  readonly otherBoot?: boolean;
}

/** Plays beats one after the other as the registry does. @returns the status of each, and the memory after them */
function play(steps: readonly Step[]): { statuses: Decision['status'][]; memory: Memory | null; mark: number } {
  let memory: Memory | null = null;
  let mark = -Infinity;
  const statuses = steps.map(({ sent, came, hash = sent, seq = NaN, otherBoot = false }) => {
    const sighting: Sighting = {
      key: NOW + sent * 1000,
      receivedMs: NOW + came * 1000,
      hash,
      seq,
      sameBoot: memory !== null && !Number.isNaN(seq) && !otherBoot,
    };
    const decision = decide(memory, mark, sighting, t.beat, t);
    if (decision.status === 'accepted') mark = sighting.key;
    memory = decision.memory ?? memory;
    return decision.status;
  });
  return { statuses, memory, mark };
}

const statuses = (steps: readonly Step[]): string => play(steps).statuses.join(' ');
const alive = (minutes: number, more: Partial<Step> = {}): Step[] =>
  Array.from({ length: minutes }, (_, minute) => ({ sent: minute * 60, came: minute * 60 + 1, ...more }));
const numbered = (steps: readonly Step[]): Step[] => steps.map((step, index) => ({ ...step, seq: index + 1 }));

describe('decide', () => {
  it.each<[string, Step[], string]>([
    ['takes the first beat', [{ sent: 0, came: 1 }], 'accepted'],
    ['takes newer ones', alive(3), 'accepted accepted accepted'],
    ['knows the same beat again', [...alive(2), { sent: 60, came: 62 }], 'accepted accepted duplicate'],
    ['knows one of the last ten again', [...alive(10), { sent: 0, came: 700 }], `${'accepted '.repeat(10)}duplicate`],
    ['has forgotten the eleventh', [...alive(11), { sent: 0, came: 700 }], `${'accepted '.repeat(11)}superseded`],
    [
      'finds another body with the same key',
      [
        { sent: 0, came: 1 },
        { sent: 0, came: 2, hash: 9 },
      ],
      'accepted conflict',
    ],
    ['does not take an older one', [...alive(2), { sent: 30, came: 62 }], 'accepted accepted superseded'],
    [
      'takes one that is as late as 2 intervals more than usual',
      [...alive(1), { sent: 10, came: 131 }],
      'accepted accepted',
    ],
    ['does not take a later one', [...alive(1), { sent: 10, came: 131.001 }], 'accepted superseded'],
    ['takes 5 min ahead', [{ sent: 300, came: 0 }], 'accepted'],
    ['refuses more', [{ sent: 300.001, came: 0 }], 'refused'],
    ['refuses more of a known node', [...alive(1), { sent: 400, came: 61 }], 'accepted refused'],
    ['records an old first beat', [{ sent: -1e6, came: 0 }], 'accepted'],
    [
      'knows an old first beat again',
      [
        { sent: -1e6, came: 0 },
        { sent: -1e6, came: 5 },
      ],
      'accepted duplicate',
    ],
    [
      'does not trust the lag of an old first beat',
      [
        { sent: -1e6, came: 0 },
        { sent: -1e6 + 5, came: 5 },
      ],
      'accepted superseded',
    ],
    [
      'takes the present beat after an old first one',
      [
        { sent: -1e6, came: 0 },
        { sent: 5, came: 6 },
      ],
      'accepted accepted',
    ],
    [
      'takes a clock that was wrong from the beginning with the second beat',
      [
        { sent: -600, came: 0 },
        { sent: -540, came: 60 },
        { sent: -480, came: 120 },
      ],
      'accepted accepted accepted',
    ],
    [
      'takes a node whose clock is merely wrong',
      [0, 1, 2].map((minute) => ({ sent: minute * 60 - 100, came: minute * 60 })),
      'accepted accepted accepted',
    ],
    [
      'follows a clock set back by its second beat',
      [...alive(2), { sent: -540, came: 121 }, { sent: -480, came: 181 }, { sent: -420, came: 241 }],
      'accepted accepted superseded accepted accepted',
    ],
    [
      'wants 30 s between the two',
      [...alive(2), { sent: -540, came: 121 }, { sent: -520, came: 150.9 }, { sent: -510, came: 151 }],
      'accepted accepted superseded superseded accepted',
    ],
    [
      'wants them in order',
      [...alive(2), { sent: -480, came: 121 }, { sent: -540, came: 161 }, { sent: -600, came: 201 }],
      'accepted accepted superseded superseded superseded',
    ],
    [
      'is not moved by the same old beat twice',
      [...alive(2), { sent: -540, came: 121 }, { sent: -540, came: 181 }],
      'accepted accepted superseded superseded',
    ],
    [
      'counts from when the old beat first came, however often it comes',
      [...alive(2), { sent: -540, came: 121 }, { sent: -540, came: 150 }, { sent: -520, came: 151 }],
      'accepted accepted superseded superseded accepted',
    ],
    [
      'forgets a candidate after 5 intervals',
      [...alive(2), { sent: -540, came: 121 }, { sent: -480, came: 421.001 }, { sent: -420, came: 481 }],
      'accepted accepted superseded superseded accepted',
    ],
    [
      'forgets a candidate once a present beat comes',
      [...alive(2), { sent: 30, came: 121 }, { sent: 120, came: 122 }, { sent: 40, came: 160 }],
      'accepted accepted superseded accepted superseded',
    ],
    [
      'is not moved by beats that were sent before one it saw',
      [
        ...numbered(alive(5)),
        { sent: 30, came: 400, seq: 2 },
        { sent: 90, came: 440, seq: 3 },
        { sent: 150, came: 480, seq: 4 },
      ],
      `${'accepted '.repeat(5)}superseded superseded superseded`,
    ],
    [
      'counts a superseded beat as seen',
      [
        ...numbered(alive(2)),
        { sent: 300, came: 900, seq: 9 },
        { sent: 200, came: 940, seq: 7 },
        { sent: 250, came: 980, seq: 8 },
      ],
      'accepted accepted superseded superseded superseded',
    ],
    [
      'follows a clock set back within a boot',
      [...numbered(alive(2)), { sent: -540, came: 121, seq: 3 }, { sent: -480, came: 181, seq: 4 }],
      'accepted accepted superseded accepted',
    ],
    [
      'follows a clock set back with a new boot',
      [
        ...numbered(alive(5)),
        { sent: -540, came: 321, seq: 1, otherBoot: true },
        { sent: -480, came: 381, seq: 2, otherBoot: true },
      ],
      `${'accepted '.repeat(5)}superseded accepted`,
    ],
  ])('%s', (_name, steps, expected) => {
    expect(statuses(steps)).toBe(expected);
  });

  it('moves the mark back with a clock, and forgets what came before', () => {
    const { mark, memory } = play([...alive(2), { sent: -540, came: 121 }, { sent: -480, came: 181 }]);
    expect(mark).toBe(NOW - 480_000);
    expect(leastLag(memory!)).toBe(661_000);
  });

  it('says that an old first beat is late, at more than the grace and 2 intervals', () => {
    const lateAfter = (lag: number) =>
      decide(null, -Infinity, { key: NOW - lag, receivedMs: NOW, hash: 1, seq: NaN, sameBoot: false }, t.beat, t).late;
    expect([lateAfter(130_000), lateAfter(130_001)]).toEqual([false, true]);
  });

  it('counts the beats that the sequence numbers skip', () => {
    const { memory, mark } = play(numbered(alive(2)));
    const next = (seq: number, sameBoot = true) =>
      decide(memory, mark, { key: NOW + 2 * MINUTE, receivedMs: NOW + 2 * MINUTE, hash: 1, seq, sameBoot }, t.beat, t)
        .missed;
    expect([next(3), next(4), next(9), next(9, false), next(NaN)]).toEqual([0, 1, 6, 0, 0]);
  });

  it('leaves the memory it is given as it is', () => {
    const { memory, mark } = play(alive(3));
    const before = memory!.slice();
    const at = (key: number) => ({ key: NOW + key, receivedMs: NOW + 190_000, hash: 1, seq: NaN, sameBoot: false });
    expect(decide(memory, mark, at(180_000), t.beat, t).status).toBe('accepted');
    expect(decide(memory, mark, at(5), t.beat, t).status).toBe('superseded');
    expect(memory).toEqual(before);
  });

  it('says that nothing changed for a duplicate, a conflict and one that was sent before', () => {
    const steps = numbered(alive(3));
    const { memory, mark } = play(steps);
    const at = (key: number, hash: number, seq: number) =>
      decide(memory, mark, { key: NOW + key, receivedMs: NOW + 190_000, hash, seq, sameBoot: true }, t.beat, t);
    expect(
      [at(60_000, 60, 2), at(60_000, 61, 2), at(5, 5, 1)].map(({ status, memory: after }) => [status, after])
    ).toEqual([
      ['duplicate', null],
      ['conflict', null],
      ['superseded', null],
    ]);
  });
});

describe('a memory', () => {
  it('is the same after it was stored, and nobody else’s to change', () => {
    const { memory } = play(numbered(alive(4)));
    const read = readMemory(memory!);
    expect(read).toEqual(memory);
    read[1] = 99;
    expect(memory![1]).not.toBe(99);
  });

  it('of another version or size is forgotten', () => {
    const other = play(alive(2)).memory!;
    other[0] = 99;
    expect(readMemory(other)).toEqual(blankMemory());
    expect(readMemory([1, 2, 3])).toEqual(blankMemory());
  });

  it('keeps when the last ten came, newest first', () => {
    const { memory } = play(alive(12));
    expect([receivedAt(memory!, 0), receivedAt(memory!, 9)]).toEqual([NOW + 661_000, NOW + 121_000]);
    expect(receivedAt(memory!, 10)).toBeNaN();
    expect(leastLag(memory!)).toBe(1000);
    expect(leastLag(blankMemory())).toBeNaN();
  });
});

describe('clockAhead', () => {
  it.each([
    [TIMINGS.production, 300_000, false],
    [TIMINGS.production, 300_001, true],
    [TIMINGS.demo, 15_000, false],
    [TIMINGS.demo, 15_001, true],
  ])('by the profile', (timings, ahead, expected) => {
    expect(clockAhead(NOW + ahead, NOW, timings)).toBe(expected);
  });
});
