import { Registry } from 'prom-client';
import { registerAuditMetrics } from './audit.ts';
import { createInstruments, registerCollectorSources } from './collector.ts';
import { registerFleetMetrics } from './fleet.ts';
import { registerRepairMetrics } from './repairs.ts';
import { extraLabels, TARGET_FAMILIES, TARGET_LABELS } from './targets.ts';
import { ZONE_FAMILIES } from './zones.ts';

/** One row of docs/metrics.md. */
export interface MetricRow {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly help: string;
  /** Where it begins to be exposed; aggregates and the collector's own are there always. */
  readonly level: 'core' | 'full' | 'always';
}

function rowsOf(registry: Registry): MetricRow[] {
  return registry.getMetricsAsArray().map((metric) => {
    // Its types know nothing of what every metric holds.
    const { name, help, type, labelNames } = metric as unknown as MetricRow & { readonly labelNames: string[] };
    return { name, help, type, labels: labelNames, level: 'always' };
  });
}

function neverAsked(): never {
  throw new Error('The documentation reads names, not values.');
}

/** Every metric of the collector, read from what exposes it. */
export function metricRows(): {
  readonly targets: MetricRow[];
  readonly fleet: MetricRow[];
  readonly own: MetricRow[];
} {
  const instruments = createInstruments({ processMetrics: false });
  registerCollectorSources(instruments, {
    version: '',
    timings: 'production',
    storageBytes: neverAsked,
    recentStarts: neverAsked,
    certificates: neverAsked,
    tokens: neverAsked,
    wallClock: neverAsked,
  });
  const registry = new Registry();
  registerFleetMetrics(
    registry,
    {
      size: 0,
      get: neverAsked,
      nodes: neverAsked,
      liveness: neverAsked,
      flapping: neverAsked,
      available: neverAsked,
      zoneVerdict: neverAsked,
      fleetVerdict: neverAsked,
      summary: neverAsked,
      select: neverAsked,
      subject: neverAsked,
      expectation: neverAsked,
    },
    neverAsked
  );
  registerRepairMetrics(registry, {
    status: neverAsked,
    open: neverAsked,
    holds: neverAsked,
    recent: neverAsked,
    recentMs: 0,
    auditHead: neverAsked,
    clock: neverAsked,
    perTarget: { level: 'core', zone: neverAsked },
  });
  registerAuditMetrics(registry, neverAsked);
  const ofOne = ({ name }: MetricRow): boolean => name.startsWith('openclaw_target_');
  const rows = rowsOf(registry);
  return {
    targets: [
      ...TARGET_FAMILIES.map((family) => ({ ...family, labels: [...TARGET_LABELS, ...extraLabels(family)] })),
      ...rows.filter(ofOne).map((row) => ({ ...row, level: 'core' as const })),
    ],
    fleet: [
      ...rows.filter((row) => !ofOne(row)),
      ...ZONE_FAMILIES.map(({ name, type, help, labels }) => ({
        name,
        type,
        help,
        labels: ['zone', ...labels],
        level: 'always' as const,
      })),
    ],
    own: rowsOf(instruments.registry),
  };
}

function table(rows: readonly MetricRow[], withLevel: boolean): string {
  const cells = (row: readonly string[]): string => `| ${row.join(' | ')} |`;
  const pick = <T>(level: T, ...rest: T[]): T[] => (withLevel ? [level, ...rest] : rest);
  return [
    cells(['name', 'type', ...pick('level', 'labels', 'meaning')]),
    cells(['---', '---', ...pick('---', '---', '---')]),
    ...rows.map(({ name, type, labels, help, level }) =>
      cells([`\`${name}\``, type, ...pick<string>(level, labels.map((label) => `\`${label}\``).join(' '), help)])
    ),
  ].join('\n');
}

/** The text of docs/metrics.md. */
export function metricsDocument(): string {
  const { targets, fleet, own } = metricRows();
  return `# Metrics

What \`GET /metrics\` of the collector exposes. Generated from the code by \`backend/collector/metrics/write-docs.ts\`; a
test fails when it is out of date.

States are StateSets: one series a state, 1 for the one that holds and 0 for the others. Hashes are numbers, never
labels: equal numbers mean equal configurations. Label values that come from the network are bounded in number.

## Targets

One series a target (and label value), at the level of \`metrics\` in the settings: \`off\` exposes none of them, \`core\`
those of level core, \`full\` all. \`target\` is the node id. What a target does not report has no series.

A drift or a violation has a series, always 1, while it is open and none otherwise: \`severity\` is \`info\` (the fleet's
minor), \`warning\` (major, warning, high) or \`critical\`, and \`seed_severity\` the fleet's own word. Who is to be told
of a target is on \`openclaw_target_info\` alone, so that a new owner does not make every series of a target a new one; a
rule brings it in with

    openclaw_target_drift * on (target) group_left (owner) max by (target, owner) (openclaw_target_info)

${table(targets, true)}

## Fleet

Aggregates, exposed at every level.

${table(fleet, false)}

## Collector

The collector's own metrics, exposed at every level; beside them the standard \`process_*\` and \`nodejs_*\` metrics of
its process.

\`openclaw_fleet_publish_*\` sums what publishers count of themselves, as it grows: what a node did before its counters were
first known here is not in it, a publisher that starts anew counts from 0, and after a start of the collector counting goes
on from the counters that are stored. So what failed while the collector was away is told of when it is back.

${table(own, false)}
`;
}
