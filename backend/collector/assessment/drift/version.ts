import type { DriftSeverity } from '@openclaw-fleet/contract';
import { DRIFT_HINTS } from '../hints.ts';
import { never } from '../rule.ts';
import type { DriftRule, Found, Words } from '../rule.ts';
import type { Expectation, Subject } from '../types.ts';
import { behindBy, isBehind } from '../version.ts';
import type { Behind } from '../version.ts';

const SEVERITY: Readonly<Record<Behind, Found<DriftSeverity>>> = {
  none: 'none',
  patch: 'minor',
  minor: 'major',
  year: 'major',
  major: 'critical',
  unknown: 'unknown',
};

/** Behind by patch minor, by minor or a calendar year major, by a major or below the minimum critical (domain-rules section 4). */
export const versionDrift: DriftRule = {
  code: 'version',
  playbook: null,
  eases: false,
  find: findVersionDrift,
  words: versionWords,
  nextMs: never,
};

function findVersionDrift({ report }: Subject, expectation: Expectation): Found<DriftSeverity> {
  const desired = expectation.desired.bridgeVersion;
  const minimum = expectation.minimumBridgeVersion;
  if (desired === null && minimum === null) return 'none';
  const actual = report.reported?.bridge_version;
  if (actual === undefined) return 'unknown';
  const below = minimum === null ? 'none' : behindBy(actual, minimum);
  if (isBehind(below)) return 'critical';
  const behind = desired === null ? 'none' : SEVERITY[behindBy(actual, desired)];
  return behind === 'none' ? below : behind;
}

function versionWords({ report }: Subject, expectation: Expectation): Words {
  const actual = report.reported?.bridge_version ?? '';
  const minimum = expectation.minimumBridgeVersion;
  const below = minimum !== null && isBehind(behindBy(actual, minimum));
  const desired = expectation.desired.bridgeVersion ?? '';
  const message = below
    ? `Bridge ${actual} is below the minimum ${minimum}. ${DRIFT_HINTS.version}`
    : `Bridge ${actual} is behind the desired ${desired}. ${DRIFT_HINTS.version}`;
  return { expected: below ? `at least ${minimum}` : desired, actual, message, steady: message };
}
