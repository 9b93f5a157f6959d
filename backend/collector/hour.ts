import { DEMO_SPEED, type TimingsProfile } from '@openclaw-fleet/contract';

const HOUR_MS = 3_600_000;

/** An hour as a profile's fleet lives it, in milliseconds: what people are told of, and when, keeps pace with the rest. */
export function hourOf(profile: TimingsProfile): number {
  return profile === 'demo' ? HOUR_MS / DEMO_SPEED : HOUR_MS;
}
