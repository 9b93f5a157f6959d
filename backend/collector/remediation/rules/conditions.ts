/**
 * Keys that stand for one condition. A violation says again, for the score, what a drift or an anomaly says for repairs: were
 * they counted apart, a condition would have twice the attempts, and the severity of an alert would decide on automation.
 */
const CONDITIONS: readonly (readonly [string, string])[] = [
  ['drift.config', 'violation.config-drift'],
  ['drift.sync', 'violation.sync-lag-over-limit'],
  ['drift.runtime', 'violation.runtime-error'],
  ['anomaly.job-failures', 'violation.job-failures-over-limit'],
];

/** The key that stands for a violation's condition as long as it is there; null: the violation stands for itself. */
export function standsFor(violation: string): string | null {
  return CONDITIONS.find(([, twin]) => twin === violation)?.[0] ?? null;
}

/** Every key of the condition that a key is of, itself included. */
export function keysOfCondition(key: string): readonly string[] {
  return CONDITIONS.find((keys) => keys.includes(key)) ?? [key];
}
