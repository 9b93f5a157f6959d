import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Snapshot } from '@openclaw-fleet/client';
import { GATEWAY_STATES, heartbeatSchema } from '@openclaw-fleet/contract';
import type { Observed } from './gateway/observed.ts';
import type { BridgeIdentity } from './report.ts';
import { changed, snapshotOf } from './report.ts';
import { healthy } from './testing/observed.ts';

const identity: BridgeIdentity = { version: '0.1.0', name: 'gw-1', transport: 'direct_https', environment: 'vps' };

/** As the client would send it. */
function beat(snapshot: Snapshot): unknown {
  return { node_id: 'n', hostname: 'h', last_heartbeat: '2026-11-22T12:00:00Z', tags: [], ...snapshot };
}

describe('snapshotOf', () => {
  it('says everything that was observed', () => {
    expect(snapshotOf(healthy, identity)).toEqual({
      hostname: 'gw-1',
      version: '0.1.0',
      capacity: { workers: 8, available_slots: 5 },
      queue_depth: { main: 0, cron: 2 },
      reported: {
        bridge_version: '0.1.0',
        openclaw_version: '2026.9.6',
        openclaw_build: '2026.9.6-release-eb377ac59e6c',
        gateway_boot_id: 'boot-1',
        gateway_state: 'running',
        transport: 'direct_https',
        environment: 'vps',
        full_config_hash: 'a'.repeat(64),
        config_valid: true,
        config_converged: true,
        apply_status: 'UNSET',
        sync_lag_ms: 1235,
        health_status: 'ok',
        health_reasons: [],
        metrics: { cpu_pct: 12.5, mem_used_bytes: 700_000_000, queue_depth: 2, failed_pushes_1h: 1 },
      },
      capabilities: ['transport:direct_https'],
      jobs: { total: 3, enabled: 2, failing: 1, results_1h: 6, failures_1h: 3, results_24h: 9, failures_24h: 4 },
    });
  });

  it('leaves out what is not known', () => {
    const nothing: Observed = {
      ...healthy,
      judgement: { state: 'dead', reasons: ['connection refused'] },
      version: null,
      build: null,
      bootId: null,
      readiness: null,
      lanes: null,
      work: null,
      config: null,
      health: null,
      system: null,
      jobs: null,
      connected: false,
    };
    expect(snapshotOf(nothing, { version: '0.1.0', transport: 'hybrid' })).toEqual({
      version: '0.1.0',
      capacity: { workers: 0, available_slots: 0 },
      queue_depth: {},
      reported: {
        bridge_version: '0.1.0',
        gateway_state: 'dead',
        transport: 'hybrid',
        apply_status: 'UNSET',
        sync_lag_ms: 1235,
        health_status: 'error',
        health_reasons: ['connection refused'],
        metrics: {},
      },
      capabilities: ['transport:hybrid'],
    });
  });

  it.each<[string, Partial<Observed>]>([
    ['is hung', { judgement: { state: 'hung', reasons: ['silent'] } }],
    ['is not ready', { readiness: { ready: false, failing: ['x'] } }],
    ['was not probed', { readiness: null }],
    ['cannot be read', { connected: false }],
    ['has a closed main lane', { lanes: [{ name: 'main', queued: 0, active: 0, workers: 8, closed: true }] }],
    ['has a full main lane', { lanes: [{ name: 'main', queued: 3, active: 8, workers: 8, closed: false }] }],
  ])('offers no slot while the gateway %s', (_name, change) => {
    expect(snapshotOf({ ...healthy, ...change }, identity).capacity).toEqual({ workers: 8, available_slots: 0 });
  });

  it('does not repeat old measurements of a gateway that does not run', () => {
    const hung = snapshotOf({ ...healthy, judgement: { state: 'hung', reasons: ['silent'] } }, identity);
    expect(hung.reported?.metrics).toEqual({ failed_pushes_1h: 1 });
    expect(hung.reported?.full_config_hash).toBe('a'.repeat(64));
  });

  it('sums what does not fit as other', () => {
    const lanes = Array.from({ length: 40 }, (_, index) => ({
      name: `lane-${index}`,
      queued: 1,
      active: 0,
      workers: 1,
      closed: false,
    }));
    const depth = snapshotOf({ ...healthy, lanes }, identity).queue_depth ?? {};
    expect(Object.keys(depth)).toHaveLength(32);
    expect(depth['other']).toBe(9);
  });

  it('counts a lane that is called as a member of every object is', () => {
    const lanes = [{ name: 'valueOf', queued: 2, active: 0, workers: null, closed: false }];
    expect(snapshotOf({ ...healthy, lanes }, identity).queue_depth).toEqual({ valueOf: 2 });
  });

  it('fits the contract, whatever the gateway says', () => {
    const text = fc.oneof(fc.string(), fc.string({ minLength: 150, maxLength: 400 }));
    const lane = fc.record({
      name: text,
      queued: fc.nat(),
      active: fc.nat(),
      workers: fc.option(fc.nat()),
      closed: fc.boolean(),
    });
    const observed = fc.record({
      judgement: fc.record({ state: fc.constantFrom(...GATEWAY_STATES), reasons: fc.array(text, { maxLength: 12 }) }),
      version: fc.option(text),
      build: fc.option(text),
      bootId: fc.option(text),
      readiness: fc.option(fc.record({ ready: fc.boolean(), failing: fc.array(text) })),
      lanes: fc.option(fc.array(lane, { maxLength: 60 })),
      readTroubles: fc.array(text),
    });
    fc.assert(
      fc.property(observed, (change) => {
        const result = heartbeatSchema.safeParse(beat(snapshotOf({ ...healthy, ...change }, identity)));
        expect(result.error).toBeUndefined();
      })
    );
  });
});

describe('changed', () => {
  const before = snapshotOf(healthy, identity);
  const after = (change: Partial<Observed>): boolean =>
    changed(before, snapshotOf({ ...healthy, ...change }, identity));
  const config = { fullHash: 'a'.repeat(64), valid: true, converged: true, firstIssue: null };

  it.each<[string, Partial<Observed>]>([
    ['state', { judgement: { state: 'draining', reasons: ['x'] } }],
    ['health', { readTroubles: ['config.get: TIMEOUT'] }],
    ['version', { version: '2026.9.7' }],
    ['build', { build: 'other' }],
    ['boot id', { bootId: 'boot-2' }],
    ['configuration', { config: { ...config, fullHash: 'b'.repeat(64) } }],
    ['validity', { config: { ...config, valid: false } }],
    ['convergence', { config: { ...config, converged: false } }],
    ['jobs, known for the first time', { jobs: null }],
  ])('notices the %s', (_name, change) => expect(after(change)).toBe(true));

  it.each<[string, Partial<Observed>]>([
    ['nothing', {}],
    ['numbers', { system: { cpuPct: 99, memUsedBytes: 1 }, syncLagMs: 9, lanes: [] }],
    ['job counts', { jobs: { list: { total: 9, enabled: 9, failing: 9 }, counts: healthy.jobs!.counts } }],
    ['work', { work: {} }],
  ])('is not moved by %s', (_name, change) => expect(after(change)).toBe(false));

  it('is not moved by other reasons for the same health', () => {
    const first = snapshotOf({ ...healthy, readTroubles: ['config.get: TIMEOUT'] }, identity);
    expect(changed(first, snapshotOf({ ...healthy, readTroubles: ['health: TIMEOUT'] }, identity))).toBe(false);
  });
});
