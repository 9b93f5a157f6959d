import { t } from '../../i18n.ts';
import type { Decision, Subject } from './run-actions.ts';

/** What the button of a decision says. */
export const decisionWord = (decision: Decision): string =>
  ({
    approve: t('approvals.decision.approve', 'Approve'),
    deny: t('approvals.decision.deny', 'Deny'),
    'break-glass': t('approvals.decision.break-glass', 'Break the glass'),
    cancel: t('approvals.decision.cancel', 'Cancel the repair'),
    'ask-again': t('approvals.decision.ask-again', 'Ask again'),
  })[decision];

export type Decided = Exclude<Decision, 'ask-again'>;

export const titleWord = (decision: Decided): string =>
  ({
    approve: t('approvals.title.approve', 'Approve this repair?'),
    deny: t('approvals.title.deny', 'Deny this repair?'),
    'break-glass': t('approvals.title.break-glass', 'Break the glass: decide alone?'),
    cancel: t('approvals.title.cancel', 'Cancel this repair?'),
  })[decision];

/** What comes of a decision. */
export function consequence(decision: Decided, { stage, kind, plan }: Subject, missing: number): string {
  switch (decision) {
    case 'approve':
      return missing > 1
        ? t(
            'approvals.consequence.counted',
            'Your approval is counted, and {{count}} more must approve before it begins.',
            {
              count: missing - 1,
            }
          )
        : t('approvals.consequence.approve', 'It begins as soon as nothing holds it back.');
    case 'deny':
      return t('approvals.consequence.deny', 'One denial ends everything of this plan that has not begun.');
    case 'break-glass':
      return t(
        'approvals.consequence.break-glass',
        'You decide alone what others should approve. The owner is paged, and the audit and every view mark it for good.'
      );
    case 'cancel':
      if (stage === 'pending' || stage === 'approved')
        return t(
          'approvals.consequence.cancel-waiting',
          'It ends at once. Nothing has been done, and nothing will be.'
        );
      if (kind === 'batches')
        return t(
          'approvals.consequence.cancel-batch',
          'What has not begun ends at once, and nothing is tried again. What runs ends after the step under way, and is rolled back where that is possible.'
        );
      return plan.playbook === 'BridgeStuck'
        ? t(
            'approvals.consequence.cancel-restart',
            'The step under way ends, and no other follows. A restart that was asked for cannot be undone.'
          )
        : t(
            'approvals.consequence.cancel-running',
            'The step under way ends, no other follows, and what can be rolled back is.'
          );
  }
}
