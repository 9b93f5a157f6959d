import { describe, expect, it } from '@jest/globals';
import { RUN_STATES, isEnded } from '@openclaw-fleet/contract';
import { FIRST_STATES, TRANSITIONS, assertTransition, fellShort, mayBecome } from './run-machine.ts';

describe('states of a run', () => {
  it('never leave an end, and every open one can end', () => {
    for (const state of RUN_STATES) {
      expect({ state, leaves: TRANSITIONS[state].length > 0 }).toEqual({ state, leaves: !isEnded(state) });
    }
  });

  it('are all reached from a first one', () => {
    const reached = new Set<string>(FIRST_STATES);
    for (const state of reached) for (const next of TRANSITIONS[state as keyof typeof TRANSITIONS]) reached.add(next);
    expect([...reached].sort()).toEqual([...RUN_STATES].sort());
  });

  it.each([
    ['pending_approval', 'running'],
    ['approved', 'succeeded'],
    ['running', 'succeeded'],
    ['running', 'denied'],
    ['verifying', 'cancelled'],
    ['cancelled', 'running'],
    ['blocked', 'approved'],
  ] as const)('refuses %s to %s', (from, to) => {
    expect(mayBecome(from, to)).toBe(false);
    expect(() => {
      assertTransition(from, to);
    }).toThrow(`A run that is ${from} cannot become ${to}`);
  });

  it('tries again what acted and did not repair, nothing else', () => {
    expect(RUN_STATES.filter(fellShort)).toEqual(['failed', 'no_effect', 'rolled_back']);
  });
});
