import type { DriftSeverity, ReportedBlock, Timings } from '@openclaw-fleet/contract';
import { DRIFT_HINTS } from '../hints.ts';
import { faultOf, waivedUntilMs } from '../rule.ts';
import type { DriftRule, Found, Words } from '../rule.ts';
import type { Expectation, Fault, Subject } from '../types.ts';
import { listed } from '../words.ts';

/** Reasons of the bridge that a message repeats. */
const MOST_REASONS = 2;

/** Warn minor; error, or a required capability missing, major; error for 15 min critical (domain-rules section 4). */
export const runtimeDrift: DriftRule = {
  code: 'runtime',
  playbook: 'BridgeStuck',
  eases: true,
  find: findRuntimeDrift,
  words: runtimeWords,
  nextMs: nextRuntimeMs,
};

function findRuntimeDrift(
  subject: Subject,
  expectation: Expectation,
  open: readonly Fault[],
  nowMs: number,
  timings: Timings
): Found<DriftSeverity> {
  const { reported } = subject.report;
  if (reported === undefined) return 'unknown';
  if (reported.health_status === 'error') {
    const since = errorSinceMs(expectation, open, nowMs);
    return nowMs - since >= timings.runtimeDriftCriticalAfter ? 'critical' : 'major';
  }
  if (missesCapability(subject, expectation)) return 'major';
  return reported.health_status === 'warn' ? 'minor' : 'none';
}

/**
 * Since when it is in error: as long as its `runtime-error` violation is open. While that is waived the time does not
 * count, so that what people put up with does not isolate the target.
 */
function errorSinceMs(expectation: Expectation, open: readonly Fault[], nowMs: number): number {
  if (waivedUntilMs(expectation, 'runtime-error', nowMs) > nowMs) return Infinity;
  return faultOf(open, 'runtime-error')?.openedMs ?? nowMs;
}

function nextRuntimeMs(
  { report }: Subject,
  expectation: Expectation,
  open: readonly Fault[],
  nowMs: number,
  timings: Timings,
  found: Found<DriftSeverity>
): number {
  if (report.reported?.health_status !== 'error' || found === 'critical') return Infinity;
  return errorSinceMs(expectation, open, nowMs) + timings.runtimeDriftCriticalAfter;
}

/** Whether a capability that is required was not declared. */
export function missesCapability({ report }: Subject, { desired }: Expectation): boolean {
  for (const name of desired.requiredCapabilities) if (report.capabilities?.includes(name) !== true) return true;
  return false;
}

/** The required capabilities that were not declared. */
export function missingCapabilities({ report }: Subject, { desired }: Expectation): readonly string[] {
  return desired.requiredCapabilities.filter((name) => report.capabilities?.includes(name) !== true);
}

/** Its health as the bridge tells it: `error (hung)`. */
export function healthWords({ health_status: status, gateway_state: state }: ReportedBlock): string {
  return state === 'running' ? status : `${status} (${state})`;
}

/** The first of the bridge's reasons, with what leads to them; empty without any. */
export function healthReasons({ health_reasons: reasons }: ReportedBlock): string {
  return reasons.length === 0 ? '' : `: ${reasons.slice(0, MOST_REASONS).join('; ')}`;
}

function runtimeWords(subject: Subject, expectation: Expectation): Words {
  const { reported } = subject.report;
  const health = reported === undefined ? 'unknown' : healthWords(reported);
  const missing = listed(missingCapabilities(subject, expectation));
  const steady =
    health === 'ok'
      ? `The bridge lacks what is required of it: ${missing}.`
      : `The gateway's health is ${health}${missing === '' ? '' : ` and the bridge lacks ${missing}`}`;
  const reasons = health === 'ok' || reported === undefined ? '' : `${healthReasons(reported)}.`;
  return {
    expected: missing === '' ? 'ok' : `ok, with ${missing}`,
    actual: missing === '' ? health : `${health}, without ${missing}`,
    message: `${steady}${reasons} ${DRIFT_HINTS.runtime}`,
    steady,
  };
}
