import { describe, expect, it } from '@jest/globals';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { asksFullState, carryOver } from './carry.ts';
import type { Decision } from './ordering.ts';

const beat = (more: Partial<Heartbeat> = {}): Heartbeat => ({
  node_id: 'a',
  hostname: 'a',
  version: '1',
  capacity: {},
  queue_depth: {},
  last_heartbeat: '2026-02-06T12:34:56Z',
  tags: [],
  ...more,
});
const jobs = { total: 1, enabled: 1, failing: 0, results_1h: 9, failures_1h: 1 };
const reported = {
  bridge_version: '1',
  gateway_state: 'running',
  apply_status: 'UNSET',
  sync_lag_ms: 0,
  health_status: 'ok',
  health_reasons: [],
  metrics: {},
} as const satisfies Heartbeat['reported'];
const full = beat({
  jobs,
  reported: { ...reported, health_reasons: [] },
  capabilities: ['restart'],
  publisher: { success_total: 1, failure_total: {} },
});

describe('carryOver', () => {
  it('keeps the blocks that a beat leaves out, and nothing else', () => {
    const next = beat({ uptime_seconds: 5 });
    const { jobs: j, reported: r, capabilities, publisher } = full;
    expect(carryOver(next, { ...full, uptime_seconds: 4, interval_seconds: 30, goodbye: 'restart' })).toEqual({
      ...next,
      jobs: j,
      reported: r,
      capabilities,
      publisher,
    });
  });

  it('prefers what a beat says', () => {
    const next = { ...full, jobs: { ...jobs, failing: 1 }, capabilities: [] };
    expect(carryOver(next, full)).toEqual(next);
  });

  it('copies nothing when there is nothing to carry', () => {
    const next = beat();
    expect(carryOver(next, beat())).toBe(next);
    expect(carryOver(next, null)).toBe(next);
  });
});

describe('asksFullState', () => {
  const accepted = (missed: number): Decision => ({ status: 'accepted', memory: null, late: false, missed });
  const last = beat({ boot_id: 'x', seq: 4 });
  const configured = (hash: string, more: Partial<Heartbeat>): Heartbeat =>
    beat({ ...more, reported: { ...reported, health_reasons: [], full_config_hash: hash } });
  const known = configured('a', { boot_id: 'x', seq: 4 });
  it.each<[string, Heartbeat, Heartbeat | null, number, boolean]>([
    ['a plain sender', beat(), null, 0, false],
    ['a new node in the middle of its life', beat({ boot_id: 'x', seq: 5 }), null, 0, true],
    ['a new node at its beginning', beat({ boot_id: 'x', seq: 0 }), null, 0, false],
    ['the next beat', beat({ boot_id: 'x', seq: 5 }), last, 0, false],
    ['a gap', beat({ boot_id: 'x', seq: 6 }), last, 1, true],
    ['a gap, and the state is there', { ...full, boot_id: 'x', seq: 6 }, last, 1, false],
    ['a new boot from its beginning', beat({ boot_id: 'y', seq: 1 }), last, 0, false],
    ['a new boot whose beginning was missed', beat({ boot_id: 'y', seq: 3 }), last, 0, true],
    [
      'the next beat after an edit, which the bridge reports itself',
      configured('b', { boot_id: 'x', seq: 5 }),
      known,
      0,
      false,
    ],
    ['a gap with an edit in it', configured('b', { boot_id: 'x', seq: 9 }), known, 4, true],
    ['a gap, and the configuration cannot be read', { ...full, boot_id: 'x', seq: 9 }, known, 4, true],
    ['a gap, and the configuration is the known one', configured('a', { boot_id: 'x', seq: 9 }), known, 4, false],
    [
      'another configuration and boot whose beginning was missed',
      configured('b', { boot_id: 'y', seq: 3 }),
      known,
      0,
      true,
    ],
    ['another configuration from the beginning of a boot', configured('b', { boot_id: 'y', seq: 1 }), known, 0, false],
    [
      'a complete beat of a new node in the middle of its life',
      configured('a', { boot_id: 'x', seq: 5 }),
      null,
      0,
      true,
    ],
    ['a complete beat of a new node at its beginning', configured('a', { boot_id: 'x', seq: 1 }), null, 0, false],
    ['a goodbye', beat({ boot_id: 'x', seq: 9, goodbye: 'shutdown' }), last, 4, false],
  ])('%s', (_name, next, before, missed, expected) => {
    expect(asksFullState(next, before, accepted(missed))).toBe(expected);
  });
});
