import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { admittedAfter, admittedFrom, admittedText } from './admitted.ts';

describe('the certificates of a node that alone count', () => {
  it('are joined by what is issued', () => {
    expect(admittedAfter([], null, 'a')).toEqual(['a']);
    expect(admittedAfter(['a'], 'a', 'b')).toEqual(['a', 'b']);
  });

  it('are few, and always have the new one and the one it was renewed from, however often an answer is lost', () => {
    const names = fc.stringMatching(/^[0-9a-f]{4}$/);
    fc.assert(
      fc.property(fc.uniqueArray(names, { minLength: 2, maxLength: 60 }), ([from = '', ...issued]) => {
        let admitted = admittedAfter([], null, from);
        for (const one of issued) {
          admitted = admittedAfter(admitted, from, one);
          expect(admitted.slice(-2)).toEqual([from, one]);
          expect(admitted.length).toBeLessThanOrEqual(16);
        }
      })
    );
  });

  it('are read as they were written', () => {
    for (const admitted of [[], ['a'], ['a', 'b']]) expect(admittedFrom(admittedText(admitted))).toEqual(admitted);
  });
});
