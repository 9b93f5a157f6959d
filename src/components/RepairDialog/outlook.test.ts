import { describe, expect, it } from '@jest/globals';
import { REFUSALS } from '@openclaw-fleet/contract';
import { passesByItself as collectorsRule } from '../../../backend/collector/remediation/guardrails/index.ts';
import { dryRunOf, planOf, plannedTargetOf } from '../../testing/fixtures/repairs.ts';
import { outlook, passesByItself } from './outlook.ts';

describe('what would become of each target', () => {
  it.each(REFUSALS)('waits for %s where the collector does', (reason) => {
    const waits = collectorsRule({ reason }) && reason !== 'target-busy';
    expect(passesByItself(reason)).toBe(waits);
  });

  it('parts what stops a target from what it waits for, each its own', () => {
    const plan = planOf({ targets: [plannedTargetOf('a'), plannedTargetOf('b')] });
    const refusals = [
      { targetId: 'b', reason: 'paused' as const, message: 'Paused.' },
      { targetId: 'b', reason: 'backoff' as const, message: 'Wait.' },
    ];
    const [a, b] = outlook(dryRunOf({ plan, refusals }));
    expect(a).toMatchObject({ held: [], waits: [] });
    expect(b?.held.map(({ reason }) => reason)).toEqual(['paused']);
    expect(b?.waits.map(({ reason }) => reason)).toEqual(['backoff']);
  });
});
