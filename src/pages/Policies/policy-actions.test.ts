import { describe, expect, it } from '@jest/globals';
import type { Me } from '@openclaw-fleet/contract';
import { policyOf, proposalOf } from '../../testing/fixtures/policies.ts';
import { policyActions, proposalActions } from './policy-actions.ts';

describe('what can be done to a policy', () => {
  it.each([
    ['its own', policyOf('own'), null, null, null],
    ['with targets', policyOf('used', { targets: 3 }), null, /Its targets \(3\) need another policy first/, null],
    ['the default', policyOf('default', { targets: 4 }), null, /every target that has no other/, null],
    ['from a file', policyOf('file', { provisioned: true }), /comes from a file/, /comes from a file/, null],
    ['the default, from a file', policyOf('default', { provisioned: true }), /a file/, /a file/, null],
  ])('%s', (_, policy, edit, remove, apply) => {
    const actions = policyActions(policy);
    for (const [got, wanted] of [
      [actions.edit, edit],
      [actions.remove, remove],
      [actions.apply, apply],
    ] as const) {
      if (wanted === null) expect(got).toBeNull();
      else expect(got).toMatch(wanted);
    }
  });
});

const me = (over: Partial<Me> = {}): Me => ({
  actor: 'grafana:ada',
  name: 'Ada',
  role: 'approver',
  kind: 'person',
  person: 'ada',
  version: '0.1.0',
  ...over,
});
const NOW = Date.parse('2026-11-22T12:00:00Z');

describe('what can be done to a proposal', () => {
  const cases: readonly (readonly [
    string,
    Me | undefined,
    number,
    Partial<ReturnType<typeof proposalOf>>,
    RegExp | null,
    boolean,
  ])[] = [
    ['by another person', me(), 3, {}, null, true],
    ['by who asked', me({ actor: 'grafana:otto', person: 'otto' }), 3, {}, /asked for this yourself/, true],
    ['by who asked, through a token', me({ actor: 'token:1', person: 'otto' }), 3, {}, /asked for this yourself/, true],
    ['by the service that asked', me({ actor: 'grafana:otto', person: null }), 3, { person: null }, /yourself/, true],
    ['by a service', me({ kind: 'service', person: null }), 3, {}, /Only a person/, true],
    ['by nobody known yet', undefined, 3, {}, /not said yet who you are/, true],
    ['when the policy was changed since', me(), 4, {}, /void/, true],
    ['when its time is over', me(), 3, { approveBefore: '2026-11-22T11:59:59Z' }, /time is over/, false],
  ];
  it.each(cases)('%s', (_, who, version, over, approve, denies) => {
    const actions = proposalActions(proposalOf(over), who, version, NOW);
    if (approve === null) expect(actions.approve).toBeNull();
    else expect(actions.approve).toMatch(approve);
    expect(actions.deny === null).toBe(denies);
  });
});
