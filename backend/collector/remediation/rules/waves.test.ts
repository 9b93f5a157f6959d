import { describe, expect, it } from '@jest/globals';
import { isEnded, RUN_STATES } from '@openclaw-fleet/contract';
import type { RunState } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { isBatchFailure, waveGate, waveOf, waveSizes } from './waves.ts';
import type { WaveRun } from './waves.ts';

describe('waves', () => {
  it.each([
    [0, []],
    [1, [1]],
    [2, [1, 1]],
    [5, [1, 1, 1, 1, 1]],
    [10, [1, 1, 2, 2, 2, 2]],
    [20, [1, 2, 4, 4, 4, 4, 1]],
    [21, [5, 2, 4, 4, 4, 2]],
    [50, [5, 5, 10, 10, 10, 10]],
    [1000, [5, 100, 200, 200, 200, 200, 95]],
  ])('of %i targets', (total, sizes) => {
    expect(waveSizes(total)).toEqual(sizes);
  });

  it('hold every target once, in the order of the plan', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), (total) => {
        const waves = Array.from({ length: total }, (_, index) => waveOf(index, total));
        expect(waves).toEqual([...waves].sort((a, b) => a - b));
        const sizes = waveSizes(total).map((_, wave) => waves.filter((one) => one === wave).length);
        expect(sizes).toEqual(waveSizes(total));
      })
    );
  });
});

/** States in the order of the plan; waves follow from their number. */
const gate = (states: RunState[]) =>
  waveGate(states.map((state, index): WaveRun => ({ state, wave: waveOf(index, states.length) })));
const fill = (total: number, states: RunState[], rest: RunState = 'approved'): RunState[] => [
  ...states,
  ...Array.from({ length: total - states.length }, () => rest),
];
const times = (count: number, state: RunState): RunState[] => Array.from({ length: count }, () => state);

describe('a batch goes on', () => {
  it.each<[string, RunState[], number, number]>([
    ['with its canary', fill(20, []), 0, 1],
    ['with five canaries', fill(50, []), 0, 5],
    ['not while it waits for approvals', fill(20, [], 'pending_approval'), 0, 0],
    ['not before the canary has ended', fill(20, ['verifying']), 0, 0],
    ['not before every canary has ended', fill(50, [...times(4, 'succeeded'), 'verifying']), 0, 0],
    ['with the second wave', fill(20, ['succeeded']), 1, 2],
    ['with what is left of it', fill(20, ['succeeded', 'running']), 1, 1],
    ['with the third', fill(20, times(3, 'succeeded')), 2, 4],
    ['one at a time after a canary that shows nothing', fill(20, ['unreachable']), 1, 1],
    ['and not while that one runs', fill(20, ['no_fault', 'running']), 1, 0],
    ['as usual once one succeeded', fill(20, ['no_fault', 'unreachable', 'succeeded']), 2, 4],
    ['past what was cancelled', fill(20, ['succeeded', 'cancelled', 'succeeded']), 2, 4],
    ['to its end', times(20, 'succeeded'), 6, 0],
  ])('%s', (_name, states, wave, room) => {
    expect(gate(states)).toMatchObject({ wave, room, halt: null });
  });

  it.each<[string, RunState[], boolean]>([
    ['a canary failed', fill(20, ['failed']), true],
    ['a canary had no effect', fill(50, ['succeeded', 'no_effect']), true],
    ['a canary rolled back', fill(20, ['rolled_back']), true],
    ['1 of 4', fill(20, ['succeeded', 'succeeded', 'succeeded', 'failed']), false],
    ['1 of 5', fill(20, ['succeeded', ...times(3, 'succeeded'), 'failed']), true],
    ['1 of 10', fill(20, [...times(9, 'succeeded'), 'failed']), false],
    ['2 of 19', fill(50, [...times(17, 'succeeded'), ...times(2, 'failed')]), true],
    ['2 of 20', fill(50, [...times(18, 'succeeded'), ...times(2, 'failed')]), false],
    [
      'those that did nothing do not dilute',
      fill(50, [...times(5, 'succeeded'), ...times(20, 'no_fault'), 'failed']),
      true,
    ],
  ])('or halts: %s', (_name, states, halts) => {
    const { halt, room } = gate(states);
    expect(halt !== null).toBe(halts);
    if (halts) expect(room).toBe(0);
    else expect(room).toBeGreaterThan(0);
  });

  it('counts what is done and what failed', () => {
    expect(gate(fill(20, ['succeeded', 'no_fault', 'failed', 'running']))).toMatchObject({
      waves: 7,
      done: 3,
      failed: 1,
    });
  });

  it('ends, and never begins a wave before the ones before have ended', () => {
    const ends = RUN_STATES.filter(isEnded);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.infiniteStream(fc.constantFrom(...ends)),
        fc.infiniteStream(fc.boolean()),
        (total, outcomes, begin) => {
          const states: RunState[] = times(total, 'approved');
          for (let step = 0; step < 4 * total; step += 1) {
            const { room, wave, halt } = gate(states);
            const next = states.findIndex((state, index) => state === 'approved' && waveOf(index, total) === wave);
            const running = states.indexOf('running');
            if (room > 0 && (running < 0 || begin.next().value)) {
              const before = states.filter((state, index) => waveOf(index, total) < wave && !isEnded(state));
              expect([halt, before]).toEqual([null, []]);
              states[next] = 'running';
            } else if (running >= 0) states[running] = outcomes.next().value as RunState;
            else break;
          }
          const last = gate(states);
          expect(states).not.toContain('running');
          expect(last.halt !== null || last.done === total).toBe(true);
        }
      )
    );
  });

  it('knows what a failure is', () => {
    expect(RUN_STATES.filter(isBatchFailure)).toEqual(['failed', 'no_effect', 'rolled_back']);
  });
});
