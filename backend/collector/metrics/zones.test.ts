import { describe, expect, it } from '@jest/globals';
import type { FleetSummary } from '@openclaw-fleet/contract';
import { parseExposition } from './testing/exposition.ts';
import { MAX_ZONES, renderZones, ZONE_FAMILIES } from './zones.ts';

type Zone = FleetSummary['zones'][number];

function zone(name: string, total = 1, more: Partial<Zone> = {}): Zone {
  return {
    zone: name,
    verdict: 'normal',
    expected: total,
    online: 0,
    total,
    bands: { healthy: total, warning: 0, degraded: 0, critical: 0, unknown: 0 },
    scores: { count: total, sum: 90 * total, lowest: 40, p05: 60, median: 95 },
    ...more,
  };
}

const read = (zones: readonly Zone[]) => parseExposition([...renderZones([...zones])].join(''));

describe('the series by zone', () => {
  it('are those of every family, also when there is no zone', () => {
    const named = ZONE_FAMILIES.map(({ name, type }) => [name, type]);
    expect([...read([]).types]).toEqual(named);
    expect([...read([zone('a'), zone('b')]).types]).toEqual(named);
  });

  it('leave out the scores of a zone where nobody has one', () => {
    const none = { count: 0, sum: 0, lowest: null, p05: null, median: null };
    const scores = read([zone('a', 2, { scores: none })]).samples.filter(({ name }) => name.includes('health_score'));
    expect(scores.map(({ name, value }) => [name.replace('openclaw_fleet_zone_', ''), value])).toEqual([
      ['health_score_sum', 0],
      ['health_score_count', 0],
    ]);
  });

  it('keep a name from the network inside its quotes', () => {
    const nasty = 'x"} 1\nevil{zone="y"} 1 \\';
    expect(new Set(read([zone(nasty)]).samples.map(({ labels }) => labels['zone']))).toEqual(new Set([nasty]));
  });

  it('come in small pieces, and of the largest zones alone', () => {
    const zones = Array.from({ length: MAX_ZONES + 500 }, (_, at) => zone(`z${at}`, at + 1));
    const pieces = [...renderZones(zones)];
    for (const piece of pieces) expect(piece.length).toBeLessThan(64 * 1024);
    const { samples } = parseExposition(pieces.join(''));
    const totals = samples.filter(({ name }) => name === 'openclaw_fleet_zone_targets').map(({ value }) => value);
    expect(totals.length).toBe(MAX_ZONES);
    expect(Math.min(...totals)).toBe(501);
  });
});
