import { NODE_ID_PATTERN, RUN_STATES } from '@openclaw-fleet/contract';
import type { RunState } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { href } from '../../constants.ts';
import { runStateWord } from '../../words.ts';

/** Every action that the collector records (docs/audit.md), but for the states of a run. */
const words = (): Record<string, string> => ({
  'remediation.asked': t('audit.action.asked', 'Repair: a verb was sent to the node'),
  'remediation.answered': t('audit.action.answered', 'Repair: the node answered'),
  'remediation.approval-counted': t('audit.action.approval-counted', 'Repair: an approval was counted'),
  'remediation.break-glass': t('audit.action.break-glass', 'Repair: approved by one person alone (break-glass)'),
  'remediation.cancel-requested': t('audit.action.cancel-requested', 'Repair: its end was asked for'),
  'remediation.batch-cancelled': t('audit.action.batch-cancelled', 'Batch of repairs cancelled'),
  'remediation.paused': t('audit.action.paused', 'Repairs paused'),
  'remediation.resumed': t('audit.action.resumed', 'Repairs resumed'),
  'remediation.cordoned': t('audit.action.cordoned', 'Target cordoned'),
  'remediation.uncordoned': t('audit.action.uncordoned', 'Target uncordoned'),
  'remediation.quarantined': t('audit.action.quarantined', 'Target quarantined'),
  'remediation.quarantine-cleared': t('audit.action.quarantine-cleared', 'Quarantine cleared'),
  'remediation.breaker-opened': t('audit.action.breaker-opened', 'Breaker opened'),
  'remediation.breaker-closed': t('audit.action.breaker-closed', 'Breaker closed'),
  'policy.created': t('audit.action.policy-created', 'Policy created'),
  'policy.updated': t('audit.action.policy-updated', 'Policy changed'),
  'policy.deleted': t('audit.action.policy-deleted', 'Policy deleted'),
  'policy.provisioned': t('audit.action.policy-provisioned', 'Policy set by a file'),
  'policy.released': t('audit.action.policy-released', 'Policy no longer set by a file'),
  'policy.waiver-added': t('audit.action.waiver-added', 'Waiver added to a policy'),
  'policy.waiver-removed': t('audit.action.waiver-removed', 'Waiver removed from a policy'),
  'policy.change-proposed': t('audit.action.change-proposed', 'Change of a policy proposed'),
  'policy.proposal-approved': t('audit.action.proposal-approved', 'Proposed change of a policy approved'),
  'policy.proposal-denied': t('audit.action.proposal-denied', 'Proposed change of a policy denied'),
  'policy.proposal-expired': t('audit.action.proposal-expired', 'Proposed change of a policy expired'),
  'target.policy-applied': t('audit.action.policy-applied', 'Policy given to a target'),
  'target.desired-changed': t('audit.action.desired-changed', 'Desired state of a target changed'),
  'target.overlay-set': t('audit.action.overlay-set', 'Own configuration values of a target changed'),
  'target.isolation-lifted': t('audit.action.isolation-lifted', 'Isolation lifted'),
  'target.isolation-lifted-failed': t('audit.action.isolation-lifted-failed', 'Isolation could not be lifted'),
  'target.retired': t('audit.action.retired', 'Target retired'),
  'target.retired-failed': t('audit.action.retired-failed', 'Target could not be retired'),
  'target.reinstated': t('audit.action.reinstated', 'Target reinstated'),
  'target.reinstated-failed': t('audit.action.reinstated-failed', 'Target could not be reinstated'),
  'configuration.created': t('audit.action.configuration-created', 'Configuration revision stored'),
  'configuration.adopted': t('audit.action.configuration-adopted', 'Configuration revision adopted from a target'),
  'fleet.outage-confirmed': t('audit.action.outage-confirmed', 'Outage confirmed as real'),
  'node.enrolled': t('audit.action.node-enrolled', 'Node enrolled'),
  'node.renewed': t('audit.action.node-renewed', 'Certificate of a node renewed'),
  'node.rotated': t('audit.action.node-rotated', 'Keys of a node replaced'),
  'node.revoked': t('audit.action.node-revoked', 'Node revoked'),
  'keys.rotated': t('audit.action.keys-rotated', 'Keys of the collector replaced'),
  'certificate.revoked': t('audit.action.certificate-revoked', 'Certificate revoked'),
  'token.created': t('audit.action.token-created', 'API token created'),
  'token.revoked': t('audit.action.token-revoked', 'API token revoked'),
  'store.restored': t('audit.action.store-restored', 'Database restored from a backup'),
  'audit.cut': t('audit.action.cut', 'Old audit records exported and removed'),
});

const RUN = 'remediation.';
const runState = (action: string): RunState | undefined => RUN_STATES.find((state) => action === `${RUN}${state}`);

/** An action in words; one that this version does not know, as it is written. */
export function actionWord(action: string): string {
  const state = runState(action);
  if (state !== undefined) return t('audit.action.run', 'Repair: {{state}}', { state: runStateWord(state) });
  return words()[action] ?? action;
}

/** Every action that can be filtered by. */
export const knownActions = (): string[] => [...Object.keys(words()), ...RUN_STATES.map((state) => RUN + state)].sort();

/** How somebody was authenticated, in words. */
export function viaWord(via: string): string {
  const known: Record<string, string> = {
    'grafana-id-token': t('audit.via.grafana', 'Signed in to Grafana'),
    'api-token': t('audit.via.token', 'API token'),
    'local-shell': t('audit.via.shell', 'Shell on the collector’s host'),
    system: t('audit.via.system', 'The collector itself'),
  };
  return known[via] ?? via;
}

const OF_RUN = new Set(['asked', 'answered', 'cancel-requested']);
const OF_BATCH = new Set(['batch-cancelled', 'approval-counted']);
const OF_TARGET = new Set(['paused', 'resumed', 'cordoned', 'uncordoned', 'quarantined', 'quarantine-cleared']);

/** What a record is about: policies and their targets are recorded with a word before the id. */
export const subjectId = (subject: string): string => subject.replace(/^(policy|target):/, '');

/** The page of what a record is about; null: there is none. */
export function subjectHref(action: string, written: string): string | null {
  const subject = subjectId(written);
  const dot = action.indexOf('.');
  const [area, what] = [action.slice(0, dot), action.slice(dot + 1)];
  switch (area) {
    case 'remediation':
      if (runState(action) !== undefined || OF_RUN.has(what)) return href.run(subject);
      if (OF_BATCH.has(what)) return href.batch(subject);
      return OF_TARGET.has(what) && subject !== 'fleet' ? href.target(subject) : null;
    case 'policy':
      return what === 'deleted' ? null : href.policy(subject);
    case 'configuration':
      return href.configuration(subject);
    case 'certificate':
    case 'node':
    case 'target':
      // A certificate that was revoked on its own is known by its fingerprint.
      return NODE_ID_PATTERN.test(subject) && !/^[0-9a-f]{64}$/.test(subject) ? href.target(subject) : null;
    case 'fleet':
      return href.fleet();
    default:
      return null;
  }
}
