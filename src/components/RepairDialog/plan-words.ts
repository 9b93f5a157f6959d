import type { Plan, RefusalReason } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

type Action = Plan['actions'][number];

/** What one action of a plan does, in words. */
export function actionWord({ verb, parameters }: Action): string {
  switch (verb) {
    case 'restart':
      return t(
        'repair.action.restart',
        'Restart the gateway, or its bridge where only its heartbeats stopped. Work in flight there is interrupted.'
      );
    case 'reload':
      return t('repair.action.reload', 'Reload the configuration, if what is saved is not active.');
    case 'reconcile': {
      const apply = parameters['apply'] as { readonly revision?: string } | null | undefined;
      if (apply === null || apply === undefined)
        return t('repair.action.snapshot', 'Have the bridge read everything anew and report it.');
      return t('repair.action.apply', 'Apply the desired configuration, without a restart.');
    }
    case 'throttle':
      return t('repair.action.throttle', 'Disable the jobs that the bridge itself sees failing, 10 at the most.');
    case 'doctor':
      return t('repair.action.doctor', 'Examine the gateway. This only reads.');
    case 'resume':
      return t('repair.action.resume', 'Enable the same jobs again, one at a time, and watch each.');
  }
}

/** A guardrail's refusal in a few words; its message has the whole sentence. */
export const refusalWord = (reason: RefusalReason): string =>
  ({
    'no-target': t('repair.refusal.no-target', 'Not in the fleet'),
    'no-bridge': t('repair.refusal.no-bridge', 'No bridge'),
    'not-capable': t('repair.refusal.not-capable', 'Bridge lacks a capability'),
    retired: t('repair.refusal.retired', 'Retired'),
    cordoned: t('repair.refusal.cordoned', 'Cordoned'),
    'unknown-state': t('repair.refusal.unknown-state', 'State unknown'),
    'no-fault': t('repair.refusal.no-fault', 'Nothing to repair'),
    'target-busy': t('repair.refusal.target-busy', 'Another repair is under way'),
    'in-flight-cap': t('repair.refusal.in-flight-cap', 'Too many at once'),
    'plan-too-large': t('repair.refusal.plan-too-large', 'Plan too large'),
    'attempts-exhausted': t('repair.refusal.attempts-exhausted', 'No attempts left'),
    quarantined: t('repair.refusal.quarantined', 'In quarantine'),
    backoff: t('repair.refusal.backoff', 'Too soon after the last attempt'),
    'breaker-open': t('repair.refusal.breaker-open', 'Breaker open'),
    isolated: t('repair.refusal.isolated', 'Isolated'),
    blind: t('repair.refusal.blind', 'The collector is blind'),
    'zone-not-normal': t('repair.refusal.zone-not-normal', 'Zone disrupted'),
    'zones-not-normal': t('repair.refusal.zones-not-normal', 'Most zones disrupted'),
    'after-start': t('repair.refusal.after-start', 'Just after a start'),
    paused: t('repair.refusal.paused', 'All repairs are paused'),
    'target-paused': t('repair.refusal.target-paused', 'Repairs paused here'),
    'maintenance-window': t('repair.refusal.maintenance-window', 'Maintenance window'),
    'blast-radius': t('repair.refusal.blast-radius', 'Too many went down lately'),
    'not-low-risk': t('repair.refusal.not-low-risk', 'Needs a person'),
    'automation-off': t('repair.refusal.automation-off', 'Automation is off'),
    'not-in-rollout': t('repair.refusal.not-in-rollout', 'Not in the rollout'),
    'drift-mode': t('repair.refusal.drift-mode', 'Policy only watches'),
    'too-soon': t('repair.refusal.too-soon', 'Fault is too new'),
    'batch-halted': t('repair.refusal.batch-halted', 'Batch halted'),
    'no-desired-revision': t('repair.refusal.no-desired-revision', 'No desired revision'),
  })[reason];

/** How much of the fleet a plan touches, such as `3 of 40 nodes (8 %)`. @param total null: not known */
export function blastRadius(targets: number, total: number | null): string {
  if (total === null || total === 0) return t('repair.blast.alone', '{{targets}} nodes', { targets });
  const percent = Math.max(1, Math.round((100 * targets) / total));
  return t('repair.blast.share', '{{targets}} of {{total}} nodes ({{percent}} %)', { targets, total, percent });
}
