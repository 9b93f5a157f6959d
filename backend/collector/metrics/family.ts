import type { DriftSeverity, ViolationSeverity } from '@openclaw-fleet/contract';
import type { FleetNode, FleetView } from '../fleet/types.ts';

/** How much is exposed per target (domain-rules section 7). Fleet aggregates are always there. */
export const METRICS_LEVELS = ['off', 'core', 'full'] as const;
export type MetricsLevel = (typeof METRICS_LEVELS)[number];

/** What one scrape looks at. */
export interface Scrape {
  readonly fleet: FleetView;
  readonly nowMs: number;
  readonly certificates: CertificateSource;
}

/** What is known of the certificates of nodes. Asked for every target: a look-up, no more. */
export interface CertificateSource {
  /** When the newest one of an enrolled node ends, in seconds since the epoch; undefined: it has none that counts. */
  readonly certificateEndS: (nodeId: string) => number | undefined;
}

interface FamilyBase {
  readonly name: string;
  readonly help: string;
  readonly level: 'core' | 'full';
}

/** One sample a target; none when `value` is undefined. With `millis` the value is milliseconds, shown as seconds. */
export interface ValueFamily extends FamilyBase {
  readonly shape: 'value';
  readonly type: 'gauge' | 'counter';
  readonly millis?: true;
  readonly value: (node: FleetNode, scrape: Scrape) => number | undefined;
}

/** A StateSet: one sample a state, 1 for the one that holds. None when `state` is undefined. */
export interface StateFamily extends FamilyBase {
  readonly shape: 'states';
  readonly type: 'gauge';
  readonly label: string;
  readonly states: readonly string[];
  readonly state: (node: FleetNode, scrape: Scrape) => string | undefined;
}

/** One sample an entry. Names come from the network: all of a family's targets share at most `maxNames`, the rest is `other`. */
export interface EntryFamily extends FamilyBase {
  readonly shape: 'entries';
  readonly type: 'gauge' | 'counter';
  readonly label: string;
  readonly maxNames: number;
  readonly entries: (node: FleetNode) => Readonly<Record<string, number>> | undefined;
}

/** One sample a part of a closed list, in its order; none where the value is NaN, none at all when undefined. */
export interface PartFamily extends FamilyBase {
  readonly shape: 'parts';
  readonly type: 'gauge';
  readonly label: string;
  readonly parts: readonly string[];
  readonly values: (node: FleetNode) => readonly number[] | undefined;
}

/** One sample of 1 for each open fault of a kind, and none otherwise. Codes and severities are closed lists. */
export interface FaultFamily extends FamilyBase {
  readonly shape: 'faults';
  readonly type: 'gauge';
  readonly kind: 'drift' | 'violation';
  readonly label: string;
  readonly codes: readonly string[];
  readonly severities: readonly (DriftSeverity | ViolationSeverity)[];
}

/** Always 1; says something in labels. */
export interface InfoFamily extends FamilyBase {
  readonly shape: 'info';
  readonly type: 'gauge';
  readonly labels: readonly string[];
  readonly values: (node: FleetNode, scrape: Scrape) => readonly string[];
}

/** `_sum` and `_count` of something the node measured. */
export interface SummaryFamily extends FamilyBase {
  readonly shape: 'summary';
  readonly type: 'summary';
  readonly sum: (node: FleetNode) => number | undefined;
  readonly count: (node: FleetNode) => number | undefined;
}

export type TargetFamily =
  ValueFamily | StateFamily | EntryFamily | PartFamily | FaultFamily | InfoFamily | SummaryFamily;
