import { describe, expect, it } from '@jest/globals';
import { addressOf, instants, pickerRange } from './range.ts';

describe('a range in an address', () => {
  it('is two instants, however Grafana writes it', () => {
    const ms = Date.parse('2026-11-22T12:00:00Z');
    expect(instants(String(ms), '2026-11-22T13:00:00.000Z')).toEqual({
      from: '2026-11-22T12:00:00.000Z',
      to: '2026-11-22T13:00:00.000Z',
    });
  });

  it('has no end where that is now, missing or nonsense', () => {
    expect(Object.keys(instants('now-1h', 'now'))).toEqual(['from']);
    expect(instants(null, null)).toEqual({});
    expect(instants('yesterday', '')).toEqual({});
  });

  it('comes back from the picker as it was', () => {
    expect(addressOf(pickerRange('now-7d', 'now'))).toEqual({ from: 'now-7d', to: 'now' });
    const fixed = { from: '2026-11-22T12:00:00.000Z', to: '2026-11-22T13:00:00.000Z' };
    expect(addressOf(pickerRange(fixed.from, fixed.to))).toEqual(fixed);
    expect(addressOf(pickerRange('now-7d', null))).toEqual({ from: null, to: null });
  });
});
