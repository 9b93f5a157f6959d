import { describe, expect, it } from '@jest/globals';
import { holdOf, statusOf } from '../../testing/fixtures/repairs.ts';
import { pauseAction, whyNotRepair } from './fleet-actions.ts';

describe('The button that pauses all repairs', () => {
  it('pauses while nothing is paused', () => {
    expect(pauseAction(statusOf())).toEqual({ pause: true, why: null });
  });

  it('resumes while everything is paused', () => {
    const holds = [holdOf({ kind: 'pause', targetId: null })];
    expect(pauseAction(statusOf({ holds }))).toEqual({ pause: false, why: null });
  });

  it.each([
    ['one target is paused', holdOf({ kind: 'pause', targetId: 'gateway-01' })],
    ['a breaker is open', holdOf({ kind: 'breaker', targetId: null })],
  ])('still pauses while %s', (_, hold) => {
    expect(pauseAction(statusOf({ holds: [hold] })).pause).toBe(true);
  });

  it('does nothing before it knows', () => {
    expect(pauseAction(undefined).why).toMatch(/not known yet/);
  });
});

describe('The button that repairs what is selected', () => {
  it.each([
    [0, /at least one/],
    [51, /at most 50/],
  ])('says of %i why not', (count, why) => {
    expect(whyNotRepair(count)).toMatch(why);
  });

  it.each([1, 50])('takes %i', (count) => {
    expect(whyNotRepair(count)).toBeNull();
  });
});
