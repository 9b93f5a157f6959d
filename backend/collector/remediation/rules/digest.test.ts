import { describe, expect, it } from '@jest/globals';
import type { Plan, PlannedTarget, ReportedBlock } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { faultOf, NOW, targetOf } from '../guardrails/testing/context.ts';
import { planDigest, plannedTarget, whatChanged } from './digest.ts';

const reported: ReportedBlock = {
  bridge_version: '1.4.0',
  openclaw_version: '2026.9.6',
  gateway_boot_id: 'boot-1',
  gateway_state: 'running',
  config_hash: 'c'.repeat(64),
  apply_status: 'APPLIED',
  sync_lag_ms: 100,
  health_status: 'ok',
  health_reasons: [],
  metrics: {},
};
const facts = targetOf({ reported });
const planned = plannedTarget(facts, faultOf());
const plan = (of: Partial<Pick<Plan, 'playbook' | 'actions' | 'targets'>> = {}) => ({
  playbook: 'ConfigDrift' as const,
  actions: [{ verb: 'reconcile' as const, parameters: { allowRestart: false } }],
  targets: [planned],
  ...of,
});

describe('what is seen of a target', () => {
  it('has a digest whatever a node says of itself', () => {
    const halves = { bridge_version: '\ud800', openclaw_version: 'x\udc00', gateway_boot_id: '\ud800' };
    const said = plannedTarget(targetOf({ reported: { ...reported, ...halves } }), faultOf());
    expect(planDigest(plan({ targets: [said] }))).toMatch(/^[0-9a-f]{64}$/);
    expect(whatChanged(planned, said)).toHaveLength(3);
  });

  it('is what the plan holds', () => {
    expect(planned).toEqual({
      targetId: 'gateway-1',
      zone: 'eu',
      bridgeVersion: '1.4.0',
      openclawVersion: '2026.9.6',
      gatewayBootId: 'boot-1',
      configHash: 'c'.repeat(64),
      desiredRevision: 'a'.repeat(64),
      desiredConfigHash: 'a'.repeat(64),
      fault: 'drift.config',
      severity: 'minor',
      openFaults: ['drift.config'],
      isolated: false,
    });
    expect(plannedTarget(targetOf(), null)).toMatchObject({ bridgeVersion: null, configHash: null, fault: 'none' });
  });
});

describe('the digest of a plan', () => {
  it('stays as it is, so that what was approved once is known for ever', () => {
    expect(planDigest(plan())).toBe('bb8f76ffef4f5b93cbe57c4177410f6c9e9fbddc4cfa499397af9d69bf25cdb2');
  });

  it('does not change with a mere new heartbeat', () => {
    const later = targetOf({
      reported: { ...reported, sync_lag_ms: 9000, metrics: { cpu_pct: 80 }, health_reasons: ['busy'] },
      seenMs: NOW,
      tags: ['new'],
      repairable: [],
    });
    const target = plannedTarget(later, faultOf({ message: 'In other words.', openedMs: 7 }));
    expect(planDigest(plan({ targets: [target] }))).toBe(planDigest(plan()));
  });

  it('does not change with reasons, times, names or the order of targets', () => {
    const other = { ...planned, targetId: 'gateway-2' };
    const whole = { ...plan({ targets: [planned, other] }), reason: 'x', createdAt: 'now', requestedBy: 'me' };
    expect(planDigest(whole)).toBe(planDigest(plan({ targets: [other, planned] })));
  });

  it.each<[string, Partial<PlannedTarget>]>([
    ['the bridge', { bridgeVersion: '1.4.1' }],
    ['the gateway', { openclawVersion: '2026.9.7' }],
    ['the boot', { gatewayBootId: 'boot-2' }],
    ['no boot', { gatewayBootId: null }],
    ['what it runs', { configHash: 'd'.repeat(64) }],
    ['what is desired', { desiredRevision: 'd'.repeat(64) }],
    ['the overlay', { desiredConfigHash: 'd'.repeat(64) }],
    ['the fault', { fault: 'drift.sync' }],
    ['its severity, once it is critical', { severity: 'critical' }],
    ['another open fault', { openFaults: ['drift.config', 'drift.sync'] }],
    ['an escalation', { openFaults: ['drift.config:critical'] }],
    ['isolation', { isolated: true }],
    ['the target', { targetId: 'gateway-2' }],
  ])('changes with %s', (_name, of) => {
    expect(planDigest(plan({ targets: [{ ...planned, ...of }] }))).not.toBe(planDigest(plan()));
    if (!('targetId' in of)) expect(whatChanged(planned, { ...planned, ...of })).toHaveLength(1);
  });

  it('does not change when a fault grows older, and still is not critical', () => {
    const older = { ...planned, severity: 'major' as const };
    expect(planDigest(plan({ targets: [older] }))).toBe(planDigest(plan()));
    expect(whatChanged(planned, older)).toEqual([]);
  });

  it('changes with what would be done', () => {
    const digests = [
      plan(),
      plan({ playbook: 'BridgeStuck' }),
      plan({ actions: [] }),
      plan({ actions: [{ verb: 'reload', parameters: { allowRestart: false } }] }),
      plan({ actions: [{ verb: 'reconcile', parameters: { allowRestart: true } }] }),
      plan({ targets: [] }),
      plan({ targets: [planned, { ...planned, targetId: 'gateway-2' }] }),
    ].map(planDigest);
    expect(new Set(digests).size).toBe(digests.length);
    for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('cannot be met by other targets', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 4 }),
        ([a = '', b = '']) => {
          const of = (fault: string): string => planDigest(plan({ targets: [{ ...planned, fault }] }));
          expect(of(a)).not.toBe(of(b));
        }
      )
    );
  });

  it('says in words what changed', () => {
    expect(whatChanged(planned, planned)).toEqual([]);
    expect(whatChanged(planned, { ...planned, zone: 'us', gatewayBootId: 'boot-2', isolated: true })).toEqual([
      'the gateway was started anew',
      'whether it is isolated',
    ]);
  });
});
