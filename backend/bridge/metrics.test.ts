import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { createPublisher } from '@openclaw-fleet/client';
import type { ProbeOutcome } from './gateway/probe.ts';
import { createProbeMetrics, renderMetrics } from './metrics.ts';
import type { ProbeMetrics } from './metrics.ts';
import { healthy } from './testing/observed.ts';

const publisher = createPublisher({ disabled: 'a test', byChoice: true, snapshot: () => ({}) });

function render(observed = healthy, probes: ProbeMetrics = createProbeMetrics()): string {
  return renderMetrics({ observed, bridgeVersion: '0.1.0', reconnects: 2, probes, publisher: publisher.metrics() });
}

const value = (text: string, series: string): string | undefined =>
  text
    .split('\n')
    .find((line) => line.startsWith(`${series} `))
    ?.slice(series.length + 1);

describe('the metrics', () => {
  it.each([
    ['a healthy gateway', healthy],
    [
      'an unknown one',
      {
        ...healthy,
        judgement: { state: 'unknown' as const, reasons: [] },
        version: null,
        lanes: null,
        work: null,
        config: null,
        system: null,
        jobs: null,
      },
    ],
    ['one with odd names', { ...healthy, version: 'a"b\\c\nd' }],
  ])('pass promtool for %s', (_name, observed) => {
    const checked = spawnSync('promtool', ['check', 'metrics'], { input: render(observed), encoding: 'utf8' });
    if (checked.error) throw checked.error;
    expect(checked.stdout + checked.stderr).toBe('');
    expect(checked.status).toBe(0);
  });

  it('tell the state and the health as StateSets', () => {
    const text = render({ ...healthy, judgement: { state: 'hung', reasons: ['x'] } });
    expect(value(text, 'openclaw_bridge_gateway_state{state="hung"}')).toBe('1');
    expect(value(text, 'openclaw_bridge_gateway_state{state="running"}')).toBe('0');
    expect(text.match(/openclaw_bridge_gateway_state\{/g)).toHaveLength(7);
    expect(value(text, 'openclaw_bridge_gateway_health{status="error"}')).toBe('1');
    expect(value(text, 'openclaw_bridge_gateway_health{status="ok"}')).toBe('0');
  });

  it('tell what was read', () => {
    const text = render();
    expect(value(text, 'openclaw_bridge_build_info{version="0.1.0"}')).toBe('1');
    expect(value(text, 'openclaw_bridge_reconnects_total')).toBe('2');
    expect(value(text, 'openclaw_bridge_gateway_cpu_ratio')).toBe('0.125');
    expect(value(text, 'openclaw_bridge_lane_queued{lane="cron"}')).toBe('2');
    expect(value(text, 'openclaw_bridge_gateway_work{kind="cronRuns"}')).toBe('1');
    expect(value(text, 'openclaw_bridge_job_failures_last_hour')).toBe('3');
    expect(value(text, 'openclaw_bridge_sync_lag_seconds')).toBe('1.2345');
    expect(text).toContain('openclaw_publish_success_total 0');
  });

  it('count probes by their end and their duration', () => {
    const probes = createProbeMetrics();
    const round = (outcome: ProbeOutcome, ms: number): void => {
      probes.probed({
        outcomes: { healthz: outcome, startupz: outcome, readyz: outcome },
        durations: { healthz: ms, startupz: ms, readyz: ms },
      });
    };
    round({ kind: 'answer', status: 503, body: {} }, 2);
    round({ kind: 'timeout' }, 2_000);
    round({ kind: 'refused', code: 'ECONNREFUSED' }, 0.5);
    const text = render(healthy, probes);
    const series = (name: string, labels: string): string | undefined =>
      value(text, `openclaw_bridge_probe_${name}{endpoint="healthz"${labels}}`);
    expect(series('duration_seconds_count', '')).toBe('3');
    expect(series('duration_seconds_bucket', ',le="0.001"')).toBe('1');
    expect(series('duration_seconds_bucket', ',le="0.0025"')).toBe('2');
    expect(series('duration_seconds_bucket', ',le="2"')).toBe('3');
    expect(series('failures_total', ',reason="timeout"')).toBe('1');
    expect(series('failures_total', ',reason="refused"')).toBe('1');
    expect(series('failures_total', ',reason="failed"')).toBe('0');
  });
});
