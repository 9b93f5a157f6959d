import { describe, expect, it } from '@jest/globals';
import { actionWord, knownActions, subjectHref, viaWord } from './audit-words.ts';

const APP = '/a/openclaw-fleet-app';
const HASH = 'a'.repeat(64);

describe('the words of the audit', () => {
  it('has words for every action that can be filtered by', () => {
    for (const action of knownActions()) expect(actionWord(action)).not.toBe(action);
    expect(actionWord('remediation.rolled_back')).toBe('Repair: Rolled back');
    expect(actionWord('a.newer-one')).toBe('a.newer-one');
  });

  it('says how somebody was authenticated', () => {
    for (const via of ['api-token', 'grafana-id-token', 'local-shell', 'system']) expect(viaWord(via)).not.toBe(via);
    expect(viaWord('another')).toBe('another');
  });

  it.each([
    ['remediation.succeeded', 'r1', `${APP}/remediations/runs/r1`],
    ['remediation.asked', 'r1', `${APP}/remediations/runs/r1`],
    ['remediation.batch-cancelled', 'b1', `${APP}/remediations/batches/b1`],
    ['remediation.approval-counted', 'b1', `${APP}/remediations/batches/b1`],
    ['remediation.break-glass', 'p1', null],
    ['remediation.cordoned', 'node-1', `${APP}/targets/node-1`],
    ['remediation.paused', 'fleet', null],
    ['remediation.breaker-opened', 'BridgeStuck on runtime', null],
    ['policy.updated', 'policy:default', `${APP}/policies/default`],
    ['policy.change-proposed', 'default', `${APP}/policies/default`],
    ['target.policy-applied', 'target:node-1', `${APP}/targets/node-1`],
    ['policy.deleted', 'old', null],
    ['configuration.adopted', HASH, `${APP}/configurations/${HASH}`],
    ['target.retired', 'node-1', `${APP}/targets/node-1`],
    ['node.enrolled', 'node-1', `${APP}/targets/node-1`],
    ['certificate.revoked', 'node-1', `${APP}/targets/node-1`],
    ['certificate.revoked', HASH, null],
    ['fleet.outage-confirmed', 'fleet', `${APP}/fleet`],
    ['token.created', '0123456789ab', null],
    ['unknown', 'x', null],
  ])('leads from %s of %s to %s', (action, subject, page) => {
    expect(subjectHref(action, subject)).toBe(page);
  });
});
