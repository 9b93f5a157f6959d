import { env } from 'node:process';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { property, type Told } from './model.ts';
import { stories } from './stories.ts';

/** `OPENCLAW_MODEL_STORIES=3000 OPENCLAW_MODEL_SEED=7` tells more of them, and others. */
const STORIES = Number(env['OPENCLAW_MODEL_STORIES'] ?? 300);
const SEED = Number(env['OPENCLAW_MODEL_SEED'] ?? 6);

function sum(all: readonly Told[], of: (told: Told) => number): number {
  return all.reduce((total, told) => total + of(told), 0);
}

describe('whatever happens to a fleet', () => {
  it(
    'holds every invariant of repairs',
    async () => {
      const told: Told[] = [];
      await fc.assert(
        property(stories(), (one) => told.push(one)),
        { numRuns: STORIES, seed: SEED }
      );
      // That it did nothing wrong says something only where it did much.
      expect(sum(told, ({ counts }) => counts.verbs)).toBeGreaterThan(STORIES);
      expect(sum(told, ({ counts }) => counts.automatic)).toBeGreaterThan(STORIES / 3);
      expect(sum(told, ({ counts }) => counts.cured)).toBeGreaterThan(STORIES / 3);
      expect(sum(told, ({ ends }) => ends['denied'] ?? 0)).toBeGreaterThan(0);
    },
    Math.max(300_000, STORIES * 1000)
  );
});
