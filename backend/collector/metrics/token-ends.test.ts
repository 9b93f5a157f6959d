import { describe, expect, it } from '@jest/globals';
import { MAX_TOKENS, tokenEnds } from './token-ends.ts';

const NOW = Date.parse('2026-02-06T12:00:00Z');
const DAY = 86_400_000;
const token = (name: string, expiresMs: number | null, revokedMs: number | null = null) => ({
  name,
  expiresMs,
  revokedMs,
});

describe('tokenEnds', () => {
  it('are of tokens that expire and are not revoked, also of those that just did', () => {
    const tokens = [
      token('later', NOW + DAY),
      token('never', null),
      token('revoked', NOW + DAY, NOW - 1),
      token('expired', NOW - DAY),
      token('long expired', NOW - 7 * DAY - 1),
    ];
    expect([...tokenEnds(tokens, NOW)]).toEqual([
      ['expired', NOW - DAY],
      ['later', NOW + DAY],
    ]);
  });

  it('are the first ones, each name once', () => {
    const tokens = Array.from({ length: MAX_TOKENS + 5 }, (_, at) => token(`t${at}`, NOW + 1000 - at));
    const ends = [...tokenEnds([...tokens, token('t104', NOW + 5000), token('t0', NOW)], NOW)];
    expect(ends).toHaveLength(MAX_TOKENS);
    expect(ends.slice(0, 2)).toEqual([
      ['t0', NOW],
      ['t104', NOW + 896],
    ]);
    expect(ends.map(([name]) => name)).not.toContain('t1');
  });
});
