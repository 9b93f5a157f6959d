import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import type { FleetView } from '../fleet/types.ts';
import { beat, BRIDGE_BLOCKS, START } from '../api/testing/harness.ts';
import { MemoryStore } from '../fleet/memory-store.ts';
import { Fleet } from '../fleet/registry.ts';
import { escapeHelp, escapeLabelValue, formatMillis, formatValue } from './format.ts';
import { createTargetRenderer } from './render.ts';
import { METRICS_LEVELS } from './family.ts';
import type { MetricsLevel } from './family.ts';
import { extraLabels, familiesAt, TARGET_FAMILIES } from './targets.ts';
import { assessment, drift, shownAs, violation } from './testing/assessed.ts';
import { parseExposition } from './testing/exposition.ts';
import type { Exposition } from './testing/exposition.ts';

async function fleetOf(beats: Readonly<Record<string, Partial<Heartbeat>>>): Promise<Fleet> {
  const store = new MemoryStore();
  const epoch = await store.takeEpoch();
  const fleet = new Fleet({ timings: TIMINGS.production, clock: () => START, store, epoch: () => epoch });
  for (const [id, more] of Object.entries(beats)) await fleet.receive(beat(id, START, more), 1, START);
  return fleet;
}

function render(
  fleet: FleetView,
  level: MetricsLevel,
  nowMs = START,
  endS?: (id: string) => number | undefined
): Exposition {
  const renderer = createTargetRenderer(level, endS && { certificateEndS: endS });
  return parseExposition([...renderer.render(fleet, nowMs)].join('') || '\n');
}

/** The values of a family for one target, by what its extra labels say. */
function valuesOf({ samples }: Exposition, name: string, target: string): Record<string, number> {
  return Object.fromEntries(
    samples
      .filter((sample) => sample.name === name && sample.labels['target'] === target)
      .map(({ labels, value }) => [
        Object.keys(labels)
          .filter((label) => label !== 'target' && label !== 'zone')
          .map((label) => labels[label])
          .join('/'),
        value,
      ])
  );
}

describe('per-target series', () => {
  it('of a bridged target say what its heartbeat says, in base units', async () => {
    const fleet = await fleetOf({ n1: BRIDGE_BLOCKS });
    const seen = render(fleet, 'full', START + 2500);
    const value = (name: string) => valuesOf(seen, `openclaw_target_${name}`, 'n1');
    expect(value('info')).toEqual({ 'n1.prod/1.2.0/0.1.0/2026.2.1/default/': 1 });
    expect(value('state')).toEqual({
      online: 1,
      stale: 0,
      expired: 0,
      stopped: 0,
      inactive: 0,
      retired: 0,
      unknown: 0,
    });
    expect(value('gateway_state')).toMatchObject({ running: 1, hung: 0, dead: 0 });
    expect(value('health_status')).toEqual({ ok: 0, warn: 1, error: 0 });
    expect(value('apply_status')).toEqual({ UNSET: 0, APPLYING: 0, APPLIED: 1, FAILED: 0 });
    expect(value('queue_depth_by_queue')).toEqual({ planner: 3, worker: 120 });
    expect(value('publish_failure_total')).toEqual({ network: 2, http_503: 1 });
    const single = Object.fromEntries(
      TARGET_FAMILIES.filter((family) => family.shape === 'value').map(({ name }) => [
        name.replace('openclaw_target_', ''),
        valuesOf(seen, name, 'n1')[''],
      ])
    );
    expect(single).toEqual({
      flapping: 0,
      health_score: fleet.get('n1')!.assessment.score,
      isolated: 0,
      last_seen_timestamp_seconds: START / 1000,
      interval_seconds: 60,
      clock_skew_seconds: 0,
      capacity_workers: 24,
      available_slots: 5,
      queue_depth: 123,
      sync_lag_seconds: 4,
      config_hash: 0x0123456789ab,
      full_config_hash: 0xba9876543210,
      cpu_usage_ratio: 0.125,
      memory_used_bytes: 800_000_000,
      failed_pushes_last_hour: 2,
      jobs_failing: 1,
      job_results_last_hour: 12,
      job_failures_last_hour: 3,
      config_valid: 1,
      config_converged: 0,
      uptime_seconds: 86400,
      missed_beats_total: 0,
      gateway_queue_depth: 4,
      jobs: 5,
      jobs_enabled: 4,
      job_results_last_day: 200,
      job_failures_last_day: 7,
      publish_success_total: 100,
      publish_dropped_total: 0,
      publish_buffered: 1,
    });
    expect(valuesOf(seen, 'openclaw_target_publish_latency_seconds_sum', 'n1')).toEqual({ '': 4.25 });
    expect(valuesOf(seen, 'openclaw_target_publish_latency_seconds_count', 'n1')).toEqual({ '': 100 });
  });

  it('of a plain sender leave out what it does not report', async () => {
    const fleet = await fleetOf({ plain: { capacity: {}, queue_depth: {} } });
    const names = new Set(render(fleet, 'full').samples.map(({ name }) => name.replace('openclaw_target_', '')));
    expect([...names]).toEqual([
      'info',
      'state',
      'flapping',
      'health_score',
      'health_band',
      'isolated',
      'health_component_points',
      'last_seen_timestamp_seconds',
      'interval_seconds',
      'clock_skew_seconds',
      'queue_depth',
      'uptime_seconds',
      'missed_beats_total',
    ]);
  });

  it('say when the newest certificate of a target ends, where it has one and is not retired', async () => {
    const fleet = await fleetOf({ a: {}, b: {}, c: {} });
    const ends = new Map([
      ['a', 1_800_000_000],
      ['c', 1_900_000_000],
    ]);
    const samples = () =>
      render(fleet, 'core', START, (id) => ends.get(id))
        .samples.filter(({ name }) => name === 'openclaw_target_certificate_expiry_timestamp_seconds')
        .map(({ labels, value }) => [labels['target'], labels['zone'], value]);
    expect(samples()).toEqual([
      ['a', 'us-east-1', 1_800_000_000],
      ['c', 'us-east-1', 1_900_000_000],
    ]);
    await fleet.retire('c', { actor: 'grafana:ada', reason: 'sold' });
    expect(samples().map(([target]) => target)).toEqual(['a']);
  });

  it.each(METRICS_LEVELS)('at %s are those of its families, each with its labels, for every target', async (level) => {
    const unwell = { assessment: assessment({ faults: [drift('sync', 'minor'), violation('runtime-error', 'high')] }) };
    const fleet = shownAs(await fleetOf({ a: BRIDGE_BLOCKS, b: BRIDGE_BLOCKS }), { a: unwell, b: unwell });
    const { types, samples } = render(fleet, level, START, () => 1);
    expect([...types]).toEqual(familiesAt(level).map(({ name, type }) => [name, type]));
    for (const family of familiesAt(level)) {
      const own = samples.filter(
        ({ name }) => name.replace(/_(sum|count)$/, '') === family.name || name === family.name
      );
      expect(new Set(own.map(({ labels }) => labels['target']))).toEqual(new Set(['a', 'b']));
      for (const { labels } of own) {
        expect(Object.keys(labels).sort()).toEqual(['target', 'zone', ...extraLabels(family)].sort());
      }
    }
  });

  it('never carry a message, a hash, a boot id or a revision as a label', async () => {
    const faults = [drift('config', 'major'), violation('config-drift', 'high')];
    const fleet = shownAs(await fleetOf({ a: { ...BRIDGE_BLOCKS, boot_id: 'publisher-boot' } }), {
      a: { assessment: assessment({ faults }) },
    });
    const values = render(fleet, 'full').samples.flatMap(({ labels }) => Object.values(labels));
    const told = faults.flatMap(({ id, message, expected, actual }) => [id, message, expected, actual]);
    for (const secret of [
      'one job fails',
      BRIDGE_BLOCKS.reported.config_hash,
      'boot-1',
      'publisher-boot',
      'r1',
      ...told,
    ]) {
      expect(values).not.toContain(secret);
    }
  });

  it('say what was assessed, each fault with the severity that alerting knows and the one of its own', async () => {
    const fleet = shownAs(
      await fleetOf({ unwell: {}, fine: {}, silent: {} }),
      {
        unwell: {
          isolated: true,
          assessment: assessment({
            score: 37,
            band: 'critical',
            points: [15, 12.5, 0, 20, NaN],
            faults: [
              drift('version', 'critical'),
              drift('config', 'major'),
              drift('sync', 'minor'),
              violation('version-below-minimum', 'critical'),
              violation('config-drift', 'high'),
              violation('cpu-over-limit', 'warning'),
            ],
          }),
        },
        silent: { assessment: assessment({ score: null, band: 'unknown', points: [NaN, NaN, NaN, NaN, NaN] }) },
      },
      { owner: 'team "a"', profileId: 'production' }
    );
    const seen = render(fleet, 'full');
    const value = (name: string, target: string) => valuesOf(seen, `openclaw_target_${name}`, target);
    expect(value('health_score', 'unwell')).toEqual({ '': 37 });
    expect(value('health_band', 'unwell')).toEqual({ healthy: 0, warning: 0, degraded: 0, critical: 1, unknown: 0 });
    expect(value('isolated', 'unwell')).toEqual({ '': 1 });
    expect(value('health_component_points', 'unwell')).toEqual({
      connectivity: 15,
      sync: 12.5,
      policy: 0,
      runtime: 20,
    });
    expect(value('drift', 'unwell')).toEqual({
      'version/critical/critical': 1,
      'config/warning/major': 1,
      'sync/info/minor': 1,
    });
    expect(value('violation', 'unwell')).toEqual({
      'version-below-minimum/critical/critical': 1,
      'config-drift/warning/high': 1,
      'cpu-over-limit/warning/warning': 1,
    });
    expect(value('info', 'unwell')).toEqual({ 'unwell.prod/1.2.0///production/team "a"': 1 });

    expect(value('isolated', 'fine')).toEqual({ '': 0 });
    for (const name of ['drift', 'violation']) expect(value(name, 'fine')).toEqual({});
    expect(value('health_band', 'silent')).toMatchObject({ healthy: 0, unknown: 1 });
    for (const name of ['health_score', 'health_component_points']) expect(value(name, 'silent')).toEqual({});
  });

  it('keep what comes from the network inside its quotes', async () => {
    const nasty = 'x"} 1\nopenclaw_target_state{target="evil"} 1 \\';
    const fleet = await fleetOf({ a: { hostname: nasty, version: '\\"\n', tags: [`region:${nasty}`] } });
    const { samples } = render(fleet, 'full');
    expect(new Set(samples.map(({ labels }) => labels['target']))).toEqual(new Set(['a']));
    expect(new Set(samples.map(({ labels }) => labels['zone']))).toEqual(new Set([nasty]));
    const info = samples.find(({ name }) => name === 'openclaw_target_info')!;
    expect(info.labels).toMatchObject({ name: nasty, version: '\\"\n' });
  });

  it('follow a target to another zone', async () => {
    const fleet = await fleetOf({ a: { tags: ['region:eu'] } });
    const zones = () => new Set(render(fleet, 'full').samples.map(({ labels }) => labels['zone']));
    expect(zones()).toEqual(new Set(['eu']));
    await fleet.receive(beat('a', START + 1000, { tags: ['region:us'] }), 2, START + 1000);
    expect(zones()).toEqual(new Set(['us']));
  });

  it('bound the names that become label values, and lose no amount', async () => {
    const beats = Object.fromEntries(
      Array.from({ length: 10 }, (_, at) => [
        `n${at}`,
        { queue_depth: Object.fromEntries(Array.from({ length: 20 }, (_, queue) => [`q${at * 20 + queue}`, 1])) },
      ])
    );
    const { samples } = render(await fleetOf(beats), 'full');
    const byQueue = samples.filter(({ name }) => name === 'openclaw_target_queue_depth_by_queue');
    expect(new Set(byQueue.map(({ labels }) => labels['queue'])).size).toBe(65);
    expect(byQueue.reduce((sum, { value }) => sum + value, 0)).toBe(200);
    expect(valuesOf({ types: new Map(), samples }, 'openclaw_target_queue_depth_by_queue', 'n9')).toEqual({
      other: 20,
    });
  });

  it('come in pieces, and name no target twice in a family while targets come and go', async () => {
    const fleet = await fleetOf(Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`n${at}`, {}])));
    let text = '';
    let pieces = 0;
    for (const piece of createTargetRenderer('full').render(fleet, START)) {
      expect(piece.length).toBeLessThan(32 * 1024);
      text += piece;
      pieces++;
      await fleet.receive(beat(`new${pieces}`, START), 1, START);
      await fleet.receive(beat(`n${pieces}`, START + pieces, { tags: ['region:elsewhere'] }), 1, START + pieces);
    }
    expect(pieces).toBeGreaterThan(1000);
    const { samples } = parseExposition(text);
    for (const name of ['openclaw_target_info', 'openclaw_target_queue_depth']) {
      const targets = samples.filter((sample) => sample.name === name).map(({ labels }) => labels['target']);
      expect(targets.length).toBe(3000);
      expect(new Set(targets).size).toBe(3000);
    }
  });
});

describe('the text of a value', () => {
  it('escapes a label value so that it reads back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const { samples } = parseExposition(`# TYPE a gauge\na{b="${escapeLabelValue(value)}"} 1\n`);
        expect(samples[0]!.labels['b']).toBe(value);
      })
    );
    expect(escapeLabelValue('\\ " \n \r \0')).toBe('\\\\ \\" \\n \r \0');
    expect(escapeLabelValue('a\ud800b')).toBe('a\ufffdb');
    expect(escapeHelp('a\\b\nc"')).toBe('a\\\\b\\nc"');
  });

  it('is the shortest that reads back', () => {
    fc.assert(fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (v) => Number(formatValue(v)) === v));
    expect([Infinity, -Infinity, NaN, 0, 1e21, 0.1].map(formatValue)).toEqual([
      '+Inf',
      '-Inf',
      'NaN',
      '0',
      '1e+21',
      '0.1',
    ]);
  });

  it('of milliseconds is seconds', () => {
    fc.assert(fc.property(fc.integer({ min: -4e15, max: 4e15 }), (ms) => Number(formatMillis(ms)) === ms / 1000));
    expect([0, 5, 50, 500, 5000, -1, -1500, 1500.5, Infinity].map(formatMillis)).toEqual([
      '0',
      '0.005',
      '0.05',
      '0.5',
      '5',
      '-0.001',
      '-1.5',
      '1.5005',
      '+Inf',
    ]);
  });
});
