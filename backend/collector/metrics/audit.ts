import type { Registry } from 'prom-client';
import { pulledGauges } from './pulled-gauge.ts';

/** What the last look at the audit chain came to, and when that was, in milliseconds since the epoch. */
export interface AuditVerdict {
  readonly intact: boolean;
  readonly atMs: number;
}

/**
 * Adds what the collector found when it last looked at its audit chain.
 * @param standing null before the first look: nothing is said then
 */
export function registerAuditMetrics(
  registry: Registry,
  standing: () => AuditVerdict | null,
  onFailure: () => void = () => undefined
): void {
  const gauge = pulledGauges(registry, onFailure);
  gauge(
    'openclaw_fleet_audit_intact',
    'Whether the audit chain was as it was sealed when the collector last looked (1) or is broken (0, until all of it is found whole); absent before the first look.',
    [],
    (each) => {
      const known = standing();
      if (known === null) each.remove();
      else each.set(known.intact ? 1 : 0);
    }
  );
  gauge(
    'openclaw_fleet_audit_verified_timestamp_seconds',
    'When the collector last read its audit chain to a verdict, good or bad: all of it after its start and once a day, what is new once an hour.',
    [],
    (each) => {
      const known = standing();
      if (known === null) each.remove();
      else each.set(known.atMs / 1000);
    }
  );
}
