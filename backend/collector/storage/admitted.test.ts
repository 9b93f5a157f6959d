import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { admittedAfter, admittedFrom, admittedText } from './admitted.ts';

describe('the certificates of a node that alone count', () => {
  it('are joined by what is issued', () => {
    expect(admittedAfter([], null, 'a')).toEqual(['a']);
    expect(admittedAfter(['a'], 'a', 'b')).toEqual(['a', 'b']);
  });

  it('have the new one and the one it was renewed from, however often an answer is lost', () => {
    const names = fc.stringMatching(/^[0-9a-f]{4}$/);
    fc.assert(
      fc.property(fc.uniqueArray(names, { minLength: 2, maxLength: 60 }), ([from = '', ...issued]) => {
        let admitted = admittedAfter([], null, from);
        for (const one of issued) {
          admitted = admittedAfter(admitted, from, one);
          expect(admitted.slice(-2)).toEqual([from, one]);
        }
      })
    );
  });

  it('keep one for its 90 days, though a thief renews every hour; and are bounded', () => {
    let admitted = admittedAfter(['owner'], 'owner', 'thief-0');
    const renew = (hour: number): void =>
      void (admitted = admittedAfter(admitted, `thief-${hour - 1}`, `thief-${hour}`));
    for (let hour = 1; hour < 90 * 24; hour++) renew(hour);
    expect(admitted).toContain('owner');
    for (let hour = 90 * 24; hour < 200 * 24; hour++) renew(hour);
    expect(admitted.length).toBe(2400);
  });

  it('are read as they were written', () => {
    for (const admitted of [[], ['a'], ['a', 'b']]) expect(admittedFrom(admittedText(admitted))).toEqual(admitted);
  });
});
