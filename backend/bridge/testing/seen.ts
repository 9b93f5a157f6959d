import type { Seen } from '../actions/types.ts';

/** A healthy node as its bridge sees it; tests change what they are about. */
export const seen: Seen = {
  bridge_version: '0.1.0',
  bridge_boot_id: 'bridge-boot-1',
  last_accepted_ms: 1_000,
  gateway_state: 'running',
  gateway_boot_id: 'boot-1',
  openclaw_version: '2026.9.6',
  health_status: 'ok',
  health_reasons: [],
  sync_lag_ms: 100,
  revision: null,
  config_hash: null,
  full_config_hash: null,
  config_valid: true,
  config_converged: true,
  metrics_ok: true,
  capabilities: ['doctor'],
  jobs: [],
  job_results_1h: 0,
  job_failures_1h: 0,
};
