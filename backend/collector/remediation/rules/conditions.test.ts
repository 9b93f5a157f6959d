import { describe, expect, it } from '@jest/globals';
import { DRIFT_CATEGORIES, VIOLATION_CODES } from '@openclaw-fleet/contract';
import { VIOLATION_RULES } from '../../assessment/violations.ts';
import { keysOfCondition, standsFor } from './conditions.ts';

describe('keys of one condition', () => {
  it('are a violation and what stands for it', () => {
    expect(standsFor('violation.config-drift')).toBe('drift.config');
    expect(standsFor('violation.failed-pushes-over-limit')).toBeNull();
    expect(standsFor('drift.config')).toBeNull();
    expect(keysOfCondition('violation.runtime-error')).toEqual(['drift.runtime', 'violation.runtime-error']);
    expect(keysOfCondition('drift.runtime')).toEqual(['drift.runtime', 'violation.runtime-error']);
    expect(keysOfCondition('liveness.expired')).toEqual(['liveness.expired']);
  });

  it('are keys that there are, with playbooks', () => {
    const known = [
      ...DRIFT_CATEGORIES.map((category) => `drift.${category}`),
      ...VIOLATION_CODES.map((code) => `violation.${code}`),
      'anomaly.job-failures',
    ];
    for (const { code } of VIOLATION_RULES.filter(({ playbook }) => playbook !== null)) {
      for (const key of keysOfCondition(`violation.${code}`)) expect(known).toContain(key);
    }
    const paired = VIOLATION_RULES.filter(({ code }) => standsFor(`violation.${code}`) !== null);
    expect(paired).toHaveLength(4);
    expect(paired.every(({ playbook }) => playbook !== null)).toBe(true);
  });
});
