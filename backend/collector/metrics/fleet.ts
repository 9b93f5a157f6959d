import {
  BANDS,
  DRIFT_CATEGORIES,
  DRIFT_SEVERITIES,
  LIVENESS_STATES,
  VERDICTS,
  VIOLATION_CODES,
  VIOLATION_SEVERITIES,
} from '@openclaw-fleet/contract';
import type { FleetSummary } from '@openclaw-fleet/contract';
import { Gauge } from 'prom-client';
import type { Metric, Registry } from 'prom-client';
import type { Clock } from '../clock.ts';
import type { FleetView } from '../fleet/types.ts';
import { SEVERITY_LABELS, severityLabels } from './severity.ts';
import { MAX_ZONES, scoreQuantiles } from './zones.ts';

type Amount = Exclude<
  { [K in keyof FleetSummary]: FleetSummary[K] extends number ? K : never }[keyof FleetSummary],
  never
>;

const FLEET_AMOUNTS: Record<Exclude<Amount, 'total'>, readonly [name: string, help: string]> = {
  expected: [
    'openclaw_fleet_expected_targets',
    'Targets that reported within the expected window and are not stopped or retired.',
  ],
  online: ['openclaw_fleet_online_targets', 'Targets that are online.'],
  bridged: ['openclaw_fleet_bridged_targets', 'Targets with a bridge beside them.'],
  flapping: ['openclaw_fleet_flapping_targets', 'Targets that keep leaving and returning.'],
  isolated: [
    'openclaw_fleet_isolated_targets',
    'Targets that a critical drift excludes from discovery and automation.',
  ],
};

/** Adds the fleet's aggregates but those by zone, which are exposed at every level. All of one scrape come from one summary. */
export function registerFleetMetrics(registry: Registry, fleet: FleetView, clock: Clock): void {
  const registers = [registry];
  let current: FleetSummary | undefined;
  // A registry calls every collect() in the same turn of the loop.
  const summary = (): FleetSummary => {
    if (current === undefined) {
      current = fleet.summary(clock());
      queueMicrotask(() => (current = undefined));
    }
    return current;
  };

  new Gauge({
    name: 'openclaw_fleet_targets',
    help: 'Registered targets by liveness state.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const state of LIVENESS_STATES) this.set({ state }, summary().states[state]);
    },
  });
  for (const [key, [name, help]] of Object.entries(FLEET_AMOUNTS) as [
    keyof typeof FLEET_AMOUNTS,
    readonly [string, string],
  ][]) {
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(summary()[key]);
      },
    });
  }
  new Gauge({
    name: 'openclaw_fleet_verdict',
    help: 'The blindness verdict of the fleet, one series a verdict: 1 for the one that holds.',
    labelNames: ['verdict'],
    registers,
    collect() {
      const held = summary().verdict.value;
      for (const verdict of VERDICTS) this.set({ verdict }, verdict === held ? 1 : 0);
    },
  });
  new Gauge({
    name: 'openclaw_fleet_verdict_since_timestamp_seconds',
    help: 'Since when the verdict of the fleet holds.',
    registers,
    collect() {
      this.set(Date.parse(summary().verdict.since) / 1000);
    },
  });
  new Gauge({
    name: 'openclaw_fleet_expiry_held',
    help: 'Whether no target may expire now (1) or expiry goes on (0).',
    registers,
    collect() {
      this.set(summary().expiryHeld === null ? 0 : 1);
    },
  });
  new Gauge({
    name: 'openclaw_fleet_zones',
    help: `Zones of the fleet; the series by zone stop at the ${MAX_ZONES} largest.`,
    registers,
    collect() {
      this.set(summary().zones.length);
    },
  });
  new Gauge({
    name: 'openclaw_fleet_health_targets',
    help: 'Registered targets by the band of their health score.',
    labelNames: ['band'],
    registers,
    collect() {
      for (const band of BANDS) this.set({ band }, summary().bands[band]);
    },
  });
  registerScores(registry, () => summary().scores);
  new Gauge({
    name: 'openclaw_fleet_drift_targets',
    help: 'Targets with open drift, by category and severity.',
    labelNames: ['category', ...SEVERITY_LABELS],
    registers,
    collect() {
      for (const category of DRIFT_CATEGORIES)
        for (const severity of DRIFT_SEVERITIES)
          this.set({ category, ...severityLabels(severity) }, summary().drift[category][severity]);
    },
  });
  new Gauge({
    name: 'openclaw_fleet_violation_targets',
    help: 'Targets with an open policy violation, by code and severity.',
    labelNames: ['code', ...SEVERITY_LABELS],
    registers,
    collect() {
      for (const code of VIOLATION_CODES)
        for (const severity of VIOLATION_SEVERITIES)
          this.set({ code, ...severityLabels(severity) }, summary().violations[code][severity]);
    },
  });
}

/** A summary of what is now; prom-client's own is of what was observed since the start. */
function registerScores(registry: Registry, read: () => FleetSummary['scores']): void {
  const name = 'openclaw_fleet_health_score';
  const head = {
    name,
    help: 'Health scores of the fleet now: the lowest, the 5 % quantile and the median; sum over count is the mean.',
    type: 'summary',
    labelNames: ['quantile'],
    aggregator: 'sum',
  } as const;
  const metric = {
    ...head,
    get: () => {
      const scores = read();
      return Promise.resolve({
        ...head,
        values: [
          ...scoreQuantiles(scores).map(([quantile, value]) => ({ labels: { quantile }, value })),
          { metricName: `${name}_sum`, labels: {}, value: scores.sum },
          { metricName: `${name}_count`, labels: {}, value: scores.count },
        ],
      });
    },
  };
  // prom-client's type is a union of its classes, while a registry needs only `name` and `get`.
  registry.registerMetric(metric as unknown as Metric);
}
