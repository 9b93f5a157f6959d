import type { Waiver } from '@openclaw-fleet/contract';

/** A waiver that ends within this is worth a look. Milliseconds. */
export const SOON_MS = 7 * 86_400_000;

export type WaiverState = 'active' | 'soon' | 'ended';

export function waiverState({ expiresAt }: Pick<Waiver, 'expiresAt'>, nowMs: number): WaiverState {
  const left = Date.parse(expiresAt) - nowMs;
  if (left <= 0) return 'ended';
  return left <= SOON_MS ? 'soon' : 'active';
}

/** The earliest end of those that are still in effect; null: none is. */
export function nextEnd(waivers: readonly Waiver[], nowMs: number): string | null {
  const ends = waivers.filter((each) => waiverState(each, nowMs) !== 'ended').map(({ expiresAt }) => expiresAt);
  return ends.sort((a, b) => Date.parse(a) - Date.parse(b))[0] ?? null;
}
