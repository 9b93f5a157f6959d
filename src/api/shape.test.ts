import { describe, expect, it } from '@jest/globals';
import {
  componentScoreSchema,
  fleetMapSchema,
  policyProfileSchema,
  policyProposalSchema,
  summarySchema,
  targetPageSchema,
} from '@openclaw-fleet/contract';
import { mapOf, mapTarget, summaryOf, targetOf } from '../testing/fixtures/fleet.ts';
import { policyOf, proposalOf } from '../testing/fixtures/policies.ts';
import { scoreOf } from '../testing/fixtures/target.ts';
import { misfitOf } from './shape.ts';
import type { Shape } from './shape.ts';

const page = (over: object) => ({ items: [{ ...targetOf('a'), ...over }], total: 1, nextCursor: null });
const { jobs } = scoreOf('a').components;
const profileOrProposal = policyProfileSchema.or(policyProposalSchema);

/** Answers of another program, of a fault, and of a collector that is too old. */
const MISFITS: readonly (readonly [string, Shape<unknown>, unknown, string])[] = [
  ['is empty', summarySchema, '', 'nothing'],
  ['is null', summarySchema, null, 'nothing'],
  ['is a page', summarySchema, '\n<!doctype html><title>Log in</title>', 'a page of HTML'],
  ['is a text', summarySchema, 'OK', 'a text'],
  ['is a list', summarySchema, [], 'a list'],
  ['is a number', summarySchema, 7, 'a number'],
  ['has nothing', summarySchema, {}, 'JSON without the field "at"'],
  ['lacks a list', fleetMapSchema, { ...mapOf([]), items: undefined }, 'JSON without the field "items"'],
  [
    'has no list where one is',
    fleetMapSchema,
    { ...mapOf([]), items: {} },
    'JSON in which the field "items" is an object',
  ],
  [
    'has a number for a text',
    targetPageSchema,
    page({ zone: 7 }),
    'JSON in which the field "items.0.zone" is a number',
  ],
  [
    'has a text for a number',
    fleetMapSchema,
    { ...mapOf([]), total: '7' },
    'JSON in which the field "total" is a text',
  ],
  ['lacks a word', targetPageSchema, page({ band: undefined }), 'JSON without the field "items.0.band"'],
  [
    'has no word where one is',
    targetPageSchema,
    page({ band: [] }),
    'JSON in which the field "items.0.band" is a list',
  ],
  [
    'has null where something is',
    targetPageSchema,
    page({ liveness: null }),
    'JSON in which the field "items.0.liveness" is null',
  ],
  ['lacks one count of many', summarySchema, { ...summaryOf(), bands: {} }, 'JSON without the field "bands.healthy"'],
  [
    'has an object for a value',
    componentScoreSchema,
    { ...jobs, inputs: { of: {} } },
    'JSON in which the field "inputs.of" is an object',
  ],
  ['is neither of two', profileOrProposal, { id: 'x' }, 'an object'],
];

/** Answers that can be shown: a newer collector says more, and in other words. */
const FITS: readonly (readonly [string, Shape<unknown>, unknown])[] = [
  ['is as the contract has it', summarySchema, summaryOf()],
  ['has a field more', summarySchema, { ...summaryOf(), mood: 'good' }],
  ['has a field more where the contract is strict', policyProfileSchema, { ...policyOf('a'), mood: 'good' }],
  ['has a word that is not known', targetPageSchema, page({ band: 'splendid' })],
  ['has one count more', summarySchema, { ...summaryOf(), bands: { ...summaryOf().bands, splendid: 1 } }],
  ['has a number beyond its range', componentScoreSchema, { ...jobs, points: 21 }],
  ['has a number that is not whole', fleetMapSchema, { ...mapOf([mapTarget('a')]), total: 1.5 }],
  ['has a time in another form', fleetMapSchema, { ...mapOf([]), at: 'noon' }],
  ['is the first of two', profileOrProposal, policyOf('a')],
  ['is the second of two', profileOrProposal, { ...proposalOf(), mood: 'good' }],
];

describe('misfitOf', () => {
  it.each(MISFITS)('refuses what %s', (_, shape, data, words) => expect(misfitOf(shape, data)).toBe(words));
  it.each(FITS)('takes what %s', (_, shape, data) => expect(misfitOf(shape, data)).toBeNull());

  it('without a shape refuses what is not JSON', () => {
    expect(misfitOf(undefined, '<html>')).toBe('a page of HTML');
    for (const data of [{}, [], null, '', undefined]) expect(misfitOf(undefined, data)).toBeNull();
  });
});
