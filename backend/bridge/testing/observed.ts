import type { Observed } from '../gateway/observed.ts';

/** A healthy gateway as the bridge sees it; tests change what they are about. */
export const healthy: Observed = {
  judgement: { state: 'running', reasons: [] },
  version: '2026.9.6',
  build: '2026.9.6-release-eb377ac59e6c',
  bootId: 'boot-1',
  readiness: { ready: true, failing: [] },
  uptimeMs: 60_000,
  eventLoop: null,
  lanes: [
    { name: 'main', queued: 0, active: 3, workers: 8, closed: false },
    { name: 'cron', queued: 2, active: 1, workers: 8, closed: false },
  ],
  work: { cronRuns: 1 },
  config: { fullHash: 'a'.repeat(64), valid: true, converged: true, firstIssue: null },
  divergedMs: 0,
  health: { pluginErrors: 0, modelRuntimeDegraded: false, failedDeliveries: 0 },
  system: { cpuPct: 12.5, memUsedBytes: 700_000_000 },
  jobs: {
    list: { total: 3, enabled: 2, failing: 1 },
    counts: { results1h: 6, failures1h: 3, results24h: 9, failures24h: 4, undelivered1h: 1 },
  },
  connected: true,
  connectionTrouble: null,
  readTroubles: [],
  syncLagMs: 1234.5,
};
