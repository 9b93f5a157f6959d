import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DRIFT_SEVERITIES, HEALTH_STATUSES, LIVENESS_STATES, TIMINGS } from '@openclaw-fleet/contract';
import type { LivenessState } from '@openclaw-fleet/contract';
import { assess, isolating, transitions, UNASSESSED } from './assess.ts';
import { bandOf } from './score.ts';
import { expectation, subject } from './testing/arbitraries.ts';
import { bridgedOf, expectationOf, jobsOf, MINUTE, NOW, subjectOf } from './testing/cases.ts';
import type { Assessment, Expectation, Fault, Subject } from './types.ts';

const timings = TIMINGS.production;
const none = UNASSESSED.faults;
const look = (of: Subject, expected: Expectation, open: readonly Fault[] = none, ms = 0): Assessment =>
  assess(of, expected, open, NOW + ms, timings);
/** A life of one target: what it was, what was expected, and how long until the next look. */
const life = fc.array(fc.tuple(subject, expectation, fc.integer({ min: 0, max: 6 * MINUTE })), {
  minLength: 1,
  maxLength: 12,
});

describe('assessment', () => {
  it('gives a whole number from 0 to 100 and its band, or none to what is not judged', () => {
    fc.assert(
      fc.property(subject, expectation, (of, expected) => {
        const { score, band } = look(of, expected);
        expect(band).toBe(bandOf(score));
        expect(score === null).toBe(['stopped', 'unknown', 'retired'].includes(of.state));
        if (score === null) return;
        expect(Number.isInteger(score)).toBe(true);
        expect(score).toBeGreaterThanOrEqual(0);
        expect(score).toBeLessThanOrEqual(100);
        if (of.state === 'expired' || of.state === 'inactive') expect(score).toBeLessThan(40);
      })
    );
  });

  it('is the same for the same inputs, and looks twice without a change', () => {
    fc.assert(
      fc.property(life, (looks) => {
        let open = none;
        let ms = 0;
        for (const [of, expected, gap] of looks) {
          const first = look(of, expected, open, ms);
          const copy = structuredClone(of);
          expect(look(copy, expected, open, ms)).toEqual(first);
          expect(look(of, expected, first.faults, ms).faults).toBe(first.faults);
          open = first.faults;
          ms += gap;
        }
      })
    );
  });

  it('opens and closes each fault once, whatever the order of beats, with one open for each code', () => {
    fc.assert(
      fc.property(life, (looks) => {
        let open = none;
        let ms = 0;
        const opened = new Map<string, Fault>();
        const resolved = new Set<string>();
        for (const [of, expected, gap] of looks) {
          const { faults } = look(of, expected, open, ms);
          expect(new Set(faults.map(({ code }) => code)).size).toBe(faults.length);
          for (const { change, fault } of transitions(open, faults)) {
            expect(resolved.has(fault.id)).toBe(false);
            expect(opened.has(fault.id)).toBe(change !== 'opened');
            if (change === 'opened') opened.set(fault.id, fault);
            if (change === 'resolved') resolved.add(fault.id);
          }
          for (const fault of faults) {
            expect(opened.get(fault.id)).toMatchObject({ openedMs: fault.openedMs, code: fault.code });
            expect(fault.id).toBe(`n1.${fault.kind}.${fault.code}.${fault.openedMs}`);
          }
          open = faults;
          // A fault that closed and opens within one millisecond would have its id: time goes on between beats.
          ms += gap + 2;
        }
        expect(opened.size - resolved.size).toBe(open.length);
      })
    );
  });

  it('leaves alone what it does not hear of', () => {
    const silent = fc.constantFrom<LivenessState[]>('stopped', 'unknown', 'retired');
    fc.assert(
      fc.property(subject, expectation, subject, expectation, silent, (of, expected, later, other, state) => {
        const { faults } = look(of, expected);
        const now = look({ ...later, state }, other, faults, 60 * MINUTE);
        expect(now).toEqual({ ...UNASSESSED, atMs: NOW + 60 * MINUTE, faults });
        expect(now.faults).toBe(faults);
      })
    );
  });

  it('changes no fault by time alone before the moment it names, and that moment is to come', () => {
    fc.assert(
      fc.property(
        subject,
        expectation,
        fc.double({ min: 0, max: 1, noNaN: true }),
        (of, { limits, ...rest }, share) => {
          // The score moves with every second of a lag, and is looked at as each quarter of its points is gone.
          const { cpuPct = 90, jobFailureRatio = 0.5 } = limits;
          const expected = { ...rest, limits: { cpuPct, jobFailureRatio } };
          let at = 0;
          let { faults, nextMs } = look(of, expected);
          for (let i = 0; i < 20 && nextMs !== Infinity; i++) {
            const wait = nextMs - (NOW + at);
            expect(wait).toBeGreaterThan(0);
            expect(look(of, expected, faults, at + Math.floor((wait - 1) * share)).faults).toBe(faults);
            at += wait;
            ({ faults, nextMs } = look(of, expected, faults, at));
          }
          expect(nextMs).toBe(Infinity);
          expect(look(of, expected, faults, at + 100 * MINUTE).faults).toBe(faults);
        }
      )
    );
  });

  it('never latches a minimum score: the score is what it would be without one', () => {
    fc.assert(
      fc.property(life, (looks) => {
        let open = none;
        let openWithout = none;
        let ms = 0;
        for (const [of, expected, gap] of looks) {
          const { minimumScore, ...limits } = expected.limits;
          const now = look(of, expected, open, ms);
          const without = look(of, { ...expected, limits }, openWithout, ms);
          expect(now.score).toBe(without.score);
          const waived = expected.waivers.some(
            ({ code, untilMs }) => code === 'score-below-minimum' && untilMs > NOW + ms
          );
          if (now.score !== null) {
            const isOpen = now.faults.some(({ code }) => code === 'score-below-minimum');
            expect(isOpen).toBe(minimumScore !== undefined && now.score < minimumScore && !waived);
          }
          [open, openWithout] = [now.faults, without.faults];
          ms += gap;
        }
      })
    );
  });

  it('isolates on an open critical drift alone', () => {
    fc.assert(
      fc.property(subject, expectation, (of, expected) => {
        const { faults } = look(of, expected);
        const critical = DRIFT_SEVERITIES[2];
        expect(isolating(faults)).toBe(faults.some(({ kind, severity }) => kind === 'drift' && severity === critical));
      })
    );
  });
});

describe('the score is monotone', () => {
  type Worse = (worse: number) => { subject: Subject; expectation?: Expectation };
  const withReport = (over: Parameters<typeof bridgedOf>[0], more: Parameters<typeof bridgedOf>[1] = {}) => ({
    subject: subjectOf({ report: bridgedOf(over, more) }),
  });
  const between = (from: number, to: number, worse: number): number => from + (to - from) * worse;
  const pick = <T>(of: readonly T[], worse: number): T => of[Math.min(of.length - 1, Math.floor(worse * of.length))]!;

  const penalties: Record<string, Worse> = {
    silence: (worse) => ({ subject: subjectOf({ state: pick(LIVENESS_STATES.slice(0, 3), worse) }) }),
    flapping: (worse) => ({ subject: subjectOf({ flapping: worse > 0.5 }) }),
    'a restart that never ends': (worse) => ({ subject: subjectOf({ overdue: worse > 0.5 }) }),
    'sync lag': (worse) => withReport({ sync_lag_ms: between(0, 2_000_000, worse) }),
    health: (worse) => withReport({ health_status: pick(HEALTH_STATUSES, worse) }),
    cpu: (worse) => withReport({ metrics: { cpu_pct: between(80, 100, worse) } }),
    memory: (worse) => withReport({ metrics: { mem_used_bytes: between(2000, 2100, worse) } }),
    queue: (worse) => withReport({ metrics: { queue_depth: between(0, 20, worse) } }),
    pushes: (worse) => withReport({ metrics: { failed_pushes_1h: Math.round(between(0, 6, worse)) } }),
    'job failures': (worse) =>
      withReport({}, { jobs: jobsOf({ results_1h: 20, failures_1h: Math.round(20 * worse) }) }),
    'a rise of job failures': (worse) => {
      const hour = { results_1h: 20, failures_1h: 8, results_24h: 220 };
      return withReport({}, { jobs: jobsOf({ ...hour, failures_24h: 208 - Math.round(200 * worse) }) });
    },
    'job failures against a day': (worse) => {
      const failures = Math.round(20 * worse);
      return withReport(
        {},
        { jobs: jobsOf({ results_1h: 20, failures_1h: failures, results_24h: 220, failures_24h: 60 }) }
      );
    },
    version: (worse) => withReport({ bridge_version: pick(['1.5.0', '1.4.0', '1.3.9', '1.1.0', '0.9.0'], worse) }),
    tags: (worse) => withReport({}, { tags: worse > 0.5 ? [] : ['prod'] }),
    capabilities: (worse) => withReport({}, { capabilities: worse > 0.5 ? [] : ['restart'] }),
    limits: (worse) => ({
      ...withReport({ metrics: { cpu_pct: 50 } }),
      expectation: expectationOf({ limits: { cpuPct: between(100, 0, worse) } }),
    }),
  };

  it.each(Object.entries(penalties))('in %s', (_name, penalty) => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(share, share, (a, b) => {
        const score = (worse: number): number => {
          const { subject: of, expectation: expected = expectationOf() } = penalty(worse);
          return look(of, expected).score!;
        };
        expect(score(Math.max(a, b))).toBeLessThanOrEqual(score(Math.min(a, b)));
      })
    );
    const ends = [0, 1].map(
      (worse) => look(penalty(worse).subject, penalty(worse).expectation ?? expectationOf()).score!
    );
    expect(ends[1]).toBeLessThan(ends[0]!);
  });
});
