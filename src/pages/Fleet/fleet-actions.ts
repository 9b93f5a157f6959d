import type { RemediationStatus } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { isPauseOfAll } from './headline.ts';

/** The most targets of one plan (domain-rules section 6). */
export const MOST_IN_PLAN = 50;

export interface PauseAction {
  /** What the button does: the opposite of what is. */
  readonly pause: boolean;
  /** Why it cannot be done now; null: it can. */
  readonly why: string | null;
}

/** @param status undefined: it has not come yet, or cannot be read */
export function pauseAction(status: RemediationStatus | undefined): PauseAction {
  if (status === undefined)
    return { pause: true, why: t('fleet.pause.unknown', 'It is not known yet whether repairs are paused.') };
  return { pause: !status.holds.some(isPauseOfAll), why: null };
}

/** Why the repair of so many targets cannot be asked for; null: it can. */
export function whyNotRepair(selected: number): string | null {
  if (selected === 0) return t('fleet.repair.none', 'Select at least one node in the table.');
  if (selected > MOST_IN_PLAN)
    return t('fleet.repair.many', 'One plan repairs at most {{most}} nodes. Clear some of the selection.', {
      most: MOST_IN_PLAN,
    });
  return null;
}
