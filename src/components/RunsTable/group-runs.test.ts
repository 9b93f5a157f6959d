import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { runOf, stepOf } from '../../testing/fixtures/repairs.ts';
import { groupRuns } from './group-runs.ts';
import { progressOf } from './StepProgress.tsx';

describe('runs of one batch', () => {
  it('stand together, where the first of them was', () => {
    const runs = [
      ['a', null],
      ['b', 'one'],
      ['c', null],
      ['d', 'one'],
    ] as const;
    const groups = groupRuns(runs.map(([id, batchId]) => runOf({ id, batchId })));
    expect(groups.map(({ batchId, runs: members }) => [batchId, ...members.map(({ id }) => id)])).toEqual([
      [null, 'a'],
      ['one', 'b', 'd'],
      [null, 'c'],
    ]);
  });

  it('lose none, and none is there twice', () => {
    const batches = fc.array(fc.constantFrom('one', 'two', null), { maxLength: 30 });
    fc.assert(
      fc.property(batches, (list) => {
        const runs = list.map((batchId, index) => runOf({ id: String(index), batchId }));
        const ids = groupRuns(runs).flatMap(({ runs: members }) => members.map(({ id }) => id));
        expect(ids.sort()).toEqual(runs.map(({ id }) => id).sort());
      })
    );
  });
});

describe('how far a run is', () => {
  it.each([
    [[], null],
    [['pending', 'pending'], { done: 0, total: 2, title: 'Step 0' }],
    [['succeeded', 'running', 'pending'], { done: 1, total: 3, title: 'Step 1' }],
    [['succeeded', 'skipped', 'pending'], { done: 2, total: 3, title: 'Step 2' }],
    [['succeeded', 'failed'], { done: 2, total: 2, title: 'Step 1' }],
  ] as const)('%j', (states, progress) => {
    expect(progressOf(states.map((state, index) => stepOf(index, { state })))).toEqual(progress);
  });
});
