import type {
  DriftCategory,
  DriftSeverity,
  PlaybookId,
  Timings,
  ViolationCode,
  ViolationSeverity,
} from '@openclaw-fleet/contract';
import type { DriftFault, Expectation, Fault, Subject, ViolationFault } from './types.ts';

/**
 * What a rule found. `none`: nothing is wrong, or nothing is expected. `unknown`: it cannot be told now, so that a fault
 * neither opens nor closes.
 */
export type Found<Severity> = Severity | 'none' | 'unknown';

/** A fault in words. */
export interface Words {
  /** Null, both, for a violation. */
  readonly expected: string | null;
  readonly actual: string | null;
  readonly message: string;
  /** How the message begins or ends: all that is expected and found, save a measured number. An open fault that says it keeps its words. */
  readonly steady: string;
  /** `actual` is such a number. */
  readonly measured?: boolean;
}

interface RuleBase<Code, Severity> {
  readonly code: Code;
  readonly playbook: PlaybookId | null;
  /** A smaller cause eases the open fault; otherwise it resolves that one and opens another. */
  readonly eases: boolean;
  /**
   * Whether it is broken, and how badly. Runs for every heartbeat: O(1), and nothing is allocated.
   * @param open the faults open before
   */
  find(
    subject: Subject,
    expectation: Expectation,
    open: readonly Fault[],
    nowMs: number,
    timings: Timings
  ): Found<Severity>;
  /** In words; called when it is broken. */
  words(subject: Subject, expectation: Expectation, nowMs: number): Words;
}

export interface DriftRule extends RuleBase<DriftCategory, DriftSeverity> {
  /** When time alone changes what is found, in milliseconds of our clock; later than `nowMs`, Infinity for never. */
  nextMs(
    subject: Subject,
    expectation: Expectation,
    open: readonly Fault[],
    nowMs: number,
    timings: Timings,
    found: Found<DriftSeverity>
  ): number;
}
export type ViolationRule = RuleBase<ViolationCode, ViolationSeverity>;

/** For rules that time alone does not change. */
export const never = (): number => Infinity;

/** The open fault of that code; undefined when there is none. */
export function faultOf(open: readonly Fault[], code: DriftCategory): DriftFault | undefined;
export function faultOf(open: readonly Fault[], code: ViolationCode): ViolationFault | undefined;
export function faultOf(open: readonly Fault[], code: DriftCategory | ViolationCode): Fault | undefined {
  for (const fault of open) if (fault.code === code) return fault;
  return undefined;
}

/** Until when violations of `code` are not counted, in milliseconds of our clock; -Infinity when they are counted. */
export function waivedUntilMs(expectation: Expectation, code: ViolationCode, nowMs: number): number {
  let until = -Infinity;
  for (const waiver of expectation.waivers) {
    if (waiver.code === code && waiver.untilMs > nowMs && waiver.untilMs > until) until = waiver.untilMs;
  }
  return until;
}
