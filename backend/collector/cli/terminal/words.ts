import type {
  Band,
  DriftSeverity,
  FleetSummary,
  LivenessState,
  Verdict,
  ViolationSeverity,
} from '@openclaw-fleet/contract';
import type { Cell } from './table.ts';
import type { Tone } from './screen.ts';

const UNITS = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
] as const;

/** A length of time to read at a glance: `40 s`, `12 min`, `3 h`, `5 d`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  for (const [size, unit] of UNITS) if (whole >= 2 * size) return `${Math.floor(whole / size)} ${unit}`;
  return `${whole} s`;
}

/** How long ago something was. @param at ISO-8601 */
export function age(at: string, nowMs: number): string {
  return span((nowMs - Date.parse(at)) / 1000);
}

/** A moment to read: `2026-02-06 12:34:56Z`. @param at ISO-8601 */
export function moment(at: string): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

export const BAND_TONES: Readonly<Record<Band, Tone>> = {
  healthy: 'good',
  warning: 'notice',
  degraded: 'bad',
  critical: 'worst',
  unknown: 'quiet',
};
export const SEVERITY_TONES: Readonly<Record<DriftSeverity | ViolationSeverity, Tone>> = {
  minor: 'notice',
  warning: 'notice',
  major: 'bad',
  high: 'bad',
  critical: 'worst',
};
export const STATE_TONES: Readonly<Record<LivenessState, Tone | undefined>> = {
  online: 'good',
  stale: 'notice',
  expired: 'worst',
  unknown: 'notice',
  stopped: 'quiet',
  inactive: 'quiet',
  retired: 'quiet',
};
export const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  normal: 'good',
  partial: 'bad',
  full: 'worst',
  blind: 'worst',
};

/** A word of a closed list in its tone. */
export function toned<K extends string>(word: K, tones: Readonly<Record<K, Tone | undefined>>): Cell {
  return { text: word, tone: tones[word] };
}

/** Said first on every view of a fleet with demo timings. */
export function demoNotice({ timings }: Pick<FleetSummary, 'timings'>): string[] {
  return timings === 'demo'
    ? ['DEMO TIMINGS: every duration is a twentieth of the real one. For demonstrations alone.', '']
    : [];
}
