import { describe, expect, it } from '@jest/globals';
import { approvalOf, BOB, CAT, inMinutes, planOf, runDetailOf } from '../../testing/fixtures/repairs.ts';
import { timelineOf } from './timeline.ts';

const words = (run: Parameters<typeof timelineOf>[0]) => timelineOf(run).map(({ what }) => what);

describe('what became of a run', () => {
  it('is in the order of time, whatever came first', () => {
    const approvals = [
      approvalOf(BOB, { at: inMinutes(-30) }),
      approvalOf(CAT, { at: inMinutes(-29), decision: 'break-glass' }),
    ];
    const run = runDetailOf({
      trigger: 'retry',
      state: 'succeeded',
      createdAt: inMinutes(-10),
      startedAt: inMinutes(-9),
      clearSince: inMinutes(-6),
      endedAt: inMinutes(-1),
      attempt: 2,
      plan: planOf({ approvals }),
    });
    expect(words(run)).toEqual(['Approved', 'Broke the glass', 'A retry', 'Began', 'The fault is clear', 'Succeeded']);
  });

  it('names a person only where one did it', () => {
    expect(timelineOf(runDetailOf({ trigger: 'automation' }))[0]).toMatchObject({ what: 'Automation', who: null });
    expect(timelineOf(runDetailOf())[0]).toMatchObject({ what: 'Asked for', who: { name: 'Ann Operator' } });
  });

  it('of one that waits is not more than that', () => {
    const run = runDetailOf({ state: 'pending_approval', startedAt: null, attempt: 0 });
    expect(words(run)).toEqual(['Asked for']);
  });
});
