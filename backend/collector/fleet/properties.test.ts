import { describe, expect, it } from '@jest/globals';
import type { Heartbeat } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { Harness, MINUTE, SECOND, START } from './harness.ts';
import type { StoredNode } from '../storage/types.ts';

const INTERVAL = MINUTE;
/** The longest a beat is under way when nothing is wrong. */
const DELAY = 2 * SECOND;
const GRACE = 10 * SECOND;
/** Beats delivered within this are one burst: less than what moves the mark. */
const BURST = 29 * SECOND;

/** Beats of one publisher, a minute apart, some minutes after the start; its clock is off by a constant. */
interface Life {
  readonly beats: number;
  readonly clockMs: number;
  readonly numbered: boolean;
  /** Which beats come when they are sent; the others wait in the publisher's buffer. */
  readonly delivered: readonly boolean[];
}

const lives = fc.record({
  beats: fc.integer({ min: 1, max: 14 }),
  clockMs: fc.integer({ min: -4 * MINUTE, max: 4 * MINUTE }),
  numbered: fc.boolean(),
  delivered: fc.array(fc.boolean(), { minLength: 14, maxLength: 14 }),
});

const sentAt = (index: number): number => START + (index + 1) * INTERVAL;
const content = (life: Life, index: number): Partial<Heartbeat> => ({
  uptime_seconds: index,
  ...(life.numbered && { boot_id: 'boot', seq: index + 1 }),
});

/** Delivers beat `index` of `life` now. */
async function deliver(h: Harness, life: Life, index: number): Promise<string> {
  return (await h.send('a', content(life, index), sentAt(index) + life.clockMs)).status;
}

async function until(h: Harness, atMs: number): Promise<void> {
  if (atMs > h.now) await h.jump(atMs - h.now);
}

/** What everybody sees of a node. */
function visible(row: StoredNode | undefined): object {
  if (row === undefined) return {};
  const { markMs, seenMs, firstSeenMs, state, stateSinceMs, stoppedUntilMs, vital, report } = row;
  return { markMs, seenMs, firstSeenMs, state, stateSinceMs, stoppedUntilMs, vital, report };
}

describe('any order of duplicate, late and replayed heartbeats', () => {
  /** A beat that was sent before, delivered once more (or for the first time) right after beat `after` came. */
  const noise = fc.array(fc.record({ after: fc.nat({ max: 13 }), which: fc.nat({ max: 13 }) }), { maxLength: 30 });

  it('between the beats of a living node ends in the state that is there without them', async () => {
    await fc.assert(
      fc.asyncProperty(lives, noise, async (life, extra) => {
        const calm = await Harness.start();
        const noisy = await Harness.start();
        for (let index = 0; index < life.beats; index++) {
          for (const h of [calm, noisy]) await until(h, sentAt(index) + SECOND);
          await deliver(calm, life, index);
          await deliver(noisy, life, index);
          for (const { which } of extra.filter(({ after, which }) => after === index && which <= index)) {
            expect(['duplicate', 'superseded']).toContain(await deliver(noisy, life, which));
          }
          expect(visible(noisy.store.rows.get('a'))).toEqual(visible(calm.store.rows.get('a')));
        }
      })
    );
  });

  it('in one burst after an outage, the present beat among them, ends in the same state', async () => {
    const order = fc.array(fc.nat({ max: 13 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(lives, order, order, async (life, one, other) => {
        // With a clock further behind, an unknown node's first beat is old, and its second makes it alive.
        fc.pre(life.clockMs >= -2 * INTERVAL);
        const ends: object[] = [];
        for (const orders of [one, other]) {
          const h = await Harness.start();
          const known = Math.floor(life.beats / 3);
          for (let index = 0; index < known; index++) {
            await until(h, sentAt(index) + SECOND);
            await deliver(h, life, index);
          }
          const newest = life.beats - 1;
          await until(h, sentAt(newest) + SECOND);
          const place = orders.length === 0 ? 0 : (orders[0] ?? 0) % orders.length;
          const burst = orders.filter((index) => index <= newest).toSpliced(place, 0, newest);
          for (const index of burst) await deliver(h, life, index);
          ends.push({ ...visible(h.store.rows.get('a')), liveness: h.state('a') });
        }
        expect(ends[1]).toEqual({ ...ends[0], firstSeenMs: START + firstSeen(life) });
        expect(ends[0]).toMatchObject({
          state: 'live',
          liveness: 'online',
          markMs: sentAt(life.beats - 1) + life.clockMs,
        });
      })
    );
  });

  function firstSeen(life: Life): number {
    const first = Math.floor(life.beats / 3) === 0 ? life.beats - 1 : 0;
    return (first + 1) * INTERVAL + SECOND;
  }
});

/**
 * A node that sent its last beat is dead for good. From 2 intervals of the pace it kept (and the grace and the longest usual
 * delay) after it, beats of its life come again, as often as one likes:
 * - a numbered publisher's newest first (our client sends the newest first after an outage), then all in any order, with
 *   any pauses;
 * - a plain one's in any order in one burst, or newest first (the order of a replayed buffer) with any pauses.
 * The collector may restart at any point. No such sequence makes the node alive.
 */
describe('no sequence of beats', () => {
  const replays = fc.record({
    order: fc.array(fc.nat({ max: 13 }), { minLength: 1, maxLength: 30 }),
    pauses: fc.array(fc.integer({ min: 0, max: 10 * MINUTE }), { minLength: 30, maxLength: 30 }),
    burst: fc.boolean(),
    restarts: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
    wait: fc.integer({ min: 1, max: 90 * MINUTE }),
  });

  it('makes a node alive that sent none in two intervals', async () => {
    await fc.assert(
      fc.asyncProperty(lives, replays, async (life, replay) => {
        let h = await Harness.start();
        let newestSeen = -1;
        for (let index = 0; index < life.beats; index++) {
          if (life.delivered[index] !== true) continue;
          await until(h, sentAt(index) + ((index * 37 * SECOND) % DELAY));
          await deliver(h, life, index);
          newestSeen = index;
        }
        const before = h.store.rows.get('a');
        // Known by nothing but one old beat: a later one, 30 s after it, is how a wrong clock looks.
        fc.pre(before?.seenMs !== null);
        const judged = h.fleet.get('a')?.intervalMs ?? INTERVAL;
        const dead = sentAt(life.beats - 1) + 2 * judged + GRACE + DELAY + Math.max(0, life.clockMs);
        await until(h, dead + replay.wait);

        const known = replay.order.filter((index) => index < life.beats);
        const descending = known.toSorted((a, b) => b - a);
        const sequence = life.numbered ? [life.beats - 1, ...known] : replay.burst ? known : descending;
        const inBurst = !life.numbered && replay.burst;
        for (const [step, index] of sequence.entries()) {
          if (!inBurst) await until(h, h.now + (replay.pauses[step % 30] ?? 0));
          else await until(h, h.now + Math.floor(BURST / sequence.length));
          if (replay.restarts[step % 30] === true) h = await h.restart();
          const status = await deliver(h, life, index);
          if (newestSeen !== -1 || step > 0) expect(['duplicate', 'superseded']).toContain(status);
          expect(h.state('a')).not.toBe('online');
          expect(h.state('a')).not.toBe('stale');
          expect(h.node('a').seenMs).toBe(before?.seenMs ?? null);
        }
      }),
      { numRuns: 300 }
    );
  });
});

describe('what is stored of a node', () => {
  it('is what memory shows, whatever its heartbeats, goodbyes and silences were', async () => {
    const step = fc.record({
      waitMs: fc.constantFrom(SECOND, 40 * SECOND, MINUTE, 3 * MINUTE, 8 * MINUTE),
      goodbye: fc.constantFrom(undefined, undefined, 'restart' as const, 'shutdown' as const),
      silent: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
        const h = await Harness.start();
        for (const { waitMs, goodbye, silent } of steps) {
          await h.jump(waitMs);
          await h.send('beside', {}, h.now);
          if (!silent) await h.send('a', goodbye === undefined ? {} : { goodbye }, h.now);
          const node = h.fleet.get('a');
          if (node === undefined) continue;
          const { rev, markMs, seenMs, firstSeenMs, state, stateSinceMs, stoppedUntilMs } = node;
          const shown = { rev, markMs, seenMs, firstSeenMs, state, stateSinceMs, stoppedUntilMs };
          expect(h.store.rows.get('a')).toMatchObject(shown);
        }
      })
    );
  });
});
