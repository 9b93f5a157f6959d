import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { DriftSeverity } from '@openclaw-fleet/contract';
import type { Found } from '../rule.ts';
import { bridgedOf, desiredOf, expectationOf, NOW, plainOf, subjectOf } from '../testing/cases.ts';
import { versionDrift } from './version.ts';

const subject = (version: string) => subjectOf({ report: bridgedOf({ bridge_version: version }) });
const expectation = (desired: string | null, minimum: string | null) =>
  expectationOf({ desired: desiredOf({ bridgeVersion: desired }), minimumBridgeVersion: minimum });
const find = (version: string, desired: string | null, minimum: string | null): Found<DriftSeverity> =>
  versionDrift.find(subject(version), expectation(desired, minimum), [], NOW, TIMINGS.production);

describe('version drift', () => {
  it.each<[string, string | null, string | null, Found<DriftSeverity>]>([
    ['1.4.2', '1.4.2', null, 'none'],
    ['1.5.0', '1.4.2', null, 'none'],
    ['1.4.1', '1.4.2', null, 'minor'],
    ['1.4.2-rc.1', '1.4.2', null, 'minor'],
    ['1.3.9', '1.4.2', null, 'major'],
    ['0.9.0', '1.4.2', null, 'critical'],
    ['2026.9.5', '2026.9.6', null, 'minor'],
    ['2026.8.30', '2026.9.6', null, 'major'],
    ['2025.9.6', '2026.9.6', null, 'major'],
    // The minimum.
    ['1.3.0', '1.4.2', '1.3.0', 'major'],
    ['1.2.9', '1.4.2', '1.3.0', 'critical'],
    ['1.2.9', '1.2.9', '1.3.0', 'critical'],
    ['1.2.9', null, '1.3.0', 'critical'],
    ['1.3.0-rc.1', null, '1.3.0', 'critical'],
    ['1.3.0', null, '1.3.0', 'none'],
    ['2026.9.5', null, '2026.9.6', 'critical'],
    // Nothing expected, nothing known.
    ['1.0.0', null, null, 'none'],
    ['banana', '1.4.2', null, 'unknown'],
    ['banana', null, '1.3.0', 'unknown'],
    ['banana', null, null, 'none'],
    ['1.4.1', '1.4.2', 'banana', 'minor'],
    ['1.4.2', '1.4.2', 'banana', 'unknown'],
  ])('%s, desired %s, at least %s: %s', (version, desired, minimum, found) => {
    expect(find(version, desired, minimum)).toBe(found);
  });

  it('is unknown without a bridge', () => {
    const plain = subjectOf({ report: plainOf() });
    expect(versionDrift.find(plain, expectation('1.4.2', null), [], NOW, TIMINGS.production)).toBe('unknown');
    expect(versionDrift.find(plain, expectation(null, null), [], NOW, TIMINGS.production)).toBe('none');
  });

  it('says what is expected and what is there', () => {
    expect(versionDrift.words(subject('1.3.9'), expectation('1.4.2', '1.0.0'), NOW)).toMatchObject({
      expected: '1.4.2',
      actual: '1.3.9',
      message: 'Bridge 1.3.9 is behind the desired 1.4.2. Upgrade the bridge.',
    });
    expect(versionDrift.words(subject('1.3.9'), expectation('1.4.2', '1.4.0'), NOW)).toMatchObject({
      expected: 'at least 1.4.0',
      message: 'Bridge 1.3.9 is below the minimum 1.4.0. Upgrade the bridge.',
    });
    expect(versionDrift.words(subject('1.3.9'), expectation('1.4.2', 'banana'), NOW).expected).toBe('1.4.2');
  });
});
