import { t } from '../../i18n.ts';
import type { TargetDecision } from '../../api/targets.ts';
import type { ActionId } from './target-actions.ts';

export interface DecisionWords {
  /** On the button. */
  readonly button: string;
  /** What the list of actions says it does. */
  readonly about: string;
  /** Of the dialog: what will happen, in full. */
  readonly title: string;
  readonly text: string;
  readonly confirm: string;
  readonly destructive: boolean;
}

/** The words of one decision about a target. */
export function decisionWords(decision: TargetDecision, name: string): DecisionWords {
  switch (decision) {
    case 'pause':
      return {
        button: t('target.decide.pause', 'Pause repairs'),
        about: t('target.decide.pause-about', 'Nothing new begins on it until somebody resumes.'),
        title: t('target.decide.pause-title', 'Pause repairs of {{name}}?', { name }),
        text: t(
          'target.decide.pause-text',
          'No repair of {{name}} begins until somebody resumes, whoever asks for it. What runs there now finishes. Other nodes are not affected.',
          { name }
        ),
        confirm: t('target.decide.pause', 'Pause repairs'),
        destructive: false,
      };
    case 'resume':
      return {
        button: t('target.decide.resume', 'Resume repairs'),
        about: t('target.decide.resume-about', 'Repairs may begin on it again.'),
        title: t('target.decide.resume-title', 'Resume repairs of {{name}}?', { name }),
        text: t(
          'target.decide.resume-text',
          'Repairs of {{name}} may begin again, automatic ones as well. A pause of the whole fleet still holds.',
          { name }
        ),
        confirm: t('target.decide.resume', 'Resume repairs'),
        destructive: false,
      };
    case 'cordon':
      return {
        button: t('target.decide.cordon', 'Cordon'),
        about: t('target.decide.cordon-about', 'Automation leaves it alone and routers are not told of it.'),
        title: t('target.decide.cordon-title', 'Cordon {{name}}?', { name }),
        text: t(
          'target.decide.cordon-text',
          'Automation leaves {{name}} alone, and routers that ask for available nodes are not told of it, so it gets no new work from them. It is still watched, and people may still repair it.',
          { name }
        ),
        confirm: t('target.decide.cordon-confirm', 'Cordon it'),
        destructive: true,
      };
    case 'uncordon':
      return {
        button: t('target.decide.uncordon', 'Uncordon'),
        about: t('target.decide.uncordon-about', 'Automation and routers have it again.'),
        title: t('target.decide.uncordon-title', 'End the cordon of {{name}}?', { name }),
        text: t(
          'target.decide.uncordon-text',
          'Automation may repair {{name}} again, and routers are told of it again.',
          {
            name,
          }
        ),
        confirm: t('target.decide.uncordon-confirm', 'Uncordon it'),
        destructive: false,
      };
    case 'clear-quarantine':
      return {
        button: t('target.decide.clear', 'Clear quarantine'),
        about: t('target.decide.clear-about', 'Its repairs may be tried again, and attempts are counted anew.'),
        title: t('target.decide.clear-title', 'Clear the quarantine of {{name}}?', { name }),
        text: t(
          'target.decide.clear-text',
          'Repairs of {{name}} may be tried again, automatic ones as well, and attempts are counted anew. They did not help so far: find out why before you clear this.',
          { name }
        ),
        confirm: t('target.decide.clear', 'Clear quarantine'),
        destructive: false,
      };
    case 'lift-isolation':
      return {
        button: t('target.decide.lift', 'Lift isolation'),
        about: t('target.decide.lift-about', 'Automation and routers have it again in spite of its critical drift.'),
        title: t('target.decide.lift-title', 'Lift the isolation of {{name}}?', { name }),
        text: t(
          'target.decide.lift-text',
          'Routers are told of {{name}} again and automation may act on it, although the critical drift that isolated it is still open. A new critical drift isolates it again.',
          { name }
        ),
        confirm: t('target.decide.lift', 'Lift isolation'),
        destructive: true,
      };
    case 'retire':
      return {
        button: t('target.decide.retire', 'Retire'),
        about: t(
          'target.decide.retire-about',
          'It is managed no more: nothing is told of it and nothing is done to it.'
        ),
        title: t('target.decide.retire-title', 'Retire {{name}}?', { name }),
        text: t(
          'target.decide.retire-text',
          'The fleet manages {{name}} no more: its open drift and violations are closed, no alert is raised for it, nothing is repaired there, and its heartbeats do not bring it back. The gateway itself goes on as it is.',
          { name }
        ),
        confirm: t('target.decide.retire-confirm', 'Retire it'),
        destructive: true,
      };
    case 'reinstate':
      return {
        button: t('target.decide.reinstate', 'Reinstate'),
        about: t('target.decide.reinstate-about', 'It is managed again, and judged by what it reports.'),
        title: t('target.decide.reinstate-title', 'Reinstate {{name}}?', { name }),
        text: t(
          'target.decide.reinstate-text',
          'The fleet manages {{name}} again: it is judged by what it reports from now on, alerts are raised for it, and it may be repaired.',
          { name }
        ),
        confirm: t('target.decide.reinstate-confirm', 'Reinstate it'),
        destructive: false,
      };
  }
}

/** What an action's button says, and what it does. */
export function actionWords(id: ActionId, name: string): Pick<DecisionWords, 'button' | 'about'> {
  if (id !== 'repair') return decisionWords(id, name);
  return {
    button: t('target.repair', 'Repair'),
    about: t('target.repair-about', 'Shows the plan of a repair first: nothing begins before you confirm.'),
  };
}
