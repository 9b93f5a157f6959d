import {
  ThresholdsConfigBuilder,
  ThresholdsMode,
  MappingType,
  type Threshold,
  type ValueMapping,
} from '@grafana/grafana-foundation-sdk/dashboard';

/** A word and the colour that goes with it: the colour is never the only sign. */
export type Words = Readonly<Record<string, string>>;

/** The colours of these words alone, in this order. */
export const only = (names: readonly string[], words: Words): Words =>
  Object.fromEntries(names.map((name) => [name, words[name] ?? '']));

/** What a panel says when nothing of the collector is known. */
export const NO_COLLECTOR = 'No collector is scraped';

/** Bands of the health score (docs/health-score.md), worst last. */
export const BAND_COLORS: Words = {
  healthy: 'green',
  warning: 'yellow',
  degraded: 'orange',
  critical: 'red',
  unknown: '#8e8e8e',
};
export const STATE_COLORS: Words = {
  online: 'green',
  stale: 'yellow',
  expired: 'red',
  stopped: 'blue',
  inactive: 'purple',
  retired: 'dark-purple',
  unknown: '#8e8e8e',
};
export const VERDICT_COLORS: Words = { normal: 'green', partial: 'yellow', full: 'orange', blind: 'red' };
export const GATEWAY_COLORS: Words = {
  running: 'green',
  starting: 'light-blue',
  draining: 'blue',
  restarting: 'purple',
  hung: 'red',
  dead: 'dark-red',
  unknown: '#8e8e8e',
};
export const HEALTH_COLORS: Words = { ok: 'green', warn: 'yellow', error: 'red' };
export const APPLY_COLORS: Words = { UNSET: '#8e8e8e', APPLYING: 'blue', APPLIED: 'green', FAILED: 'red' };
/** How repairs end, and what they are until then. */
export const RUN_COLORS: Words = {
  pending_approval: 'purple',
  approved: 'light-blue',
  running: 'blue',
  verifying: 'dark-blue',
  succeeded: 'green',
  failed: 'red',
  no_effect: 'orange',
  rolled_back: 'yellow',
  no_fault: 'light-green',
  unreachable: 'dark-red',
  denied: 'dark-purple',
  cancelled: '#8e8e8e',
  expired: '#6e6e6e',
  voided: '#aeaeae',
  blocked: 'dark-orange',
};

/** [from which value, colour], the first of them without a value. */
export type Steps = readonly (readonly [number | null, string])[];

/** The bands of the score: 90, 70, 40. */
export const SCORE: Steps = [
  [null, 'red'],
  [40, 'orange'],
  [70, 'yellow'],
  [90, 'green'],
];
/** Nothing is expected of the value. */
export const PLAIN: Steps = [[null, 'text']];
/** Fine up to the first number. */
export const rising = (warning: number, critical?: number): Steps => [
  [null, 'green'],
  [warning, 'orange'],
  ...(critical === undefined ? [] : ([[critical, 'red']] as const)),
];
/** Fine from the second number up. */
export const falling = (critical: number, fine: number): Steps => [
  [null, 'red'],
  [critical, 'orange'],
  [fine, 'green'],
];
/** Any at all is bad. */
export const NONE_IS_FINE: Steps = [
  [null, 'green'],
  [1, 'red'],
];

export const thresholds = (steps: Steps): ThresholdsConfigBuilder =>
  new ThresholdsConfigBuilder()
    .mode(ThresholdsMode.Absolute)
    .steps(steps.map(([value, color]): Threshold => ({ value, color })));

/** Numbers in place of words, as `stateNumber` makes them. */
export const mapStates = (words: Words): ValueMapping => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(words).map(([text, color], index) => [String(index), { text, color, index }])
  ),
});

/** Words for single values: `{ 0: ['no', 'green'], 1: ['yes', 'red'] }`. */
export const mapValues = (words: Readonly<Record<string, readonly [text: string, color: string]>>): ValueMapping => ({
  type: MappingType.ValueToText,
  options: Object.fromEntries(
    Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }])
  ),
});
