import { describe, expect, it } from '@jest/globals';
import { driftOf, violationOf } from '../../testing/fixtures/faults.ts';
import { MOST_TARGETS, repairedAlike, targetIdsOf, whyNoRepair, whyNotChosen } from './faults.ts';
import { shortHash } from './hash.ts';

const onTargets = (count: number) =>
  Array.from({ length: count }, (_, index) => violationOf(`v${index}`, { targetId: `t${index}` }));

describe('what may be repaired', () => {
  it('is what is open and has a playbook', () => {
    expect(whyNoRepair(violationOf('a'))).toBeNull();
    expect(whyNoRepair(driftOf('a', { resolvedAt: '2026-11-22T12:00:00Z' }))).toMatch(/resolved already/);
    expect(whyNoRepair(violationOf('a', { suggestedPlaybookId: undefined }))).toMatch(/No playbook/);
  });

  it('is together what has one playbook', () => {
    const [a, b] = [violationOf('a'), violationOf('b', { suggestedPlaybookId: 'ConfigDrift' })];
    expect(whyNotChosen(a, [])).toBeNull();
    expect(whyNotChosen(b, [a])).toMatch(/Another playbook/);
    expect(whyNotChosen(violationOf('c'), [a])).toBeNull();
  });

  it('is at most what one plan takes, counted by targets', () => {
    const full = onTargets(MOST_TARGETS);
    expect(whyNotChosen(violationOf('x', { targetId: 'new' }), full)).toMatch(/at most 50 targets/);
    expect(whyNotChosen(violationOf('x', { targetId: 't0' }), full)).toBeNull();
    expect(whyNotChosen(full[0]!, full)).toBeNull();
  });

  it('is chosen all at once up to that', () => {
    const all = [...onTargets(60), violationOf('again', { targetId: 't0' })];
    const chosen = repairedAlike(all[55]!, all);
    expect(targetIdsOf(chosen)).toHaveLength(MOST_TARGETS);
    expect(chosen[0]).toBe(all[55]);
    expect(chosen.map(({ id }) => id)).toContain('again');
    const others = [violationOf('o', { suggestedPlaybookId: 'ConfigDrift' }), driftOf('r', { resolvedAt: '2026' })];
    expect(repairedAlike(all[0]!, others)).toEqual([all[0]]);
  });
});

describe('a hash', () => {
  it('is shortened, and nothing else is', () => {
    expect(shortHash(`revision ${'0a'.repeat(32)}`)).toBe('revision 0a0a0a0a0a0a…');
    expect(shortHash('1.2.3')).toBe('1.2.3');
  });
});
