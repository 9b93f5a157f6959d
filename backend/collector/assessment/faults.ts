import type { DriftCategory, DriftSeverity, ViolationCode, ViolationSeverity } from '@openclaw-fleet/contract';
import type { DriftRule, Found, ViolationRule, Words } from './rule.ts';
import type { DriftFault, Expectation, Fault, FaultTransition, Subject, ViolationFault } from './types.ts';

/** Shared by every target without one. */
export const NO_FAULTS: readonly Fault[] = [];

type Severity = DriftSeverity | ViolationSeverity;

const RANK: Readonly<Record<Severity, number>> = {
  minor: 1,
  warning: 1,
  major: 2,
  high: 2,
  critical: 3,
};

/** Orders severities of drift and of violations: minor and warning 1, major and high 2, critical 3. */
export function rankOf(severity: Severity): number {
  return RANK[severity];
}

/** The fault after a rule has looked: the very one passed in when nothing about it changed. */
export function settleDrift(
  rule: DriftRule,
  was: DriftFault | undefined,
  found: Found<DriftSeverity>,
  subject: Subject,
  expectation: Expectation,
  nowMs: number
): DriftFault | undefined {
  if (found === 'unknown') return was;
  if (found === 'none') return undefined;
  const words = rule.words(subject, expectation, nowMs);
  if (was?.severity === found && stillSays(was, words)) return was;
  const openedMs = openedAt(rule, was, found, nowMs);
  return {
    kind: 'drift',
    id: idOf(subject, 'drift', rule.code, openedMs),
    code: rule.code,
    severity: found,
    expected: words.expected ?? '',
    actual: words.actual ?? '',
    message: words.message,
    playbook: rule.playbook,
    openedMs,
    liftedMs: was?.openedMs === openedMs ? liftAfter(was, found, words) : null,
  };
}

/** As settleDrift, for a violation. */
export function settleViolation(
  rule: ViolationRule,
  was: ViolationFault | undefined,
  found: Found<ViolationSeverity>,
  subject: Subject,
  expectation: Expectation,
  nowMs: number
): ViolationFault | undefined {
  if (found === 'unknown') return was;
  if (found === 'none') return undefined;
  const words = rule.words(subject, expectation, nowMs);
  if (was?.severity === found && stillSays(was, words)) return was;
  const openedMs = openedAt(rule, was, found, nowMs);
  return {
    kind: 'violation',
    id: idOf(subject, 'violation', rule.code, openedMs),
    code: rule.code,
    severity: found,
    expected: null,
    actual: null,
    message: words.message,
    playbook: rule.playbook,
    openedMs,
    liftedMs: null,
  };
}

/**
 * Whether the words of an open fault may stay. A measured number wiggles with every beat: the first one is kept until the
 * severity, the limit or the state changes, or every beat would be a change of the fault.
 */
function stillSays({ message, expected, actual }: Fault, words: Words): boolean {
  if (expected !== words.expected || (words.measured !== true && actual !== words.actual)) return false;
  if (message.endsWith(words.steady)) return true;
  // "error" is not yet "error (hung)", nor "lacks x" what "lacks x, y" began with.
  return message.startsWith(words.steady) && !/^(?: \(|, )/.test(message.slice(words.steady.length));
}

/** When the fault opened that goes on, or that opens in the place of `was`: later than that one, whose id is taken. */
function openedAt(rule: DriftRule | ViolationRule, was: Fault | undefined, found: Severity, nowMs: number): number {
  if (was === undefined) return nowMs;
  const goesOn = rule.eases || RANK[found] >= RANK[was.severity];
  return goesOn ? was.openedMs : Math.max(nowMs, was.openedMs + 1);
}

/** A lift holds for what was seen when it was given: something else that is critical isolates anew. */
function liftAfter(was: DriftFault, severity: DriftSeverity, words: Words): number | null {
  if (severity !== 'critical' || was.severity !== 'critical') return null;
  return words.measured === true || words.actual === was.actual ? was.liftedMs : null;
}

function idOf(subject: Subject, kind: Fault['kind'], code: DriftCategory | ViolationCode, openedMs: number): string {
  return `${subject.id}.${kind}.${code}.${openedMs}`;
}

/**
 * What became of each fault between two assessments of one target, the resolved first. A fault whose words or lift alone
 * changed is in none of them: see `reworded`.
 */
export function transitions(before: readonly Fault[], after: readonly Fault[]): FaultTransition[] {
  if (before === after) return [];
  const changes: FaultTransition[] = [];
  for (const fault of before) {
    if (!after.some(({ id }) => id === fault.id)) changes.push({ change: 'resolved', fault });
  }
  for (const fault of after) {
    const was = before.find(({ id }) => id === fault.id);
    if (was === undefined) changes.push({ change: 'opened', fault });
    else if (RANK[fault.severity] > RANK[was.severity]) changes.push({ change: 'escalated', fault });
    else if (RANK[fault.severity] < RANK[was.severity]) changes.push({ change: 'eased', fault });
  }
  return changes;
}

/** Faults that went on as severe as they were, but say something else now or lost their lift: to be stored, not to be told of. */
export function reworded(before: readonly Fault[], after: readonly Fault[]): Fault[] {
  if (before === after) return [];
  return after.filter((fault) =>
    before.some((was) => was !== fault && was.id === fault.id && was.severity === fault.severity)
  );
}

/** A critical drift is open that nobody lifted: the target is isolated (domain-rules section 4). */
export function isolating(faults: readonly Fault[]): boolean {
  for (const fault of faults) {
    if (fault.kind === 'drift' && fault.severity === 'critical' && fault.liftedMs === null) return true;
  }
  return false;
}
