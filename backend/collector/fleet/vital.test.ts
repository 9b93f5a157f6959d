import { describe, expect, it } from '@jest/globals';
import { heartbeatSchema, reportedBlockSchema } from '@openclaw-fleet/contract';
import type { Heartbeat, ReportedBlock } from '@openclaw-fleet/contract';
import type { Report } from '../assessment/types.ts';
import { refreshed, reportOf, sameSettled, settledOf, vitalOf } from './vital.ts';

const reported: Required<ReportedBlock> = {
  bridge_version: '0.1.0',
  openclaw_version: '2026.9.6',
  openclaw_build: 'build',
  gateway_boot_id: 'boot',
  gateway_state: 'running',
  transport: 'direct_https',
  environment: 'vps',
  config_hash: 'a'.repeat(64),
  full_config_hash: 'b'.repeat(64),
  config_valid: true,
  config_converged: true,
  revision: 'c'.repeat(64),
  apply_status: 'APPLIED',
  actions_address: '10.0.0.7:9465',
  tunnel_port: 4022,
  metrics_address: '10.0.0.7:9464',
  sync_lag_ms: 10,
  health_status: 'ok',
  health_reasons: ['fine'],
  metrics: { cpu_pct: 1 },
};
const whole: Required<Heartbeat> = {
  node_id: 'a',
  hostname: 'a.prod',
  version: '1',
  capacity: { workers: 1 },
  queue_depth: { planner: 1 },
  last_heartbeat: '2026-02-06T12:34:56Z',
  tags: ['region:eu'],
  uptime_seconds: 1,
  boot_id: 'boot',
  seq: 1,
  interval_seconds: 60,
  reported,
  capabilities: ['restart'],
  jobs: { total: 1, enabled: 1, failing: 0, results_1h: 1, failures_1h: 0 },
  publisher: { success_total: 1, failure_total: {} },
  goodbye: 'restart',
};
const copy = (): Required<Heartbeat> => structuredClone(whole);
/** Without its time, which is the node's mark. */
const timeless = (report: Report): object =>
  Object.fromEntries(Object.entries(report).filter(([field]) => field !== 'last_heartbeat'));

/** Another value for each field: a value that compares as different however it is compared. */
function other(value: unknown): unknown {
  if (typeof value === 'string') return `${value}!`;
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return [...(value as unknown[]), 'more'];
  return { ...(value as object), more: 7 };
}

const VITAL = ['last_heartbeat', 'uptime_seconds', 'seq', 'capacity', 'queue_depth', 'jobs', 'publisher'];
const VITAL_REPORTED = ['sync_lag_ms', 'metrics'];
const fields = Object.keys(heartbeatSchema.shape).filter((field) => field !== 'node_id' && field !== 'reported');
const reportedFields = Object.keys(reportedBlockSchema.shape);

describe('a heartbeat in storage', () => {
  it('comes back as it was, whatever it leaves out', () => {
    expect(reportOf({ report: settledOf(whole), vital: vitalOf(whole) })).toEqual(timeless(whole));
    for (const field of [...fields, 'reported']) {
      const beat: Heartbeat = copy();
      Reflect.deleteProperty(beat, field);
      expect(reportOf({ report: settledOf(beat), vital: vitalOf(beat) })).toEqual(timeless(beat));
    }
  });

  it('was whole in its one row before the two were kept apart', () => {
    expect(reportOf({ report: JSON.stringify(whole), vital: '{}' })).toEqual(whole);
  });
});

// A field of the contract that is forgotten here would never be stored again once it changes.
describe('every field of a heartbeat', () => {
  it.each(fields)('%s is settled, or written with every heartbeat', (field) => {
    for (const value of [other(whole[field as keyof Heartbeat]), undefined]) {
      const next = { ...copy(), [field]: value } as Heartbeat;
      expect(sameSettled(whole, next)).toBe(VITAL.includes(field));
      expect(sameSettled(next, whole)).toBe(VITAL.includes(field));
      if (VITAL.includes(field)) expect(timeless(refreshed(copy(), next))).toEqual(timeless(next));
    }
  });

  it.each(reportedFields)('reported.%s is settled, or written with every heartbeat', (field) => {
    for (const value of [other(reported[field as keyof ReportedBlock]), undefined]) {
      if (value === undefined && VITAL_REPORTED.includes(field)) continue;
      const next = { ...copy(), reported: { ...reported, [field]: value } } as Heartbeat;
      expect(sameSettled(whole, next)).toBe(VITAL_REPORTED.includes(field));
      expect(sameSettled(next, whole)).toBe(VITAL_REPORTED.includes(field));
      if (VITAL_REPORTED.includes(field)) expect(refreshed(copy(), next)).toEqual(next);
    }
  });

  it('reported itself is settled', () => {
    const less: Heartbeat = copy();
    delete less.reported;
    expect(sameSettled(whole, less)).toBe(false);
    expect(sameSettled(less, whole)).toBe(false);
    expect(sameSettled(less, { ...less })).toBe(true);
    expect(sameSettled(whole, copy())).toBe(true);
  });
});

describe('a held heartbeat', () => {
  it('is brought up to date in place', () => {
    const held = copy();
    const { capacity } = held;
    const next = { ...copy(), capacity: { workers: 5 }, seq: 2 };
    expect(refreshed(held, next)).toBe(held);
    expect(held).toEqual(next);
    expect(held.capacity).toBe(capacity);
  });
});
