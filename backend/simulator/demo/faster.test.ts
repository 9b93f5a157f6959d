import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { faster } from './faster.ts';

describe('faster', () => {
  it.each([
    ['    for: 10m\n', '    for: 30s\n'],
    ['    keep_firing_for: 5m', '    keep_firing_for: 15s'],
    ['  - { for: 1h30m, interval: "2m" }', '  - { for: 270s, interval: "6s" }'],
    ['global:\n  scrape_interval: 15s # often', 'global:\n  scrape_interval: 1s # often'],
    ['group_wait: 30s', 'group_wait: 1500ms'],
    ['group_interval: 5m', 'group_interval: 15s'],
    ['repeat_interval: 4h', 'repeat_interval: 720s'],
    ['      timeInterval: 15s', '      timeInterval: 1s'],
    ['for: 0s', 'for: 0s'],
    ['expr: rate(a[5m])', 'expr: rate(a[15s])'],
    ['max_over_time(a[1h:1m] offset 1d)', 'max_over_time(a[180s:3s] offset 4320s)'],
    ['max_over_time(a[1h:] offset -5m)', 'max_over_time(a[180s:] offset -15s)'],
  ])('%j becomes %j', (text, expected) => {
    expect(faster(text)).toBe(expected);
  });

  it.each([
    'expr: openclaw_target_certificate_expiry_timestamp_seconds - time() < 14 * 86400',
    'expr: a{node=~"gw-[0-9]m"} > 5',
    'summary: It has waited for 10 minutes.',
    'record: openclaw:publish:rate5m',
    '# for some minutes',
    'wait_for: 10m',
  ])('%j stays', (text) => {
    expect(faster(text)).toBe(text);
  });

  it('goes by the divisor', () => {
    expect(faster('for: 10m', 60)).toBe('for: 10s');
    expect(faster('for: 10m', 1)).toBe('for: 600s');
  });

  it('never makes less than a second of something', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 1000 }), (seconds, divisor) => {
        const [, count, unit] = /^for: (\d+)(m?s)$/.exec(faster(`for: ${seconds}s`, divisor)) ?? [];
        const ms = Number(count) * (unit === 's' ? 1000 : 1);
        expect(ms).toBe(Math.max(1000, Math.round((seconds * 1000) / divisor)));
      })
    );
  });
});
