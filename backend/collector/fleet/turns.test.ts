import { describe, expect, it } from '@jest/globals';
import { Turns } from './turns.ts';

describe('Turns', () => {
  it('lets one at a time work on a key, in the order they came', async () => {
    const turns = new Turns();
    const log: string[] = [];
    const work = async (name: string): Promise<void> => {
      if (!turns.take('k')) await turns.wait('k');
      log.push(`${name} in`);
      await Promise.resolve();
      log.push(`${name} out`);
      turns.give('k');
    };
    await Promise.all(['a', 'b', 'c'].map(work));
    expect(log).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out']);
    expect(turns.take('k')).toBe(true);
  });

  it('keeps keys apart', () => {
    const turns = new Turns();
    expect([turns.take('a'), turns.take('b'), turns.take('a')]).toEqual([true, true, false]);
  });
});
