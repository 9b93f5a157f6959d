import type { FleetSummary } from '@openclaw-fleet/contract';

type Counts = Readonly<Record<string, Readonly<Record<string, number>>>>;

/** How many faults there are of each severity, over all kinds. */
export function bySeverity(counts: Counts): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const kind of Object.values(counts))
    for (const [severity, count] of Object.entries(kind)) sums[severity] = (sums[severity] ?? 0) + count;
  return sums;
}

/** How many faults there are of each kind, over all severities. */
export const byKind = (counts: Counts): Record<string, number> =>
  Object.fromEntries(
    Object.entries(counts).map(([kind, each]) => [kind, Object.values(each).reduce((sum, count) => sum + count, 0)])
  );

/** Zones of the fleet, by name. */
export const zonesOf = (summary: FleetSummary | undefined): string[] =>
  (summary?.zones ?? []).map(({ zone }) => zone).sort();
