/** How often a node restarts its gateway or its bridge, together (domain-rules section 6). */
export interface RestartLimits {
  /** One restart in this time, and `most` in the longer one. Milliseconds. */
  readonly gapMs: number;
  readonly hourMs: number;
}
export const MOST_RESTARTS = 3;

/**
 * When the next restart is allowed. A restart that lies ahead of the clock counts as one of now: the clock was set back.
 * @param restartsMs when restarts began, wall clock, in any order
 * @returns null: now; else milliseconds since the epoch
 */
export function restartAllowedAt(restartsMs: readonly number[], nowMs: number, limits: RestartLimits): number | null {
  const past = restartsMs.map((at) => Math.min(at, nowMs)).sort((a, b) => b - a);
  const [latest] = past;
  const third = past[MOST_RESTARTS - 1];
  const allowed = Math.max(
    latest === undefined ? -Infinity : latest + limits.gapMs,
    third === undefined ? -Infinity : third + limits.hourMs
  );
  return allowed > nowMs ? allowed : null;
}
