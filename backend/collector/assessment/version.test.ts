import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import semver from 'semver';
import { behindBy } from './version.ts';
import type { Behind } from './version.ts';

describe('behindBy', () => {
  it.each<[string, string, Behind]>([
    ['1.4.0', '1.4.0', 'none'],
    ['1.4.1', '1.4.0', 'none'],
    ['2.0.0', '1.4.0', 'none'],
    ['1.3.9', '1.4.0', 'minor'],
    ['1.4.0', '1.4.1', 'patch'],
    ['1.9.9', '2.0.0', 'major'],
    ['0.9.0', '1.0.0', 'major'],
    // Pre-releases in order.
    ['1.4.0-rc.1', '1.4.0', 'patch'],
    ['1.4.0-rc.9', '1.4.0-rc.10', 'patch'],
    ['1.4.0-rc.10', '1.4.0-rc.9', 'none'],
    ['1.4.0', '1.4.0-rc.1', 'none'],
    ['1.3.0', '1.4.0-rc.1', 'minor'],
    // A build says nothing about the order.
    ['1.4.0+a', '1.4.0+b', 'none'],
    // As people write them.
    ['v1.4', '1.4.0', 'none'],
    ['1', '1.0.0', 'none'],
    ['1.3', 'v1.4', 'minor'],
    // OpenClaw's calendar.
    ['2026.9.6', '2026.9.6', 'none'],
    ['2026.9.5', '2026.9.6', 'patch'],
    ['2026.9.6', '2026.10.1', 'minor'],
    ['2026.10.1', '2026.9.6', 'none'],
    ['2025.12.31', '2026.1.1', 'year'],
    ['2020.1.1', '2026.1.1', 'year'],
    ['2026.09.06', '2026.9.6', 'none'],
    ['2026.9.6-beta.2', '2026.9.6', 'patch'],
    ['1.4.0', '2026.9.6', 'major'],
    ['1999.1.1', '2000.1.1', 'major'],
    // No version at all.
    ['banana', '1.4.0', 'unknown'],
    ['', '1.4.0', 'unknown'],
    ['1.4.0.1', '1.4.0', 'unknown'],
    ['1.4.0', 'latest', 'unknown'],
    ['1.4.0-', '1.4.0', 'unknown'],
    ['release 1.3.0', '1.4.0', 'unknown'],
    // The same text needs no order.
    ['nightly', 'nightly', 'none'],
  ])('%s against %s: %s', (actual, wanted, behind) => {
    expect(behindBy(actual, wanted)).toBe(behind);
  });

  const part = fc.integer({ min: 0, max: 40 });
  const identifier = fc.oneof(part.map(String), fc.stringMatching(/^[a-z][a-z0-9-]{0,4}$/));
  const pre = fc.option(fc.array(identifier, { minLength: 1, maxLength: 3 }), { nil: undefined });
  const major = fc.oneof(part, fc.integer({ min: 2000, max: 2040 }));
  const version = fc
    .tuple(major, part, part, pre)
    .map(([a, b, c, tail]) => `${a}.${b}.${c}${tail === undefined ? '' : `-${tail.join('.')}`}`);

  it('is behind exactly where semver says older, and never unknown', () => {
    fc.assert(
      fc.property(version, version, (actual, wanted) => {
        const behind = behindBy(actual, wanted);
        expect(behind).not.toBe('unknown');
        expect(behind !== 'none').toBe(semver.lt(actual, wanted));
      })
    );
  });

  it('orders calendar versions as their dates, and calls a year behind a year', () => {
    const date = fc.tuple(
      fc.integer({ min: 2024, max: 2030 }),
      fc.integer({ min: 1, max: 12 }),
      fc.integer({ min: 1, max: 31 })
    );
    fc.assert(
      fc.property(date, date, (a, b) => {
        const days = ([year, month, day]: readonly number[]): number => year! * 10_000 + month! * 100 + day!;
        const behind = behindBy(a.join('.'), b.join('.'));
        expect(behind !== 'none').toBe(days(a) < days(b));
        if (a[0] < b[0]) expect(behind).toBe('year');
      })
    );
  });

  it('takes any text without an error, and more of them than it remembers', () => {
    fc.assert(fc.property(fc.string(), fc.string(), (a, b) => expect(typeof behindBy(a, b)).toBe('string')));
    for (let i = 0; i < 3000; i++) expect(behindBy(`1.4.${i}`, '1.4.3000')).toBe('patch');
  });
});
