import { Registry } from 'prom-client';
import { createInstruments, registerCollectorSources } from './collector.ts';
import { registerFleetMetrics } from './fleet.ts';
import { extraLabels, TARGET_FAMILIES, TARGET_LABELS } from './targets.ts';

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
    },
    neverAsked
  );
  return {
    targets: TARGET_FAMILIES.map((family) => ({ ...family, labels: [...TARGET_LABELS, ...extraLabels(family)] })),
    fleet: rowsOf(registry),
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

${table(targets, true)}

## Fleet

Aggregates, exposed at every level.

${table(fleet, false)}

## Collector

The collector's own metrics, exposed at every level; beside them the standard \`process_*\` and \`nodejs_*\` metrics of
its process.

${table(own, false)}
`;
}
