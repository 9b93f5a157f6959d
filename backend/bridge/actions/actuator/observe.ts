import type { ObservedJob } from '@openclaw-fleet/contract';
import { MAX_JOBS } from '@openclaw-fleet/contract';
import type { ManagedFacts } from '../../configuration/sync.ts';
import { healthOf } from '../../gateway/health.ts';
import type { GatewayReader } from '../../gateway/reader.ts';
import { oneLine } from '../notes.ts';
import type { Seen } from '../types.ts';
import type { Job } from './job-list.ts';
import { listJobs } from './job-list.ts';
import type { Throttled } from './throttled.ts';

export interface ObserveParts {
  readonly reader: Pick<GatewayReader, 'observed' | 'look' | 'read' | 'jobCounts'>;
  readonly throttled: Throttled;
  readonly managed: () => ManagedFacts;
  readonly version: string;
  readonly bootId: string;
  /** Since the last heartbeat that the collector accepted. Milliseconds; null: none yet. */
  readonly lastAcceptedMs: () => number | null;
  readonly metricsOk: () => Promise<boolean>;
  readonly capabilities: () => readonly string[];
}

const MAX_REASONS = 16;

/** Looks at the gateway now (domain-rules section 6, second witness). */
export async function observe(parts: ObserveParts): Promise<Seen> {
  const [metricsOk] = await Promise.all([parts.metricsOk(), parts.reader.look()]);
  const jobs = await observedJobs(parts);
  const observed = parts.reader.observed();
  const { status, reasons } = healthOf(observed);
  const { revision, configHash } = parts.managed();
  const { config, jobs: counted } = observed;
  return {
    bridge_version: parts.version,
    bridge_boot_id: parts.bootId,
    last_accepted_ms: parts.lastAcceptedMs(),
    gateway_state: observed.judgement.state,
    gateway_boot_id: cut(observed.bootId, 128),
    openclaw_version: cut(observed.version, 64),
    health_status: status,
    health_reasons: reasons.slice(0, MAX_REASONS).map(oneLine),
    sync_lag_ms: Math.max(0, observed.syncLagMs),
    revision: cut(revision, 64),
    config_hash: configHash,
    full_config_hash: config?.fullHash ?? null,
    config_valid: config?.valid ?? null,
    config_converged: config?.converged ?? null,
    metrics_ok: metricsOk,
    capabilities: [...parts.capabilities()],
    jobs,
    job_results_1h: counted?.counts.results1h ?? null,
    job_failures_1h: counted?.counts.failures1h ?? null,
  };
}

/** Null: they could not be read. */
async function observedJobs({ reader, throttled }: ObserveParts): Promise<ObservedJob[] | null> {
  try {
    const jobs = await listJobs((params) => reader.read('cron.list', params));
    const counts = reader.jobCounts();
    /** Failing and throttled ones first. */
    const rank = ({ id, enabled, consecutiveErrors }: Job): number =>
      (enabled || !throttled.has(id) ? 0 : 1e6) + consecutiveErrors + (counts.get(id)?.failures1h ?? 0);
    return jobs
      .filter(({ id }) => /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/.test(id))
      .sort((a, b) => rank(b) - rank(a))
      .slice(0, MAX_JOBS)
      .map((job) => ({
        id: job.id,
        name: oneLine(job.name).slice(0, 128),
        enabled: job.enabled,
        throttled: !job.enabled && throttled.has(job.id),
        throttleable: job.throttleable,
        consecutive_errors: job.consecutiveErrors,
        results_1h: counts.get(job.id)?.results1h ?? 0,
        failures_1h: counts.get(job.id)?.failures1h ?? 0,
      }));
  } catch {
    return null;
  }
}

const cut = (text: string | null, length: number): string | null => text?.slice(0, length) ?? null;
