import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { atLeast, bytes, duration, listed, number, percent, short } from './words.ts';

describe('durations', () => {
  it.each([
    [0, '0 ms'],
    [-5, '0 ms'],
    [999, '999 ms'],
    [1000, '1 s'],
    [59_999, '59 s'],
    [60_000, '1 min'],
    [130_000, '2 min 10 s'],
    [3_599_999, '59 min 59 s'],
    [3_600_000, '1 h'],
    [11_100_000, '3 h 5 min'],
    [86_400_000, '1 d'],
    [187_200_000, '2 d 4 h'],
  ])('%d ms is %s', (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it.each([
    [120_001, '2 min 1 s'],
    [120_000, '2 min'],
    [999.5, '1 s'],
    [59_999, '1 min'],
    [3_600_001, '1 h 1 min'],
    [86_400_001, '1 d 1 h'],
  ])('%d ms is at least %s', (ms, words) => {
    expect(atLeast(ms)).toBe(words);
  });

  it('never reads like a limit that it is over', () => {
    const limit = fc.integer({ min: 1000, max: 86_400_000 });
    fc.assert(
      fc.property(limit, fc.double({ min: 0.001, max: 1e9, noNaN: true }), (most, over) => {
        expect(atLeast(most + over)).not.toBe(duration(most));
      })
    );
  });
});

describe('numbers', () => {
  it.each([
    [97, '97'],
    [97.54, '97.5'],
    [0.3, '0.3'],
    [29.9, '29.9'],
  ])('%d is %s', (value, words) => {
    expect(number(value)).toBe(words);
  });

  it('rounds up what is over its limit', () => {
    expect(percent(90.01, 'up')).toBe('90.1 %');
    expect(percent(90, 'up')).toBe('90 %');
    expect(bytes(1.51 * 1024 ** 3, 'up')).toBe('1.6 GiB');
  });

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [1.5 * 1024 ** 3, '1.5 GiB'],
    [2048 * 1024 ** 5, '2048 PiB'],
  ])('%d bytes are %s', (count, words) => {
    expect(bytes(count)).toBe(words);
  });
});

describe('names', () => {
  it('lists five and counts the others', () => {
    expect(listed(['a', 'b'])).toBe('a, b');
    expect(listed(['a', 'b', 'c', 'd', 'e'])).toBe('a, b, c, d, e');
    expect(listed(['a', 'b', 'c', 'd', 'e', 'f', 'g'])).toBe('a, b, c, d, e and 2 more');
  });

  it('shortens a hash to 12 digits', () => {
    expect(short('0123456789abcdef')).toBe('0123456789ab');
  });
});
