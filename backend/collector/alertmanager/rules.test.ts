import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { commentOf, CREATED_BY, KIND, runOf, stepsFor } from './rules.ts';
import type { ActingRun, Silence } from './types.ts';

const LASTS_MS = 1_800_000;
const now = { nowMs: Date.parse('2026-02-06T12:00:00Z'), lastsMs: LASTS_MS };
const run = (id: string, targetId: string, name = targetId): ActingRun => ({
  id,
  targetId,
  name,
  url: `https://g/${id}`,
});

function silence(of: ActingRun, more: Partial<Silence> = {}): Silence {
  return {
    id: `silence-${of.id}`,
    state: 'active',
    createdBy: CREATED_BY,
    comment: commentOf(of),
    matchers: [KIND, { name: 'target', value: of.targetId, isRegex: false, isEqual: true }],
    startsMs: now.nowMs - 1000,
    endsMs: now.nowMs + LASTS_MS - 1000,
    updatedMs: now.nowMs - 1000,
    ...more,
  };
}

describe('the comment', () => {
  it('names the run and its target, and can be read back', () => {
    const comment = commentOf(run('run-1', 'n1', 'gateway 1.prod'));
    expect(comment).toBe('Repair run-1 acts on gateway 1.prod: https://g/run-1');
    expect(runOf(silence(run('run-1', 'n1')))).toBe('run-1');
  });

  it('makes nothing of a name that its node chose to mislead', () => {
    const comment = commentOf(run('run-1', 'n1', 'https://evil.test/login\u202e\n"}'));
    expect(comment).toBe('Repair run-1 acts on https___evil.test_login____: https://g/run-1');
    expect(commentOf(run('r', 'n1', '😀'.repeat(300))).isWellFormed()).toBe(true);
    expect(commentOf(run('r', 'n1', 'ä'.repeat(300))).length).toBeLessThan(200);
  });
});

describe('what is to be done', () => {
  const acts = run('run-1', 'n1');

  it.each<[string, Partial<Silence>, boolean]>([
    ['lasts long enough', { endsMs: now.nowMs + LASTS_MS / 2 }, false],
    ['has less than half of its time left', { endsMs: now.nowMs + LASTS_MS / 2 - 1 }, true],
    ['has not begun by a clock that is behind', { state: 'pending' }, false],
  ])('keeps the silence that %s', (_case, more, renewed) => {
    const { put, expire, leftOver, held } = stepsFor([acts], [silence(acts, more)], now);
    expect({ expire, leftOver, held }).toEqual({ expire: [], leftOver: [], held: 1 });
    const renewal = { id: 'silence-run-1', endsMs: now.nowMs + LASTS_MS, startsMs: now.nowMs - 1000 };
    expect(put).toEqual(renewed ? [expect.objectContaining(renewal)] : []);
  });

  it('makes one again that ended by itself, and none that a person ended', () => {
    const over = { state: 'expired', endsMs: now.nowMs - 10 } as const;
    const lapsed = silence(acts, { ...over, updatedMs: now.nowMs - LASTS_MS });
    expect(stepsFor([acts], [lapsed], now)).toMatchObject({ put: [{ id: null }], held: 1 });
    const ended = silence(acts, { ...over, updatedMs: now.nowMs - 10 });
    expect(stepsFor([acts], [ended], now)).toMatchObject({ put: [], held: 0 });
  });

  it('keeps the one that lasts longest of two, and ends one of another target', () => {
    const longer = silence(acts, { id: 'longer', endsMs: now.nowMs + LASTS_MS });
    const wrong = silence(acts, {
      id: 'wrong',
      matchers: [KIND, { name: 'target', value: 'n2', isRegex: false, isEqual: true }],
    });
    const { put, expire } = stepsFor([acts], [silence(acts), wrong, longer], now);
    expect(put).toEqual([]);
    expect([...expire].sort()).toEqual(['silence-run-1', 'wrong']);
  });

  it('comes to rest after one round, whatever there was, and leaves what is not ours', () => {
    const runs = ['a', 'b', 'c'].map((name) => run(`run-${name}`, `n-${name}`));
    const anyRun = fc.constantFrom(...runs, run('run-x', 'n-x'));
    const anySilence = fc
      .record({
        of: anyRun,
        target: anyRun,
        state: fc.constantFrom<Silence['state']>('active', 'pending', 'expired'),
        endsMs: fc.integer({ min: now.nowMs - LASTS_MS, max: now.nowMs + LASTS_MS }),
        foreign: fc.boolean(),
      })
      .map(({ of, target, state, endsMs, foreign }) =>
        silence(of, {
          state,
          endsMs,
          createdBy: foreign ? 'anna' : CREATED_BY,
          matchers: [KIND, { name: 'target', value: target.targetId, isRegex: false, isEqual: true }],
        })
      );
    const world = fc.tuple(fc.subarray(runs), fc.array(anySilence, { maxLength: 8 }));
    fc.assert(
      fc.property(world, ([acting, given]) => {
        const before = given.map((one, index) => ({ ...one, id: String(index) }));
        const steps = stepsFor(acting, before, now);
        const gone = new Set([...steps.expire, ...steps.leftOver.map(({ id }) => id)]);
        for (const { id, createdBy } of before) if (createdBy !== CREATED_BY) expect(gone.has(id)).toBe(false);
        const changed = new Map(steps.put.map((draft) => [draft.id, draft]));
        const after = before.map((one): Silence => {
          if (gone.has(one.id)) return { ...one, state: 'expired' };
          return { ...one, endsMs: changed.get(one.id)?.endsMs ?? one.endsMs };
        });
        const made = steps.put
          .filter(({ id }) => id === null)
          .map((draft, index): Silence => ({ ...draft, id: `new-${index}`, state: 'active', updatedMs: now.nowMs }));
        const all = [...after, ...made];
        expect(stepsFor(acting, all, now)).toMatchObject({ put: [], expire: [], leftOver: [], held: steps.held });
        for (const { id, targetId } of acting) {
          const alive = all.filter((one) => runOf(one) === id && one.state !== 'expired');
          expect(alive.length).toBeLessThanOrEqual(1);
          for (const one of alive) expect(one.matchers.map(({ value }) => value)).toContain(targetId);
        }
      })
    );
  });
});
