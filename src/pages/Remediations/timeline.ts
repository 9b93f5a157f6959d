import { isEnded } from '@openclaw-fleet/contract';
import type { RunDetail } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { runStateWord, triggerWord } from '../../words.ts';
import { decidedWord } from './Decisions.tsx';

/** One thing that became of a run. */
export interface Moment {
  readonly at: string;
  readonly what: string;
  /** Null: nobody's doing. */
  readonly who: { readonly actor: string; readonly name: string | null } | null;
  readonly why: string;
}

/** What became of a run, in order. */
export function timelineOf(run: RunDetail): Moment[] {
  const { plan } = run;
  const byPerson = run.trigger === 'manual';
  const moments: Moment[] = [
    {
      at: run.createdAt,
      what: byPerson ? t('run.moment.asked', 'Asked for') : triggerWord(run.trigger),
      who: byPerson ? { actor: run.requestedBy, name: run.requestedByName } : null,
      why: plan.reason,
    },
    ...plan.approvals.map(({ at, decision, actor, name, reason }) => ({
      at,
      what: decidedWord(decision),
      who: { actor, name },
      why: reason,
    })),
  ];
  const add = (at: string | null, what: string, why: string): void => {
    if (at !== null) moments.push({ at, what, who: null, why });
  };
  add(run.startedAt, t('run.moment.began', 'Began'), attemptWords(run.attempt));
  add(run.clearSince, t('run.moment.clear', 'The fault is clear'), t('run.moment.clear-why', 'It must stay so.'));
  if (isEnded(run.state)) add(run.endedAt, runStateWord(run.state), run.reason);
  // Approvals of a plan come before a retry of it: the time decides, not the kind.
  return moments.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

const attemptWords = (attempt: number): string =>
  attempt === 0 ? '' : t('run.moment.attempt', 'Attempt {{attempt}} of this fault in 24 hours.', { attempt });
