import { describe, expect, it } from '@jest/globals';
import type { PolicySpec } from '@openclaw-fleet/contract';
import { policySpecSchema } from '@openclaw-fleet/contract';
import { DEFAULT_LIMITS, LIMIT_OVERRIDES } from '../../../../backend/collector/remediation/rules/limits.ts';
import { policyOf, PRODUCTION } from '../../../testing/fixtures/policies.ts';
import { errorsOf, refusedFields } from './errors.ts';
import { CHOICES, FIELD_NAMES, FLAGS, isNumber, LISTS, NUMBERS, TEXTS } from './fields.ts';
import type { FieldName, NumberName, PolicyForm } from './fields.ts';
import { formOf, patchOf, rebased } from './form.ts';

const edited = (base: PolicySpec, over: Partial<PolicyForm>): PolicyForm => ({ ...formOf(base), ...over });

describe('the form of a profile', () => {
  it('has every field of a profile but the windows and waivers, which have their own', () => {
    const tops = new Set(FIELD_NAMES.map((name) => name.split('.')[0]));
    expect([...tops, 'windows', 'waivers'].sort()).toEqual(Object.keys(policySpecSchema.shape).sort());
    const groups = { desired: policySpecSchema.shape.desired.unwrap(), limits: policySpecSchema.shape.limits.unwrap() };
    for (const [group, { shape }] of Object.entries(groups)) {
      const inner = FIELD_NAMES.filter((name) => name.startsWith(`${group}.`)).map((name) =>
        name.slice(group.length + 1)
      );
      expect(inner.sort()).toEqual(Object.keys(shape).sort());
    }
    expect([...FIELD_NAMES].sort()).toEqual([...Object.keys(NUMBERS), ...TEXTS, ...FLAGS, ...LISTS, ...CHOICES].sort());
  });

  it('takes of guardrails what the collector takes, no looser', () => {
    const names = LIMIT_OVERRIDES.map(({ key }) => key).filter((key) => key !== 'inFlightLeast');
    for (const key of names) {
      const { least, most, scale, whole } = NUMBERS[`guardrails.${key}` as NumberName];
      const rule = LIMIT_OVERRIDES.find((each) => each.key === key)!;
      const ends = [rule.strictest, DEFAULT_LIMITS[key]].sort((a, b) => a - b);
      const shown = [least * scale, most * scale].map((value) => Number(value.toPrecision(12)));
      expect([key, ...shown, whole || scale !== 1]).toEqual([key, ...ends, true]);
    }
    expect(FIELD_NAMES.filter((name) => isNumber(name) && name.startsWith('guardrails.'))).toHaveLength(names.length);
  });

  it('shows numbers in units that people use, without noise', () => {
    const form = formOf({ ...PRODUCTION, guardrails: { inFlightShare: 0.07 } });
    expect(form['desired.maxSyncLagMs']).toBe('120');
    expect(form['limits.memUsedBytes']).toBe('2048');
    expect(form['limits.jobFailureRatio']).toBe('25');
    expect(form['guardrails.inFlightShare']).toBe('7');
    expect(form['limits.queueDepth']).toBe('');
  });

  it('reads what a profile leaves out as the collector does', () => {
    expect(formOf(policyOf('new'))).toMatchObject({
      'desired.allowAutoRemediation': true,
      'guardrails.automation': true,
      requireSignature: false,
      owner: '',
      requiredTags: [],
    });
  });
});

describe('what is sent', () => {
  it('is nothing while nothing was edited', () => {
    expect(patchOf(PRODUCTION, formOf(PRODUCTION))).toEqual({});
    // What its unit cannot show exactly stays as it is.
    const odd = policyOf('odd', { limits: { memUsedBytes: 2_147_483_649 }, desired: { maxSyncLagMs: 60_001 } });
    expect(patchOf(odd, edited(odd, { 'limits.cpuPct': '80' }))).toEqual({
      limits: { cpuPct: 80, memUsedBytes: 2_147_483_649 },
    });
  });

  const cases: readonly (readonly [string, FieldName, string | boolean | string[], object])[] = [
    ['a text', 'name', ' Prod ', { name: 'Prod' }],
    ['a description that is emptied', 'description', '', { description: '' }],
    ['an owner that is emptied', 'owner', ' ', { owner: null }],
    ['a choice', 'driftMode', 'Audit', { driftMode: 'Audit' }],
    [
      'a version within its group',
      'desired.bridgeVersion',
      '',
      { desired: { ...PRODUCTION.desired, bridgeVersion: null } },
    ],
    ['seconds', 'desired.maxSyncLagMs', '90.5', { desired: { ...PRODUCTION.desired, maxSyncLagMs: 90_500 } }],
    ['a share', 'limits.jobFailureRatio', '7', { limits: { ...PRODUCTION.limits, jobFailureRatio: 0.07 } }],
    ['memory', 'limits.memUsedBytes', '0.5', { limits: { ...PRODUCTION.limits, memUsedBytes: 524_288 } }],
    ['nought, which is a limit', 'limits.queueDepth', '0', { limits: { ...PRODUCTION.limits, queueDepth: 0 } }],
    ['automation let in again', 'guardrails.automation', true, { guardrails: { attempts: 2 } }],
    ['a flag', 'requireSignature', true, { requireSignature: true }],
    ['a list', 'requiredTags', [], { requiredTags: [] }],
  ];
  it.each(cases)('is %s', (_, name, value, patch) => {
    const sent = patchOf(PRODUCTION, edited(PRODUCTION, { [name]: value }));
    expect(sent).toEqual(patch);
    expect(policySpecSchema.safeParse({ ...policySpec(PRODUCTION), ...sent }).success).toBe(true);
  });

  it('leaves an emptied number out of its group', () => {
    const { limits } = patchOf(PRODUCTION, edited(PRODUCTION, { 'limits.cpuPct': '' }));
    expect(limits).toEqual({ memUsedBytes: 2_147_483_648, jobFailureRatio: 0.25, minimumScore: 70 });
  });

  it('keeps guardrails that the form does not know', () => {
    const base = policyOf('x', { guardrails: { inFlightLeast: 1, attempts: 3 } });
    expect(patchOf(base, edited(base, { 'guardrails.attempts': '1', 'guardrails.automation': false }))).toEqual({
      guardrails: { inFlightLeast: 1, attempts: 1, automation: false },
    });
  });
});

const policySpec = (profile: PolicySpec): object =>
  Object.fromEntries(Object.keys(policySpecSchema.shape).map((key) => [key, profile[key as keyof PolicySpec]]));

describe('edits over a newer version', () => {
  it('keep what was edited, and take the rest from the newer', () => {
    const newer = { ...PRODUCTION, owner: 'someone', limits: { ...PRODUCTION.limits, cpuPct: 50, queueDepth: 9 } };
    const form = edited(PRODUCTION, { 'limits.cpuPct': '80', name: 'Mine' });
    expect(patchOf(newer, rebased(form, PRODUCTION, newer))).toEqual({
      name: 'Mine',
      limits: { ...newer.limits, cpuPct: 80 },
    });
  });
});

describe('what is wrong', () => {
  it.each([
    ['limits.cpuPct', 'a lot', /from 0 to 100000 %/],
    ['limits.cpuPct', '-1', /from 0/],
    ['limits.queueDepth', '1.5', /whole number/],
    ['limits.jobFailureRatio', '101', /from 0 to 100 %/],
    ['guardrails.attempts', '4', /from 1 to 3/],
    ['desired.maxSyncLagMs', '0', /from 1 to 86400 s/],
    ['name', ' ', /Enter a name/],
  ] as const)('is said at %s', (name, value, words) => {
    const errors = errorsOf(edited(PRODUCTION, { [name]: value }));
    expect(Object.keys(errors)).toEqual([name]);
    expect(errors[name]).toMatch(words);
  });
  it('is nothing of a profile as it is', () => {
    expect(errorsOf(formOf(PRODUCTION))).toEqual({});
  });

  it('is put at the field that the collector names, and apart where there is none', () => {
    expect(
      refusedFields([
        { field: 'change.limits.cpuPct', message: 'must be at least 0' },
        { field: 'requiredTags[2]', message: 'is empty' },
        { field: 'requiredTags[3]', message: 'is long' },
        { field: 'windows[0].schedule', message: 'must have five fields' },
        { field: '(body)', message: 'names nothing' },
      ])
    ).toEqual({
      fields: { 'limits.cpuPct': 'must be at least 0', requiredTags: 'is empty is long' },
      others: ['windows[0].schedule: must have five fields', '(body): names nothing'],
    });
    expect(refusedFields()).toEqual({ fields: {}, others: [] });
  });
});
