import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { DriftSeverity, ReportedBlock } from '@openclaw-fleet/contract';
import type { Found } from '../rule.ts';
import {
  bridgedOf,
  desiredOf,
  EDITED_HASH,
  expectationOf,
  ISSUED_HASH,
  MINUTE,
  NOW,
  plainOf,
  REVISION,
  subjectOf,
} from '../testing/cases.ts';
import type { Expectation, Fault, Subject } from '../types.ts';
import { configDrift, configState } from './config.ts';
import type { ConfigState } from './config.ts';

const timings = TIMINGS.production;
const SECOND = 1000;
const OTHER = 'e'.repeat(64);
/** Without the members that are named. */
function without(...names: (keyof ReportedBlock)[]): Subject {
  const { report } = subjectOf();
  const reported = Object.fromEntries(
    Object.entries(report.reported!).filter(([name]) => !names.includes(name as keyof ReportedBlock))
  ) as ReportedBlock;
  return subjectOf({ report: { ...report, reported } });
}
const subject = (reported: Partial<ReportedBlock>): Subject => subjectOf({ report: bridgedOf(reported) });
const desiredFor = (ms: number): Expectation => expectationOf({ revisionSinceMs: NOW - ms });
const openSince = (openedMs: number): Fault[] => [
  {
    kind: 'drift',
    code: 'config',
    severity: 'minor',
    id: 'x',
    openedMs,
    message: '',
    playbook: 'ConfigDrift',
    liftedMs: null,
    expected: '',
    actual: '',
  },
];

const issued = { config_hash: ISSUED_HASH };
const edited = { config_hash: EDITED_HASH };
const old = { config_hash: ISSUED_HASH, revision: OTHER };

describe('the state of a configuration', () => {
  const long = desiredFor(60 * MINUTE);
  it.each<[string, Subject, Expectation, ConfigState]>([
    ['same', subject({}), long, 'same'],
    ['same, however it was applied', subject({ apply_status: 'FAILED' }), long, 'same'],
    ['same at once', subject({ apply_status: 'APPLYING' }), desiredFor(0), 'same'],
    ['none desired', subject(edited), expectationOf({ desired: desiredOf({ configHash: null }) }), 'none'],
    ['no bridge', subjectOf({ report: plainOf() }), long, 'unknown'],
    // Not yet applied.
    ['the old revision, just desired', subject(old), desiredFor(0), 'pending'],
    ['the old revision, to the last', subject(old), desiredFor(120 * SECOND - 1), 'pending'],
    ['the old revision, too long', subject(old), desiredFor(120 * SECOND), 'different'],
    [
      'told of it and not applied, just desired',
      subject({ ...issued, apply_status: 'UNSET' }),
      desiredFor(0),
      'different',
    ],
    [
      'told of it, with what was there before',
      subject({ ...edited, apply_status: 'UNSET' }),
      desiredFor(0),
      'different',
    ],
    ['other values of it, just desired', subject(issued), desiredFor(0), 'different'],
    ['an edit, just desired', subject(edited), desiredFor(0), 'edited'],
    ['an apply half done', subject({ ...edited, apply_status: 'APPLYING' }), desiredFor(0), 'pending'],
    [
      'applying, to the last',
      subject({ ...issued, apply_status: 'APPLYING' }),
      desiredFor(120 * SECOND - 1),
      'pending',
    ],
    ['applying for ever', subject({ ...issued, apply_status: 'APPLYING' }), desiredFor(120 * SECOND), 'different'],
    ['applying over an edit, for ever', subject({ ...edited, apply_status: 'APPLYING' }), long, 'different'],
    // Wrong.
    ['other values of it', subject(issued), long, 'different'],
    ['an edit', subject(edited), long, 'edited'],
    ['an edit of the old revision', subject({ ...edited, revision: OTHER }), long, 'edited'],
    ['failed at once', subject({ ...issued, apply_status: 'FAILED' }), desiredFor(0), 'failed'],
    ['the old one failed, just desired', subject({ ...old, apply_status: 'FAILED' }), desiredFor(0), 'pending'],
    ['the old one failed', subject({ ...old, apply_status: 'FAILED' }), long, 'failed'],
    // It does not say.
    ['no revision', without('revision'), long, 'unknown'],
    ['no hash', without('config_hash'), long, 'unknown'],
    ['neither, just desired', without('revision', 'config_hash'), desiredFor(0), 'pending'],
    ['neither', without('revision', 'config_hash'), long, 'unknown'],
  ])('%s', (_name, of, expectation, state) => {
    expect(configState(of, expectation, NOW, timings)).toBe(state);
  });

  it('is different of another revision without a hash', () => {
    const { report } = without('config_hash');
    const other = subjectOf({ report: { ...report, reported: { ...report.reported!, revision: OTHER } } });
    expect(configState(other, long, NOW, timings)).toBe('different');
  });
});

describe('config drift', () => {
  const find = (of: Subject, open: Fault[] = [], expectation = expectationOf()): Found<DriftSeverity> =>
    configDrift.find(of, expectation, open, NOW, timings);

  it.each<[string, Found<DriftSeverity>, Found<DriftSeverity>]>([
    ['same', find(subject({})), 'none'],
    ['none desired', find(subject(edited), [], expectationOf({ desired: desiredOf({ configHash: null }) })), 'none'],
    ['pending', find(subject(old), [], desiredFor(0)), 'unknown'],
    ['unknown', find(without('revision')), 'unknown'],
    ['different', find(subject(issued)), 'minor'],
    ['different, nearly 10 min', find(subject(issued), openSince(NOW - 10 * MINUTE + 1)), 'minor'],
    ['different, 10 min', find(subject(issued), openSince(NOW - 10 * MINUTE)), 'major'],
    ['failed', find(subject({ ...issued, apply_status: 'FAILED' })), 'major'],
    ['edited', find(subject(edited)), 'major'],
    [
      'edited, as the profile says',
      find(subject(edited), [], expectationOf({ unknownConfigSeverity: 'critical' })),
      'critical',
    ],
    [
      'the very same, where edits are critical',
      find(subject({}), [], expectationOf({ unknownConfigSeverity: 'critical' })),
      'none',
    ],
  ])('%s', (_name, found, expected) => {
    expect(found).toBe(expected);
  });

  it('names the moment at which it changes by itself', () => {
    const next = (of: Subject, open: Fault[] = [], expectation = expectationOf()): number =>
      configDrift.nextMs(of, expectation, open, NOW, timings, find(of, open, expectation));
    expect(next(subject({}))).toBe(Infinity);
    expect(next(subject(old), [], desiredFor(30 * SECOND))).toBe(NOW + 90 * SECOND);
    expect(next(subject({ ...issued, apply_status: 'APPLYING' }), [], desiredFor(0))).toBe(NOW + 120 * SECOND);
    expect(next(subject(issued))).toBe(NOW + 10 * MINUTE);
    expect(next(subject(issued), openSince(NOW - 4 * MINUTE))).toBe(NOW + 6 * MINUTE);
    expect(next(subject(issued), openSince(NOW - 10 * MINUTE))).toBe(Infinity);
    expect(next(without('revision'))).toBe(Infinity);
    expect(next(subjectOf({ report: plainOf() }), [], desiredFor(0))).toBe(Infinity);
  });

  it('takes the same time on every profile to converge, since a gateway does', () => {
    for (const status of ['APPLIED', 'APPLYING'] as const) {
      const late = subject({ ...old, apply_status: status });
      const at = (ms: number): ConfigState => configState(late, desiredFor(ms), NOW, TIMINGS.demo);
      expect(at(120 * SECOND - 1)).toBe('pending');
      expect(at(120 * SECOND)).toBe('different');
    }
  });

  it('says which hashes differ, and why', () => {
    const words = (of: Subject) => configDrift.words(of, expectationOf(), NOW);
    const expected = `hash ${'a'.repeat(12)} of revision ${REVISION.slice(0, 12)}`;
    expect(words(subject(issued))).toMatchObject({ expected, actual: 'hash cccccccccccc' });
    expect(words(subject(issued)).message).toMatch(
      /^The configuration differs from the desired one: expected hash aaa/
    );
    expect(words(subject(edited)).message).toMatch(/^The configuration was edited on the node: /);
    expect(words(subject(old))).toMatchObject({ expected, actual: 'hash cccccccccccc of revision eeeeeeeeeeee' });
    expect(words(subject(old)).message).toMatch(/^The target runs another revision than is desired: /);
    expect(words(subject({ ...issued, apply_status: 'FAILED' })).message).toMatch(/^The bridge failed to apply /);
    expect(words(without('config_hash')).actual).toBe('no hash reported');
  });
});
