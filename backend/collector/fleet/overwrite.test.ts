import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { overwrite } from './overwrite.ts';

describe('overwrite', () => {
  it('ends with what is next, whatever was held', () => {
    const json = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue({ maxDepth: 3 }));
    fc.assert(
      fc.property(json, json, (held, next) => {
        const expected = structuredClone(next);
        expect(overwrite(held, next)).toEqual(expected);
        expect(next).toEqual(expected);
      })
    );
  });

  it('keeps every object whose fields stay the same ones', () => {
    const held = { name: 'a', capacity: { workers: 1 }, tags: ['x', 'y'], time: 1 };
    const { capacity, tags } = held;
    const result = overwrite(held, { name: 'a', capacity: { workers: 2 }, tags: ['x', 'y'], time: 2 });
    expect(result).toBe(held);
    expect(result.capacity).toBe(capacity);
    expect(result.tags).toBe(tags);
    expect(result).toEqual({ name: 'a', capacity: { workers: 2 }, tags: ['x', 'y'], time: 2 });
  });
});
