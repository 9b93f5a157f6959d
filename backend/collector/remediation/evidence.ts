import type { ActionReceipt, Observation, RunStep } from '@openclaw-fleet/contract';

const MOST_TEXT = 500;
const MOST_ITEMS = 60;
const MOST_DEPTH = 6;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]+/g;

type Facts = RunStep['evidence'];

/** One line of whole characters that is not too long. */
export function bounded(text: string, most = MOST_TEXT): string {
  const line = text.replace(CONTROLS, ' ');
  return (line.length <= most ? line : `${line.slice(0, most - 1)}…`).toWellFormed();
}

function fit(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return bounded(value);
  if (typeof value !== 'object' || value === null) return value;
  if (depth === 0) return '(more)';
  if (Array.isArray(value)) return value.slice(0, MOST_ITEMS).map((item) => fit(item, depth - 1));
  const members = Object.entries(value).slice(0, MOST_ITEMS);
  return Object.fromEntries(members.map(([key, member]) => [bounded(key), fit(member, depth - 1)]));
}

/** Evidence as it is stored: bounded, whatever a node said. What receipts hold is redacted by the bridge already. */
export function evidence(facts: Facts): Facts {
  return fit(facts, MOST_DEPTH) as Facts;
}

/** What is kept of a look: the measurements that a person compares. */
export function measured(seen: Observation): Facts {
  const failing = seen.jobs?.filter(({ enabled, consecutive_errors: errors }) => enabled && errors > 0);
  return {
    at: seen.at,
    gateway_state: seen.gateway_state,
    gateway_boot_id: seen.gateway_boot_id,
    bridge_boot_id: seen.bridge_boot_id,
    health_status: seen.health_status,
    health_reasons: seen.health_reasons,
    last_accepted_ms: seen.last_accepted_ms,
    sync_lag_ms: seen.sync_lag_ms,
    revision: seen.revision,
    config_hash: seen.config_hash,
    config_valid: seen.config_valid,
    config_converged: seen.config_converged,
    metrics_ok: seen.metrics_ok,
    job_results_1h: seen.job_results_1h,
    job_failures_1h: seen.job_failures_1h,
    failing_jobs: failing?.map(({ name, id }) => (name === '' ? id : name)) ?? null,
    throttled_jobs:
      seen.jobs?.filter(({ throttled }) => throttled).map(({ name, id }) => (name === '' ? id : name)) ?? null,
  };
}

/** What is kept of a receipt: all that it says, but for what the step says already. */
export function receiptFacts(receipt: ActionReceipt): Facts {
  const { state, refusal, message, started_at, finished_at, notes, before, after } = receipt;
  return { state, refusal, message, started_at, finished_at, notes, before, after };
}
