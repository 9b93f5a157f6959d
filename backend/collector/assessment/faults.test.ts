import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { ReportedBlock } from '@openclaw-fleet/contract';
import { assess, isolating, reworded, transitions } from './assess.ts';
import { faultOf } from './rule.ts';
import {
  bridgedOf,
  desiredOf,
  EDITED_HASH,
  expectationOf,
  ISSUED_HASH,
  MINUTE,
  NOW,
  subjectOf,
} from './testing/cases.ts';
import type { Expectation, Fault } from './types.ts';

const timings = TIMINGS.production;
const expectation = expectationOf();

/** Open faults after a report at `NOW + ms`. */
function after(
  open: readonly Fault[],
  ms: number,
  reported: Partial<ReportedBlock>,
  of: Expectation = expectation
): readonly Fault[] {
  const nowMs = NOW + ms;
  return assess(subjectOf({ report: bridgedOf(reported), seenMs: nowMs }), of, open, nowMs, timings).faults;
}
const told = (before: readonly Fault[], now: readonly Fault[]): string[] =>
  transitions(before, now).map(({ change, fault }) => `${change} ${fault.code} ${fault.severity}`);

describe('a fault', () => {
  it('has an id made of what it is and when it opened', () => {
    const [fault] = after([], 0, { bridge_version: '1.3.0' });
    expect(fault).toEqual({
      kind: 'drift',
      id: `n1.drift.version.${NOW}`,
      code: 'version',
      severity: 'major',
      expected: '1.4.0',
      actual: '1.3.0',
      message: 'Bridge 1.3.0 is behind the desired 1.4.0. Upgrade the bridge.',
      playbook: null,
      openedMs: NOW,
      liftedMs: null,
    });
  });

  it('escalates in place, and eases in place where the cause can get smaller', () => {
    const first = after([], 0, { sync_lag_ms: 130_000 });
    const worse = after(first, MINUTE, { sync_lag_ms: 400_000 });
    const better = after(worse, 2 * MINUTE, { sync_lag_ms: 130_000 });
    expect(reworded(first, worse)).toEqual([]);
    expect(told(first, worse)).toEqual(['escalated sync major', 'escalated sync-lag-over-limit high']);
    expect(told(worse, better)).toEqual(['eased sync minor', 'eased sync-lag-over-limit warning']);
    expect(told(better, after(better, 3 * MINUTE, {}))).toEqual([
      'resolved sync minor',
      'resolved sync-lag-over-limit warning',
    ]);
    for (const open of [worse, better]) {
      expect(faultOf(open, 'sync')).toMatchObject({ id: first[0]?.id, openedMs: NOW });
    }
    expect(faultOf(worse, 'sync')).toMatchObject({ actual: '6 min 40 s' });
  });

  it('opens anew when a version got better but not good', () => {
    const first = after([], 0, { bridge_version: '0.9.0' }, expectationOf({ minimumBridgeVersion: null }));
    const better = after(first, MINUTE, { bridge_version: '1.3.0' });
    expect(told(first, better)).toEqual(['resolved version critical', 'opened version major']);
    expect(faultOf(better, 'version')?.id).toBe(`n1.drift.version.${NOW + MINUTE}`);
    const sameInstant = after(first, 0, { bridge_version: '1.3.0' });
    expect(faultOf(sameInstant, 'version')?.id).toBe(`n1.drift.version.${NOW + 1}`);
  });

  it('keeps what was measured first while a number merely wiggles', () => {
    const first = after([], 0, { sync_lag_ms: 130_000, metrics: { cpu_pct: 95 } });
    expect(after(first, MINUTE, { sync_lag_ms: 140_000, metrics: { cpu_pct: 96 } })).toBe(first);
    expect(faultOf(first, 'cpu-over-limit')?.message).toBe('CPU 95 % is over the limit of 90 %');
  });

  it('names a new limit at once', () => {
    const first = after([], 0, { sync_lag_ms: 130_000, metrics: { cpu_pct: 97 } });
    const stricter = expectationOf({ limits: { cpuPct: 9 }, desired: desiredOf({ maxSyncLagMs: 60_000 }) });
    const now = after(first, MINUTE, { sync_lag_ms: 130_000, metrics: { cpu_pct: 98 } }, stricter);
    expect(faultOf(now, 'cpu-over-limit')?.message).toBe('CPU 98 % is over the limit of 9 %');
    expect(faultOf(now, 'sync')?.expected).toBe('at most 1 min');
    expect(faultOf(now, 'sync-lag-over-limit')?.message).toContain('over the limit of 1 min');
    expect(transitions(first, now)).toEqual([]);
    expect(reworded(first, now)).toEqual(now);
    expect(reworded(now, now)).toEqual([]);
    expect(now).not.toBe(first);
    expect(now.map(({ id }) => id)).toEqual(first.map(({ id }) => id));
  });

  it("follows the gateway's state, not the wiggling words of its reasons", () => {
    const error = (state: ReportedBlock['gateway_state'], reason: string): Partial<ReportedBlock> => ({
      health_status: 'error',
      gateway_state: state,
      health_reasons: [reason],
    });
    const first = after([], 0, error('hung', 'no answer for 6 s'));
    expect(after(first, 1000, error('hung', 'no answer for 7 s'))).toBe(first);
    const dead = after(first, 2000, error('dead', 'refused'));
    expect(dead.map(({ message }) => message)).toEqual([
      expect.stringContaining('error (dead): refused'),
      expect.stringContaining('error (dead): refused'),
    ]);
  });

  it('neither opens nor closes while nothing is known of its cause', () => {
    const below = after([], 0, { bridge_version: '1.1.0' });
    expect(after(below, MINUTE, { bridge_version: 'banana' })).toBe(below);
    const edited = after([], 0, { config_hash: EDITED_HASH });
    const desiredAnew = expectationOf({ revisionSinceMs: NOW + MINUTE });
    expect(after(edited, MINUTE, { config_hash: EDITED_HASH }, desiredAnew)).toBe(edited);
    expect(told(edited, after(edited, MINUTE, {}, desiredAnew))).toEqual([
      'resolved config major',
      'resolved config-drift high',
    ]);
  });

  it('follows a configuration that is edited again', () => {
    const first = after([], 0, { config_hash: EDITED_HASH });
    const again = after(first, MINUTE, { config_hash: 'f'.repeat(64) });
    expect(faultOf(again, 'config')).toMatchObject({ id: first[0]?.id, actual: 'hash ffffffffffff' });
    expect(after(again, 2 * MINUTE, { config_hash: 'f'.repeat(64) })).toBe(again);
  });
});

describe('isolation', () => {
  const strict = expectationOf({ unknownConfigSeverity: 'critical' });
  const lift = (faults: readonly Fault[]): readonly Fault[] =>
    faults.map((fault) => (fault.severity === 'critical' ? { ...fault, liftedMs: NOW } : fault));

  it('follows from a critical drift, not from a critical violation or a lesser drift', () => {
    expect(isolating([])).toBe(false);
    const edited = after([], 0, { config_hash: EDITED_HASH }, strict);
    expect(isolating(edited)).toBe(true);
    expect(isolating(edited.filter(({ kind }) => kind === 'violation'))).toBe(false);
    expect(isolating(after([], 0, { config_hash: EDITED_HASH }))).toBe(false);
  });

  it('stays lifted while what was lifted stays', () => {
    const edited = lift(after([], 0, { config_hash: EDITED_HASH }, strict));
    const same = after(edited, MINUTE, { config_hash: EDITED_HASH, sync_lag_ms: 130_000 }, strict);
    expect(isolating(same)).toBe(false);
    expect(faultOf(same, 'config')).toBe(edited[0]);
  });

  it('comes back with another edit, and with a new turn for the worse', () => {
    const edited = lift(after([], 0, { config_hash: EDITED_HASH }, strict));
    const other = after(edited, MINUTE, { config_hash: 'f'.repeat(64) }, strict);
    expect(isolating(other)).toBe(true);
    expect(reworded(edited, other)).toEqual(other);
    const better = after(edited, MINUTE, { config_hash: ISSUED_HASH }, strict);
    expect(isolating(better)).toBe(false);
    expect(isolating(after(better, 2 * MINUTE, { config_hash: EDITED_HASH }, strict))).toBe(true);
  });

  it('comes back when the same edit turns critical anew', () => {
    const edited = lift(after([], 0, { config_hash: EDITED_HASH }, strict));
    const milder = after(edited, MINUTE, { config_hash: EDITED_HASH });
    expect(faultOf(milder, 'config')).toMatchObject({ severity: 'major', liftedMs: null });
    expect(isolating(after(milder, 2 * MINUTE, { config_hash: EDITED_HASH }, strict))).toBe(true);
  });

  it('stays lifted while the lag alone grows', () => {
    const lagging = lift(after([], 0, { sync_lag_ms: 1_300_000 }));
    expect(isolating(after(lagging, MINUTE, { sync_lag_ms: 1_400_000 }))).toBe(false);
  });
});
