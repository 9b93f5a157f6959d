import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Deadlines } from './deadlines.ts';

interface Item {
  readonly name: string;
  armedAt: number;
}
const item = (name: string): Item => ({ name, armedAt: -1 });

/** Fires up to `now` in one call, or in as many as it takes. */
function fire(wheel: Deadlines<Item>, now: number, most = 1000): string[] {
  const names: string[] = [];
  while (!wheel.fire(now, most, ({ name }) => names.push(name)));
  return names;
}

describe('Deadlines', () => {
  it('hands over what is due once, within its resolution and never before', () => {
    const wheel = new Deadlines<Item>(250, 1000);
    wheel.arm(item('a'), 1600);
    expect(fire(wheel, 1599)).toEqual([]);
    expect(fire(wheel, 1850)).toEqual(['a']);
    expect(fire(wheel, 9999)).toEqual([]);
  });

  it('leaves one where it is looked at sooner, and moves it forward', () => {
    const wheel = new Deadlines<Item>(100, 0);
    const a = item('a');
    wheel.arm(a, 500);
    wheel.arm(a, 900);
    expect(fire(wheel, 500)).toEqual(['a']);
    wheel.arm(a, 900);
    wheel.arm(a, 700);
    expect(fire(wheel, 700)).toEqual(['a']);
    expect(fire(wheel, 2000)).toEqual([]);
  });

  it('takes what it is given while it fires', () => {
    const wheel = new Deadlines<Item>(100, 0);
    const a = item('a');
    wheel.arm(a, 100);
    const looks: number[] = [];
    for (let now = 100; now <= 500; now += 100) {
      wheel.fire(now, 10, () => {
        looks.push(now);
        wheel.arm(a, now);
      });
    }
    expect(looks).toEqual([100, 200, 300, 400, 500]);
  });

  it('stops after as many as it may, and goes on from there', () => {
    const wheel = new Deadlines<Item>(100, 0);
    for (let index = 0; index < 25; index++) wheel.arm(item(`${index}`), 300);
    const seen: string[] = [];
    const calls = [1, 2, 3].map(() => wheel.fire(1000, 10, ({ name }) => seen.push(name)));
    expect(calls).toEqual([false, false, true]);
    expect(new Set(seen).size).toBe(25);
  });

  it('never looks at one that was taken off', () => {
    const wheel = new Deadlines<Item>(100, 0);
    const a = item('a');
    wheel.arm(a, 300);
    wheel.disarm(a);
    expect(fire(wheel, 1000)).toEqual([]);
    wheel.arm(a, Infinity);
    expect(a.armedAt).toBe(-1);
  });

  it('fires everything due, in order, however far the clock goes on and however little it does at once', () => {
    const times = fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 60 });
    const steps = fc.array(fc.integer({ min: 1, max: 50_000 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(times, steps, fc.integer({ min: 1, max: 7 }), (deadlines, jumps, most) => {
        const wheel = new Deadlines<Item>(100, 0);
        for (const deadline of deadlines) wheel.arm(item(String(deadline)), deadline);
        const fired: number[] = [];
        let now = 0;
        for (const jump of jumps) {
          now += jump;
          const batch = fire(wheel, now, most).map(Number);
          expect(batch.every((deadline) => deadline <= now)).toBe(true);
          fired.push(...batch);
        }
        const due = deadlines.filter((deadline) => Math.ceil(deadline / 100) <= Math.floor(now / 100));
        expect([...fired].sort((a, b) => a - b)).toEqual(due.sort((a, b) => a - b));
        const buckets = fired.map((deadline) => Math.ceil(deadline / 100));
        expect(buckets).toEqual([...buckets].sort((a, b) => a - b));
      })
    );
  });
});
