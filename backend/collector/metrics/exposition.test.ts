import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from '@jest/globals';
import { START, waitFor } from '../api/testing/harness.ts';
import { metricRows, metricsDocument } from './documentation.ts';
import { METRICS_LEVELS } from './family.ts';
import { parseExposition } from './testing/exposition.ts';
import { closeAll, NASTY, serve } from './testing/served.ts';

afterEach(closeAll);

/** Begins a scrape and reads nothing of it. */
function hold(origin: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(origin, { agent: false }, resolve).on('error', reject).end();
  });
}

const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

describe('GET /metrics', () => {
  (hasPromtool ? describe : describe.skip)('read by promtool', () => {
    it.each(METRICS_LEVELS)('passes its checks at level %s', async (level) => {
      const { origin, instruments } = await serve({ level });
      instruments.heartbeatSeconds.observe(0.01);
      instruments.apiRequests.inc({ route: '/metrics', code: '200' });
      const text = await (await fetch(origin)).text();
      const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input: text, encoding: 'utf8' });
      expect([stdout, stderr, status]).toEqual(['', '', 0]);
      const zones = parseExposition(text).samples.map(({ labels }) => labels['zone']);
      expect(zones).toContain(NASTY);
    });
  });

  it('is text format 0.0.4, each family once and together', async () => {
    const { origin, scrape } = await serve();
    expect((await fetch(origin)).headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const { types } = await scrape();
    const { targets, fleet, own } = metricRows();
    expect(Object.fromEntries(types)).toMatchObject(
      Object.fromEntries([...targets, ...fleet, ...own].map(({ name, type }) => [name, type]))
    );
    const others = [...types.keys()].filter((name) => !name.startsWith('openclaw_'));
    for (const name of others) expect(name).toMatch(/^(process|nodejs)_/);
    expect(types.has('process_cpu_seconds_total')).toBe(true);
  });

  it('says of each of its own metrics the labels that are documented', async () => {
    const { instruments, scrape } = await serve({ level: 'off' });
    instruments.apiRequests.inc({ route: '/metrics', code: '200' });
    const { samples } = await scrape();
    const { fleet, own } = metricRows();
    for (const { name, labels, type } of [...fleet, ...own]) {
      if (type === 'histogram') continue;
      if (type === 'summary') {
        const parts = samples.filter((sample) => sample.name.startsWith(name));
        expect(new Set(parts.flatMap((sample) => Object.keys(sample.labels)))).toEqual(new Set(labels));
        continue;
      }
      const found = samples.filter((sample) => sample.name === name);
      expect([name, found.length]).not.toEqual([name, 0]);
      for (const sample of found) expect(Object.keys(sample.labels).sort()).toEqual([...labels].sort());
    }
  });

  it('counts what the parts of the collector count', async () => {
    const { instruments, fleet, scrape } = await serve({ level: 'off' });
    instruments.heartbeats.accepted += 3;
    instruments.countRefused('revoked');
    instruments.tokenCache.hit++;
    instruments.counts.unknownFields += 5;
    instruments.stream.subscribers = 2;
    for (let at = 0; at < 7; at++) instruments.health.assessed();
    instruments.health.announced('critical');
    instruments.health.fault({ kind: 'drift', code: 'config' }, 'opened');
    instruments.health.reassessed(0.2);
    for (const seconds of [0.001, 0.0011, 0.3, 99]) instruments.heartbeatSeconds.observe(seconds);
    const { samples } = await scrape();
    const value = (name: string, labels: object = {}) =>
      samples.find((each) => each.name === name && JSON.stringify(each.labels) === JSON.stringify(labels))?.value;
    expect(value('openclaw_collector_heartbeats_total', { outcome: 'accepted' })).toBe(3);
    expect(value('openclaw_collector_heartbeats_total', { outcome: 'refused' })).toBe(1);
    expect(value('openclaw_collector_heartbeats_total', { outcome: 'conflict' })).toBe(0);
    expect(value('openclaw_collector_heartbeats_refused_total', { problem: 'revoked' })).toBe(1);
    expect(value('openclaw_collector_heartbeats_refused_total', { problem: 'too-large' })).toBe(0);
    expect(value('openclaw_collector_token_cache_total', { result: 'hit' })).toBe(1);
    expect(value('openclaw_collector_unknown_fields_dropped_total')).toBe(5);
    expect(value('openclaw_collector_stream_subscribers')).toBe(2);
    const bucket = (le: string) => value('openclaw_collector_heartbeat_duration_seconds_bucket', { le });
    expect(['0.001', '0.0025', '0.25', '0.5', '2.5', '+Inf'].map(bucket)).toEqual([1, 2, 2, 3, 3, 4]);
    expect(value('openclaw_collector_heartbeat_duration_seconds_count')).toBe(4);
    expect(value('openclaw_collector_heartbeat_duration_seconds_sum')).toBeCloseTo(99.3021);
    expect(value('openclaw_fleet_targets', { state: 'online' })).toBe(3);
    expect(value('openclaw_fleet_zone_targets', { zone: 'us-east-1' })).toBe(2);
    expect(value('openclaw_fleet_isolated_targets')).toBe(1);
    const drifted = { category: 'version', severity: 'critical', seed_severity: 'critical' };
    expect(value('openclaw_fleet_drift_targets', drifted)).toBe(1);
    expect(value('openclaw_fleet_drift_targets', { ...drifted, category: 'sync' })).toBe(0);
    const violated = { code: 'cpu-over-limit', severity: 'warning', seed_severity: 'warning' };
    expect(value('openclaw_fleet_violation_targets', violated)).toBe(1);
    expect(value('openclaw_fleet_violation_targets', { ...violated, seed_severity: 'high' })).toBe(0);
    const [isolated, hot, plain] = ['n0', 'n1', 'nasty'].map((id) => fleet.get(id)!.assessment);
    const zone = 'us-east-1';
    expect([isolated!.band, plain!.score]).toEqual(['degraded', 100]);
    expect(hot!.score).toBeGreaterThan(isolated!.score!);
    expect(value('openclaw_fleet_health_targets', { band: 'degraded' })).toBe(1);
    expect(value('openclaw_fleet_zone_health_targets', { band: 'degraded', zone })).toBe(1);
    expect(value('openclaw_fleet_zone_health_targets', { band: 'unknown', zone })).toBe(0);
    expect(value('openclaw_fleet_zone_verdict', { verdict: 'normal', zone })).toBe(1);
    expect(value('openclaw_fleet_health_score', { quantile: '0' })).toBe(isolated!.score);
    expect(value('openclaw_fleet_health_score', { quantile: '0.5' })).toBe(hot!.score);
    expect(value('openclaw_fleet_health_score_sum')).toBe(isolated!.score! + hot!.score! + 100);
    expect(value('openclaw_fleet_health_score_count')).toBe(3);
    expect(value('openclaw_fleet_zone_health_score', { zone, quantile: '0.05' })).toBe(isolated!.score);
    expect(value('openclaw_fleet_zone_health_score_sum', { zone })).toBe(isolated!.score! + hot!.score!);
    expect(value('openclaw_collector_assessments_total')).toBe(7);
    expect(value('openclaw_collector_health_changes_total', { band: 'critical' })).toBe(1);
    expect(value('openclaw_collector_fault_changes_total', { kind: 'drift', code: 'config', change: 'opened' })).toBe(
      1
    );
    expect(value('openclaw_collector_fault_changes_total', { kind: 'drift', code: 'config', change: 'eased' })).toBe(0);
    expect(value('openclaw_collector_reassess_seconds_count')).toBe(1);
    expect(value('openclaw_collector_recent_starts')).toBe(2);
    expect(value('openclaw_collector_storage_size_bytes', { file: 'wal' })).toBe(100);
    expect(value('openclaw_collector_certificate_expiry_timestamp_seconds', { certificate: 'server' })).toBe(
      START / 1000 + 1
    );
    expect(value('openclaw_collector_api_token_expiry_timestamp_seconds', { name: 'grafana' })).toBe(START / 1000 + 3);
  });

  it('leaves out what a part fails to say, counts it and says the rest', async () => {
    const fail = (): never => {
      throw new Error('no');
    };
    const { instruments, scrape } = await serve({
      sources: {
        storageBytes: () => Promise.reject(new Error('no')),
        recentStarts: fail,
        certificates: fail,
        tokens: fail,
      },
    });
    const names = new Set((await scrape()).samples.map(({ name }) => name));
    expect(names.has('openclaw_collector_storage_size_bytes')).toBe(false);
    expect(names.has('openclaw_collector_recent_starts')).toBe(false);
    expect(names.has('openclaw_collector_certificate_expiry_timestamp_seconds')).toBe(false);
    expect(names.has('openclaw_collector_api_token_expiry_timestamp_seconds')).toBe(false);
    expect(names.has('openclaw_target_info')).toBe(true);
    expect(instruments.counts.sourceFailures).toBe(4);
  });

  it('answers a fifth scrape under way with a refusal, and takes others once one has gone', async () => {
    const { origin, instruments, answered } = await serve({ nodes: 4000 });
    const held = await Promise.all(Array.from({ length: 4 }, () => hold(origin)));
    expect((await fetch(origin)).status).toBe(503);
    expect(instruments.counts.scrapesRefused).toBe(1);
    held[0]!.destroy();
    await waitFor(() => answered.length === 2, 'the end of the held scrape');
    expect(instruments.counts.scrapesAborted).toBe(1);
    const fifth = await fetch(origin);
    expect(fifth.status).toBe(200);
    parseExposition(await fifth.text());
  });

  it('cuts off a reader that takes nothing for too long', async () => {
    const { origin, answered, instruments } = await serve({ nodes: 4000, stream: { stallMs: 50 } });
    await hold(origin);
    await waitFor(() => answered.length === 1, 'the end of the stalled scrape');
    expect(instruments.counts.scrapesAborted).toBe(1);
  });

  it('answers HEAD without rendering', async () => {
    const { origin } = await serve();
    const response = await fetch(origin, { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
  });
});

describe('docs/metrics.md', () => {
  it('is what the code says; write-docs.ts writes it anew', () => {
    expect(readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')).toBe(metricsDocument());
  });
});
