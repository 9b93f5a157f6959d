import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  BANDS,
  DRIFT_CATEGORIES,
  DRIFT_SEVERITIES,
  VIOLATION_CODES,
  VIOLATION_SEVERITIES,
} from '@openclaw-fleet/contract';
import type { Fault } from '../assessment/types.ts';
import { HealthTally } from './health-tally.ts';
import type { FleetNode } from './types.ts';

type Health = Pick<FleetNode, 'assessment' | 'isolated'>;

const common = { id: 'x', openedMs: 0, message: '', playbook: null, liftedMs: null };
const drift: fc.Arbitrary<Fault> = fc
  .tuple(fc.constantFrom(...DRIFT_CATEGORIES), fc.constantFrom(...DRIFT_SEVERITIES))
  .map(([code, severity]) => ({ ...common, kind: 'drift', code, severity, expected: '', actual: '' }));
const violation: fc.Arbitrary<Fault> = fc
  .tuple(fc.constantFrom(...VIOLATION_CODES), fc.constantFrom(...VIOLATION_SEVERITIES))
  .map(([code, severity]) => ({ ...common, kind: 'violation', code, severity, expected: null, actual: null }));

const health: fc.Arbitrary<Health> = fc.record({
  isolated: fc.boolean(),
  assessment: fc.record({
    atMs: fc.constant(0),
    score: fc.option(fc.integer({ min: 0, max: 100 })),
    band: fc.constantFrom(...BANDS),
    points: fc.constant([20, 20, 20, 20, 20] as const),
    faults: fc.uniqueArray(fc.oneof(drift, violation), { selector: ({ kind, code }) => kind + code, maxLength: 6 }),
    nextMs: fc.constant(Infinity),
  }),
});

/** The same by looking at every node. */
function counted(nodes: readonly Health[]): HealthTally {
  const tally = new HealthTally();
  for (const node of nodes) tally.count(node, 1);
  return tally;
}

describe('HealthTally', () => {
  it('counts what each node is', () => {
    fc.assert(
      fc.property(fc.array(health), (nodes) => {
        const { bands, scores, drift, violations, isolated } = counted(nodes).summary();
        for (const band of BANDS) {
          expect(bands[band]).toBe(nodes.filter(({ assessment }) => assessment.band === band).length);
        }
        const known = nodes
          .flatMap(({ assessment: { score } }) => (score === null ? [] : [score]))
          .sort((a, b) => a - b);
        expect(scores).toEqual({
          count: known.length,
          sum: known.reduce((sum, score) => sum + score, 0),
          lowest: known[0] ?? null,
          p05: known[Math.ceil(known.length / 20) - 1] ?? null,
          median: known[Math.ceil(known.length / 2) - 1] ?? null,
        });
        expect(isolated).toBe(nodes.filter((node) => node.isolated).length);
        const open = nodes.flatMap(({ assessment }) => assessment.faults);
        const having = (code: string, severity: string): number =>
          open.filter((fault) => fault.code === code && fault.severity === severity).length;
        for (const code of DRIFT_CATEGORIES)
          for (const severity of DRIFT_SEVERITIES) expect(drift[code][severity]).toBe(having(code, severity));
        for (const code of VIOLATION_CODES)
          for (const severity of VIOLATION_SEVERITIES) expect(violations[code][severity]).toBe(having(code, severity));
      })
    );
  });

  it('is the same whatever the nodes were before', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(health, health)), (changes) => {
        const tally = counted(changes.map(([before]) => before));
        for (const [before, after] of changes) {
          tally.count(before, -1);
          tally.count(after, 1);
        }
        expect(tally.summary()).toEqual(counted(changes.map(([, after]) => after)).summary());
      })
    );
  });

  it('hands over a copy', () => {
    const tally = new HealthTally();
    const before = tally.summary();
    before.drift.config.major = 7;
    before.bands.healthy = 7;
    expect(tally.summary()).toEqual(new HealthTally().summary());
  });
});
