import { describe, expect, it } from '@jest/globals';
import type { FleetSummary, Verdict } from '@openclaw-fleet/contract';
import { AT, summaryOf } from '../../testing/fixtures/fleet.ts';
import { holdOf, statusOf } from '../../testing/fixtures/repairs.ts';
import { headlineOf, trustOf } from './headline.ts';

const none = { healthy: 4, warning: 0, degraded: 0, critical: 0, unknown: 0 };
const well = (over: Partial<FleetSummary> = {}) => summaryOf({ bands: none, isolated: 0, ...over });
const verdict = (value: Verdict) => ({ value, reason: 'Because.', since: AT });

describe('The first line of the page', () => {
  it.each<[string, string, FleetSummary]>([
    ['well', 'nothing at all', well()],
    ['look', 'a warning', well({ bands: { ...none, warning: 1 } })],
    ['look', 'a target without a score', well({ bands: { ...none, unknown: 1 } })],
    ['look', 'an isolated target', well({ isolated: 1 })],
    ['look', 'a flapping target', well({ flapping: 1 })],
    ['wrong', 'a degraded target', well({ bands: { ...none, degraded: 1 } })],
    ['wrong', 'a critical target', well({ bands: { ...none, critical: 1 } })],
    ['wrong', 'a partial disruption', well({ verdict: verdict('partial') })],
    ['wrong', 'a full disruption', well({ verdict: verdict('full') })],
    ['unsure', 'blindness, whatever is critical', well({ verdict: verdict('blind'), bands: { ...none, critical: 1 } })],
  ])('is "%s" for %s', (loudness, _, summary) => {
    expect(headlineOf(summary, statusOf(), false).loudness).toBe(loudness);
  });

  it.each([
    ['something waits for approval', statusOf({ pendingApprovals: 1 }), ['Waiting for approval: 1']],
    ['all is paused', statusOf({ holds: [holdOf({ kind: 'pause', targetId: null })] }), ['All repairs are paused']],
  ])('asks for a look while %s', (_, status, concerns) => {
    expect(headlineOf(well(), status, false)).toMatchObject({ loudness: 'look', concerns });
  });

  it('goes by the fleet alone while repairs are not known', () => {
    expect(headlineOf(well(), undefined, false)).toMatchObject({ loudness: 'well', concerns: [] });
  });
});

describe('The first line of a page that is old', () => {
  it.each<[string, FleetSummary]>([
    ['well', well()],
    ['wrong', well({ bands: { ...none, critical: 1 } })],
  ])('does not say how things are, though all was %s', (_, summary) => {
    expect(headlineOf(summary, statusOf(), true)).toMatchObject({
      loudness: 'unsure',
      title: 'It is not known whether anything is wrong',
    });
  });
});

describe('What is said of trust', () => {
  it.each<[Verdict, boolean, RegExp]>([
    ['normal', false, /^You can trust this view\.$/],
    ['partial', false, /with care/],
    ['full', false, /most of the fleet is down/],
    ['blind', false, /^Do not trust/],
    ['normal', true, /is old/],
  ])('%s, stale %s', (value, stale, words) => {
    expect(trustOf({ verdict: verdict(value), expiryHeld: null }, stale)).toMatch(words);
  });

  it('is careful while nobody may expire', () => {
    expect(trustOf({ verdict: verdict('normal'), expiryHeld: 'It started a moment ago.' }, false)).toMatch(/with care/);
  });
});
