import type { Timings } from '@openclaw-fleet/contract';
import { receivedAt } from './ordering.ts';
import type { Memory } from './ordering.ts';

/** Gaps whose median is the pace a client keeps (domain-rules section 1). */
const GAPS = 5;
/** A client waits 0.9 to 1.0 of the told interval: within this share it keeps the told pace. */
const TOLERANCE = 0.1;

/** What the answer tells a node to wait, in seconds (domain-rules section 1). */
export function toldSeconds(timings: Timings): number {
  return timings.beat / 1000;
}

/**
 * The pace a node is judged by, in milliseconds: the one it states; else the told one, unless the median of its last 5
 * gaps differs by more than 10 % (domain-rules section 1).
 * @param statedSeconds the beat's `interval_seconds`
 * @param memory the node's beats; null before the first
 */
export function judgedInterval(statedSeconds: number | undefined, memory: Memory | null, timings: Timings): number {
  if (statedSeconds !== undefined) return clamp(statedSeconds * 1000, timings);
  const kept = memory === null ? NaN : medianGap(memory);
  if (Number.isNaN(kept) || Math.abs(kept - timings.beat) <= TOLERANCE * timings.beat) return timings.beat;
  return clamp(kept, timings);
}

function clamp(ms: number, timings: Timings): number {
  return Math.min(Math.max(ms, timings.beatMin), timings.beatMax);
}

function medianGap(memory: Memory): number {
  const gaps = [0, 0, 0, 0, 0];
  let later = receivedAt(memory, 0);
  for (let index = 0; index < GAPS; index++) {
    const earlier = receivedAt(memory, index + 1);
    const gap = later - earlier;
    if (Number.isNaN(gap)) return NaN;
    let place = index;
    while (place > 0 && (gaps[place - 1] ?? 0) > gap) {
      gaps[place] = gaps[place - 1] ?? 0;
      place--;
    }
    gaps[place] = gap;
    later = earlier;
  }
  return gaps[GAPS >> 1] ?? NaN;
}
