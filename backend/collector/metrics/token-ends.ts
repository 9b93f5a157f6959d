/** Names of tokens that become label values. */
export const MAX_TOKENS = 100;
/** How long somebody may want to know that a token expired; later it must not take the place of one that is used. */
const WEEK_MS = 7 * 86_400_000;

/** A token of the API. Times in milliseconds since the epoch. */
export interface EndingToken {
  readonly name: string;
  /** Null: never. */
  readonly expiresMs: number | null;
  readonly revokedMs: number | null;
}

/**
 * When tokens that are not revoked expire, the first ones first. Names need not be unique: of several with one name the
 * first to expire counts.
 * @returns by name, milliseconds since the epoch
 */
export function tokenEnds(tokens: Iterable<EndingToken>, nowMs: number): ReadonlyMap<string, number> {
  const ends = new Map<string, number>();
  for (const { name, expiresMs, revokedMs } of tokens) {
    if (expiresMs === null || revokedMs !== null || expiresMs < nowMs - WEEK_MS) continue;
    ends.set(name, Math.min(expiresMs, ends.get(name) ?? Infinity));
  }
  return new Map([...ends].sort(([, a], [, b]) => a - b).slice(0, MAX_TOKENS));
}
