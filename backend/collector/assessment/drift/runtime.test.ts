import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { DriftSeverity, ReportedBlock } from '@openclaw-fleet/contract';
import type { Found } from '../rule.ts';
import { bridgedOf, desiredOf, expectationOf, MINUTE, NOW, plainOf, subjectOf } from '../testing/cases.ts';
import type { Expectation, Fault, Subject } from '../types.ts';
import { runtimeDrift } from './runtime.ts';

const timings = TIMINGS.production;
const expectation = expectationOf();
const subject = (reported: Partial<ReportedBlock>, capabilities: string[] = ['restart']): Subject =>
  subjectOf({ report: bridgedOf(reported, { capabilities }) });
const inError = subject({ health_status: 'error', gateway_state: 'hung', health_reasons: ['no answer for 6 s'] });
const openSince = (openedMs: number): Fault[] => [
  {
    kind: 'violation',
    code: 'runtime-error',
    severity: 'high',
    id: 'x',
    openedMs,
    message: '',
    playbook: 'BridgeStuck',
    liftedMs: null,
    expected: null,
    actual: null,
  },
];
const find = (of: Subject, open: Fault[] = [], expected: Expectation = expectation): Found<DriftSeverity> =>
  runtimeDrift.find(of, expected, open, NOW, timings);
const next = (of: Subject, open: Fault[] = [], expected: Expectation = expectation): number =>
  runtimeDrift.nextMs(of, expected, open, NOW, timings, find(of, open, expected));

describe('runtime drift', () => {
  it.each<[string, Subject, Found<DriftSeverity>]>([
    ['ok', subject({}), 'none'],
    ['warn', subject({ health_status: 'warn' }), 'minor'],
    ['error', inError, 'major'],
    ['a capability missing', subject({}, ['reload']), 'major'],
    ['a capability missing, and warn', subject({ health_status: 'warn' }, []), 'major'],
    ['no bridge', subjectOf({ report: plainOf() }), 'unknown'],
  ])('%s', (_name, of, found) => {
    expect(find(of)).toBe(found);
  });

  it('is critical once the error has lasted 15 min', () => {
    expect(find(inError, openSince(NOW - 15 * MINUTE + 1))).toBe('major');
    expect(find(inError, openSince(NOW - 15 * MINUTE))).toBe('critical');
    expect(find(subject({ health_status: 'warn' }), openSince(NOW - 60 * MINUTE))).toBe('minor');
  });

  it('names the moment at which it becomes critical', () => {
    expect(next(inError)).toBe(NOW + 15 * MINUTE);
    expect(next(inError, openSince(NOW - 5 * MINUTE))).toBe(NOW + 10 * MINUTE);
    expect(next(inError, openSince(NOW - 15 * MINUTE))).toBe(Infinity);
    expect(next(subject({ health_status: 'warn' }))).toBe(Infinity);
    expect(next(subjectOf({ report: plainOf() }))).toBe(Infinity);
  });

  it('does not count the time for which the error is waived', () => {
    const waived = expectationOf({ waivers: [{ code: 'runtime-error', untilMs: NOW + 1 }] });
    expect(find(inError, openSince(NOW - 60 * MINUTE), waived)).toBe('major');
    expect(next(inError, [], waived)).toBe(Infinity);
    const over = expectationOf({ waivers: [{ code: 'runtime-error', untilMs: NOW }] });
    expect(find(inError, openSince(NOW - 60 * MINUTE), over)).toBe('critical');
  });

  it("repeats the bridge's reasons, and what it lacks", () => {
    expect(runtimeDrift.words(inError, expectation, NOW)).toMatchObject({
      expected: 'ok',
      actual: 'error (hung)',
      message: expect.stringMatching(/^The gateway's health is error \(hung\): no answer for 6 s\. /),
    });
    expect(runtimeDrift.words(subject({}, []), expectation, NOW)).toMatchObject({
      expected: 'ok, with restart',
      actual: 'ok, without restart',
      message: expect.stringMatching(/^The bridge lacks what is required of it: restart\. /),
    });
    const both = subject({ health_status: 'warn', health_reasons: ['a', 'b', 'c'] }, []);
    const more = expectationOf({ desired: desiredOf({ requiredCapabilities: ['restart', 'doctor'] }) });
    expect(runtimeDrift.words(both, more, NOW)).toMatchObject({
      actual: 'warn, without restart, doctor',
      message: expect.stringMatching(/^The gateway's health is warn and the bridge lacks restart, doctor: a; b\. /),
    });
  });
});
