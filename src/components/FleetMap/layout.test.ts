import { describe, expect, it } from '@jest/globals';
import type { Band } from '@openclaw-fleet/contract';
import { mapTarget } from '../../testing/fixtures/fleet.ts';
import { chunksOf, sameItems, stepTo, worstOf, zonesOf } from './layout.ts';

const many = (zone: string, count: number) =>
  Array.from({ length: count }, (_, index) => mapTarget(`${zone}-${index}`, { zone }));

describe('zonesOf', () => {
  it('divides by zone, in the order they come in, and knows where each begins', () => {
    const groups = zonesOf([...many('us', 2), ...many('eu', 3)], 'zone');
    expect(groups.map(({ zone, first, items }) => [zone, first, items.length])).toEqual([
      ['us', 0, 2],
      ['eu', 2, 3],
    ]);
  });

  it('makes one block of everything, and none of nothing', () => {
    expect(zonesOf([...many('us', 2), ...many('eu', 3)], 'none')).toMatchObject([{ zone: null, first: 0 }]);
    expect(zonesOf([], 'none')).toEqual([]);
    expect(zonesOf([], 'zone')).toEqual([]);
  });
});

describe('worstOf', () => {
  it.each<[Band[], Band | null]>([
    [['healthy', 'critical', 'degraded'], 'critical'],
    [['warning', 'degraded'], 'degraded'],
    [['unknown', 'warning'], 'warning'],
    [['healthy', 'unknown'], 'unknown'],
    [['healthy'], 'healthy'],
    [[], null],
  ])('%j: %s', (bands, worst) => {
    expect(worstOf(bands.map((band) => mapTarget('a', { band })))).toBe(worst);
  });
});

describe('chunks', () => {
  it('hold everything once, in order', () => {
    const items = many('eu', 250);
    const chunks = chunksOf(items);
    expect(chunks.map(({ length }) => length)).toEqual([100, 100, 50]);
    expect(chunks.flat()).toEqual(items);
  });

  it('are the same when their items are the same objects', () => {
    const items = many('eu', 3);
    expect(sameItems(items, [...items])).toBe(true);
    expect(sameItems(items, items.slice(1))).toBe(false);
    expect(sameItems(items, [items[0]!, { ...items[1]! }, items[2]!])).toBe(false);
  });
});

describe('stepTo', () => {
  // Rows of 4: zone a has rows 0-3 and 4-5, zone b has row 6-8.
  const groups = zonesOf([...many('a', 6), ...many('b', 3)], 'zone');
  const step = (key: string, position: number, far = false) => stepTo(key, { groups, position, columns: 4, far });

  it.each<[string, number, number | null, string]>([
    ['ArrowRight', 5, 6, 'into the next zone'],
    ['ArrowRight', 8, 8, 'not past the end'],
    ['ArrowLeft', 6, 5, 'into the zone before'],
    ['ArrowLeft', 0, 0, 'not before the beginning'],
    ['ArrowDown', 1, 5, 'one row down'],
    ['ArrowDown', 3, 5, 'to the end of a shorter last row'],
    ['ArrowDown', 4, 6, 'into the same column of the next zone'],
    ['ArrowDown', 7, 7, 'not past the last row'],
    ['ArrowUp', 5, 1, 'one row up'],
    ['ArrowUp', 7, 5, 'into the same column of the zone before'],
    ['ArrowUp', 8, 5, 'to the end of a shorter last row above'],
    ['ArrowUp', 2, 2, 'not above the first row'],
    ['Home', 5, 0, 'to the beginning of the zone'],
    ['Home', 8, 6, 'to the beginning of a later zone'],
    ['End', 1, 5, 'to the end of the zone'],
    ['PageDown', 1, 6, 'to the next zone'],
    ['PageDown', 7, 8, 'to the end of the last zone'],
    ['PageUp', 8, 6, 'to the beginning of the zone'],
    ['PageUp', 6, 0, 'to the zone before'],
    ['PageUp', 0, 0, 'nowhere from the first'],
    ['x', 1, null, 'means nothing'],
  ])('%s from %i leads to %s: %s', (key, position, next) => {
    expect(step(key, position)).toBe(next);
  });

  it('goes to both ends of the map with Ctrl', () => {
    expect(step('Home', 7, true)).toBe(0);
    expect(step('End', 1, true)).toBe(8);
  });

  it('leads nowhere on an empty map', () => {
    expect(stepTo('ArrowDown', { groups: [], position: 0, columns: 4, far: false })).toBeNull();
  });
});
