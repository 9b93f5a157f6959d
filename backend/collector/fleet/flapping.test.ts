import { describe, expect, it } from '@jest/globals';
import { isFlapping, newDepartures, noteDeparture, noteExpiry, tellsExpiry } from './flapping.ts';

const HOUR = 3_600_000;
const MINUTE = 60_000;

/** Departures and expiries at these minutes. */
function left(departures: readonly number[], expiries: readonly number[]) {
  const of = newDepartures();
  for (const minute of departures) noteDeparture(of, minute * MINUTE);
  for (const minute of expiries) noteExpiry(of, minute * MINUTE);
  return of;
}
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('isFlapping', () => {
  it.each<[string, number[], number[], number, boolean]>([
    ['never left', [], [], 10, false],
    ['expired twice', [], [1, 2], 10, false],
    ['expired three times', [], [1, 2, 3], 10, true],
    ['expired three times, the first an hour ago', [], [1, 30, 40], 61, false],
    ['expired three times, the first a little less ago', [], [1, 30, 40], 60.9, true],
    ['expired often, long ago', [], [1, 2, 3, 4, 5], 100, false],
    ['left nine times', upTo(9), [], 20, false],
    ['left ten times', upTo(10), [], 20, true],
    ['left ten times in more than an hour', upTo(10), [], 61, false],
    ['left twenty times, ten of them lately', upTo(20), [], 65, true],
  ])('%s', (_name, departures, expiries, minute, expected) => {
    expect(isFlapping(left(departures, expiries), minute * MINUTE, HOUR)).toBe(expected);
  });

  it('is false for a node that has no such memory', () => {
    expect(isFlapping(null, 0, HOUR)).toBe(false);
  });
});

describe('tellsExpiry', () => {
  it('tells each alone, then once that it flaps, then nothing', () => {
    const of = newDepartures();
    const tellings = [1, 2, 3, 4, 5].map((minute) => {
      noteExpiry(of, minute * MINUTE);
      const telling = tellsExpiry(of, minute * MINUTE, HOUR);
      of.told = telling !== 'alone';
      return telling;
    });
    expect(tellings).toEqual(['alone', 'alone', 'flapping', 'folded', 'folded']);
  });

  it('keeps no more than it needs', () => {
    const { departures, expiries } = left(upTo(50), upTo(50));
    expect([departures.length, expiries.length]).toEqual([10, 3]);
  });
});
