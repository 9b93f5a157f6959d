import { COMPONENT_POINTS } from '@openclaw-fleet/contract';
import type { LivenessState } from '@openclaw-fleet/contract';

const STALE_POINTS = 15;

/** Only a target that is heard of, or was and is silent, is judged; a stopped, retired or unknown one is not. */
export function isJudged(state: LivenessState): boolean {
  return state === 'online' || state === 'stale' || state === 'expired' || state === 'inactive';
}

/** 20 online, 15 stale, 0 expired or inactive; NaN for one that is not judged (domain-rules section 3). */
export function connectivityPoints(state: LivenessState): number {
  if (state === 'online') return COMPONENT_POINTS;
  if (state === 'stale') return STALE_POINTS;
  return isJudged(state) ? 0 : NaN;
}
