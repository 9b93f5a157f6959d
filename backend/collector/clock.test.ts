import { beforeEach, describe, expect, it } from '@jest/globals';
import { steadyClock, type Clock } from './clock.ts';

let wall: number;
let monotonic: number;
let jumps: number[];
let clock: Clock;

beforeEach(() => {
  [wall, monotonic, jumps] = [1_000_000_000, 500, []];
  clock = steadyClock({ wall: () => wall, monotonic: () => monotonic, onJump: (ms) => jumps.push(ms) });
});

function pass(ms: number): number {
  wall += ms;
  monotonic += ms;
  return clock();
}

describe('the steady clock', () => {
  it('is the wall clock while that is steady', () => {
    for (let turn = 1; turn <= 100; turn++) expect(pass(1000)).toBe(1_000_000_000 + turn * 1000);
  });

  it('slews after a small step, by 5 %', () => {
    wall += 5_000;
    expect(pass(1000)).toBe(1_000_001_050);
    for (let turn = 0; turn < 99; turn++) pass(1000);
    expect(clock()).toBe(wall);
    expect(jumps).toEqual([]);
  });

  it('never goes back, however far the wall clock is set back', () => {
    wall -= 3_600_000;
    let before = clock();
    for (let turn = 0; turn < 100; turn++) {
      const now = pass(1000);
      expect(now - before).toBe(950);
      before = now;
    }
    expect(jumps).toEqual([]);
  });

  it('jumps after a sleep of the machine, and says how far', () => {
    wall += 3_600_000;
    expect(pass(1000)).toBe(wall);
    expect(jumps).toEqual([3_600_000]);
  });
});
