import { PLAYBOOK_IDS } from '@openclaw-fleet/contract';
import type { Hold, PlaybookId, Role } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { faultWord, playbookWord } from '../../words.ts';

/** What ends a hold. */
export type HoldEnd =
  | { readonly kind: 'resume-all' }
  | { readonly kind: 'target'; readonly targetId: string; readonly decision: 'resume' | 'uncordon' }
  | { readonly kind: 'quarantine'; readonly targetId: string; readonly fault: string | null }
  | { readonly kind: 'breaker'; readonly playbook: PlaybookId; readonly fault: string };

/** What would end a hold; null: nothing that this version knows. */
export function holdEnd({ kind, targetId, subject }: Hold): HoldEnd | null {
  switch (kind) {
    case 'pause':
      return targetId === null ? { kind: 'resume-all' } : { kind: 'target', targetId, decision: 'resume' };
    case 'cordon':
      return targetId === null ? null : { kind: 'target', targetId, decision: 'uncordon' };
    case 'quarantine':
      return targetId === null ? null : { kind: 'quarantine', targetId, fault: subject };
    case 'breaker': {
      const [playbook, fault] = (subject ?? '').split(' ');
      const known = PLAYBOOK_IDS.find((each) => each === playbook);
      return known === undefined || fault === undefined ? null : { kind: 'breaker', playbook: known, fault };
    }
  }
}

/** The role that each needs, as the collector's routes have it. */
export const roleOf = ({ kind }: HoldEnd): Role =>
  kind === 'quarantine' || kind === 'breaker' ? 'approver' : 'operator';

export function endWord(end: HoldEnd): string {
  switch (end.kind) {
    case 'resume-all':
      return t('holds.end.resume-all', 'Resume all repairs');
    case 'target':
      return end.decision === 'resume' ? t('holds.end.resume', 'Resume') : t('holds.end.uncordon', 'Uncordon');
    case 'quarantine':
      return t('holds.end.quarantine', 'Clear quarantine');
    case 'breaker':
      return t('holds.end.breaker', 'Close breaker');
  }
}

/** What comes of it. @param name of the target, where there is one */
export function endConsequence(end: HoldEnd, name: string): string {
  switch (end.kind) {
    case 'resume-all':
      return t(
        'holds.consequence.resume-all',
        'Repairs may begin again, everywhere: what waits begins, and so does automation where it is on.'
      );
    case 'target':
      return end.decision === 'resume'
        ? t('holds.consequence.resume', 'Repairs of {{name}} may begin again.', { name })
        : t(
            'holds.consequence.uncordon',
            'Automation may act on {{name}} again, and routers find it again as soon as it is well.',
            { name }
          );
    case 'quarantine':
      return t(
        'holds.consequence.quarantine',
        '{{name}} may be repaired again for “{{fault}}”, with all its attempts. Clear it once the cause is found.',
        { name, fault: end.fault === null ? '–' : faultWord(end.fault) }
      );
    case 'breaker':
      return t(
        'holds.consequence.breaker',
        '“{{playbook}}” is trusted with “{{fault}}” again, without an approval where none was needed before. Its last runs do not count any more.',
        { playbook: playbookWord(end.playbook), fault: faultWord(end.fault) }
      );
  }
}

/** What a hold holds back. @param name of the target, where there is one */
export function holdSubject({ kind, targetId, subject }: Hold, name: string): string {
  if (kind === 'breaker') {
    const [playbook, fault = ''] = (subject ?? '').split(' ');
    const known = PLAYBOOK_IDS.find((each) => each === playbook);
    return t('holds.subject.breaker', '{{playbook}} on {{fault}}', {
      playbook: known === undefined ? (playbook ?? '') : playbookWord(known),
      fault: faultWord(fault),
    });
  }
  if (targetId === null) return t('holds.subject.all', 'Everything');
  return subject === null ? name : t('holds.subject.fault', '{{name}}: {{fault}}', { name, fault: faultWord(subject) });
}
