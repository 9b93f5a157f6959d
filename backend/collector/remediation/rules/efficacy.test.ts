import { describe, expect, it } from '@jest/globals';
import { RUN_STATES } from '@openclaw-fleet/contract';
import type { RunState } from '@openclaw-fleet/contract';
import { EFFICACY_RUNS, efficacyOf, outcomeOf } from './efficacy.ts';
import { DEFAULT_LIMITS } from './limits.ts';

const times = (count: number, state: RunState): RunState[] => Array.from({ length: count }, () => state);
const of = (states: RunState[]) => efficacyOf('ConfigDrift', 'drift.config', states, DEFAULT_LIMITS);

describe('efficacy', () => {
  it.each<[string, RunState[], number | null, boolean]>([
    ['nothing', [], null, false],
    ['one of one', ['succeeded'], 1, false],
    ['4 failed', times(4, 'failed'), 0, false],
    ['5 failed', times(5, 'failed'), 0, true],
    ['3 of 6', [...times(3, 'failed'), ...times(3, 'succeeded')], 0.5, false],
    ['2 of 5', [...times(3, 'failed'), ...times(2, 'succeeded')], 0.4, true],
    ['no effect counts', [...times(3, 'no_effect'), ...times(2, 'succeeded')], 0.4, true],
    ['a rollback counts', [...times(3, 'rolled_back'), ...times(2, 'succeeded')], 0.4, true],
    ['false alarms did nothing', [...times(9, 'no_fault'), 'succeeded'], 1, false],
    ['and hide nothing', [...times(50, 'no_fault'), ...times(5, 'failed')], 0, true],
    ['what never ran says nothing', [...times(9, 'blocked'), ...times(9, 'unreachable'), 'succeeded'], 1, false],
    ['only the last count', [...times(EFFICACY_RUNS, 'succeeded'), ...times(90, 'failed')], 1, false],
  ])('%s', (_name, states, rate, open) => {
    expect(of(states)).toMatchObject({ successRate: rate, breakerOpen: open });
  });

  it('counts', () => {
    const states: RunState[] = ['succeeded', 'no_effect', 'no_effect', 'failed', 'rolled_back', 'no_fault', 'denied'];
    expect(of(states)).toEqual({
      playbook: 'ConfigDrift',
      fault: 'drift.config',
      runs: 6,
      succeeded: 1,
      noEffect: 2,
      failed: 2,
      falseAlarms: 1,
      successRate: 0.2,
      breakerOpen: true,
    });
  });

  it('knows what each end says', () => {
    const said = RUN_STATES.filter((state) => outcomeOf(state) !== null);
    expect(said).toEqual(['succeeded', 'failed', 'no_effect', 'rolled_back', 'no_fault']);
  });
});
