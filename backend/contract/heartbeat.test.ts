import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  heartbeatSchema,
  MAX_TAG_LENGTH,
  MAX_TAGS,
  nodeIdSchema,
  TIMINGS,
  zoneOf,
  DEMO_SPEED,
  NO_ZONE,
} from './index.ts';

/** Seed 004's example. */
const seed = {
  node_id: 'uuid-1234',
  hostname: 'chimera-01.prod',
  version: '1.2.0',
  capacity: { workers: 24, available_slots: 5 },
  queue_depth: { planner: 3, worker: 120 },
  last_heartbeat: '2026-02-06T12:34:56Z',
  tags: ['region:us-east-1', 'gpu:true'],
  uptime_seconds: 86400,
};

const reported = {
  bridge_version: '0.1.0',
  gateway_state: 'running',
  apply_status: 'UNSET',
  sync_lag_ms: 12,
  health_status: 'ok',
  health_reasons: [],
  metrics: {},
};

describe('a heartbeat', () => {
  it('of seed 004 is valid as it is', () => {
    expect(heartbeatSchema.parse(seed)).toEqual(seed);
  });

  it('may carry what a bridge adds', () => {
    const full = {
      ...seed,
      boot_id: 'b1',
      seq: 7,
      interval_seconds: 60,
      reported: { ...reported, config_hash: 'ab'.repeat(32), metrics: { cpu_pct: 12.5, failed_pushes_1h: 0 } },
      capabilities: ['restart', 'supervisor:systemd'],
      jobs: { total: 3, enabled: 2, failing: 1, results_1h: 5, failures_1h: 1 },
      publisher: { success_total: 1, failure_total: { http_503: 2 } },
      goodbye: 'restart',
    };
    expect(heartbeatSchema.parse(full)).toEqual(full);
  });

  it('needs no uptime, and nothing else less', () => {
    for (const field of Object.keys(seed)) {
      const less = Object.fromEntries(Object.entries(seed).filter(([name]) => name !== field));
      expect({ field, valid: heartbeatSchema.safeParse(less).success }).toEqual({
        field,
        valid: field === 'uptime_seconds',
      });
    }
  });

  it('loses what the contract does not know', () => {
    expect(heartbeatSchema.parse({ ...seed, email: 'a@b.example', reported: { ...reported, secret: 'x' } })).toEqual({
      ...seed,
      reported,
    });
  });

  it.each([
    ['node_id', '../etc'],
    ['node_id', 'a'.repeat(65)],
    ['hostname', ''],
    ['hostname', 'a\nb'],
    ['version', '\u009b31m'],
    ['last_heartbeat', '2026-02-06'],
    ['last_heartbeat', '2026-02-06T12:34:56'],
    ['last_heartbeat', 1_770_000_000],
    ['tags', Array<string>(MAX_TAGS + 1).fill('a')],
    ['tags', ['a'.repeat(MAX_TAG_LENGTH + 1)]],
    ['capacity', { workers: -1 }],
    ['capacity', { workers: Number.POSITIVE_INFINITY }],
    ['capacity', Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`r${index}`, 1]))],
    ['queue_depth', { __proto__x: null }],
    ['seq', 1.5],
    ['goodbye', 'crash'],
    ['capabilities', ['rm -rf /']],
    ['reported', { ...reported, config_hash: 'xyz' }],
    ['reported', { ...reported, health_reasons: Array<string>(9).fill('a') }],
    ['publisher', { success_total: 1, failure_total: { 'a b': 1 } }],
  ])('names the field %s when it is not valid', (field, value) => {
    const result = heartbeatSchema.safeParse({ ...seed, [field]: value });
    expect(result.error?.issues[0]?.path[0]).toBe(field);
  });
});

describe('a node id', () => {
  it('is stable and opaque, and safe in a path, a label and a certificate', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(nodeIdSchema.safeParse(text).success).toBe(
          /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(text) && !text.includes('\n')
        );
      })
    );
  });
});

describe('a zone', () => {
  it('is the first region tag, or none', () => {
    expect(zoneOf(['gpu:true', 'region:eu-1', 'region:us-1'])).toBe('eu-1');
    expect(zoneOf(['region:', 'env:prod'])).toBe(NO_ZONE);
  });

  it('are the same when every reader of UTF-8 takes them for the same', () => {
    expect(zoneOf(['region:\ud800'])).toBe(zoneOf(['region:\udfff']));
  });
});

describe('timings', () => {
  it('of the demo are those of production, faster', () => {
    // A real gateway, and a busy machine, take as long as they take.
    const { convergence, gatewayStart, actionValidity, ...others } = TIMINGS.production;
    expect(TIMINGS.demo).toMatchObject({ convergence, gatewayStart, actionValidity, beat: 3000 });
    for (const [name, ms] of Object.entries(others)) {
      expect([name, TIMINGS.demo[name as keyof typeof TIMINGS.demo]]).toEqual([name, ms / DEMO_SPEED]);
    }
  });
});
