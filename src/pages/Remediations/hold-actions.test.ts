import { describe, expect, it } from '@jest/globals';
import type { Hold } from '@openclaw-fleet/contract';
import { ROUTES } from '../../../backend/collector/api/routes.ts';
import { holdOf } from '../../testing/fixtures/repairs.ts';
import { endConsequence, holdEnd, holdSubject, roleOf } from './hold-actions.ts';

const breaker = { kind: 'breaker', subject: 'ConfigDrift drift.config' } as const;
const quarantine = { kind: 'quarantine', targetId: 'a', subject: 'drift.config' } as const;

describe('what ends a hold', () => {
  it.each<[Partial<Hold>, ReturnType<typeof holdEnd>, string]>([
    [{}, { kind: 'resume-all' }, 'Everything'],
    [{ targetId: 'a' }, { kind: 'target', targetId: 'a', decision: 'resume' }, 'node a'],
    [{ kind: 'cordon', targetId: 'a' }, { kind: 'target', targetId: 'a', decision: 'uncordon' }, 'node a'],
    [quarantine, { kind: 'quarantine', targetId: 'a', fault: 'drift.config' }, 'node a: Configuration drift'],
    [
      breaker,
      { kind: 'breaker', playbook: 'ConfigDrift', fault: 'drift.config' },
      'Restore the configuration on Configuration drift',
    ],
    [{ kind: 'breaker', subject: 'Newer drift.sync' }, null, 'Newer on Sync drift'],
    [{ kind: 'breaker', subject: null }, null, ' on '],
    [{ kind: 'cordon', targetId: null }, null, 'Everything'],
  ])('%j', (over, end, subject) => {
    expect(holdEnd(holdOf(over))).toEqual(end);
    expect(holdSubject(holdOf(over), 'node a')).toBe(subject);
    if (end !== null) expect(endConsequence(end, 'node a')).not.toBe('');
  });

  it.each([
    [{}, ROUTES.resumeFleet.role],
    [{ targetId: 'a' }, ROUTES.resumeTarget.role],
    [{ kind: 'cordon', targetId: 'a' }, ROUTES.uncordonTarget.role],
    [quarantine, ROUTES.clearQuarantine.role],
    [breaker, ROUTES.closeBreaker.role],
  ] as const)('%j takes the role that the collector asks for: %s', (over, role) => {
    const end = holdEnd(holdOf(over));
    expect(end === null ? null : roleOf(end)).toBe(role);
  });
});
