import type { ScoreHistory } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { bandWord } from '../../words.ts';

/** A line of scores over time. */
export type Points = readonly { readonly ms: number; readonly score: number | null }[];

/**
 * A step line as two points a change: the history has a point where the score moved, and it holds until the next one.
 * Pure.
 */
export function steps({ points, to }: Pick<ScoreHistory, 'points' | 'to'>): Points {
  const line = points.flatMap(({ at, score }, index) => {
    const before = points[index - 1];
    const ms = Date.parse(at);
    return before === undefined
      ? [{ ms, score }]
      : [
          { ms, score: before.score },
          { ms, score },
        ];
  });
  const last = points.at(-1);
  return last === undefined ? [] : [...line, { ms: Date.parse(to), score: last.score }];
}

/** The history in words, for who cannot see the line. */
export function historyWords({ points }: Pick<ScoreHistory, 'points'>): string {
  const scores = points.flatMap(({ score }) => score ?? []);
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || scores.length === 0)
    return t('target.sparkline.none', 'The score did not change in the last 24 hours.');
  return t(
    'target.sparkline.text',
    'Score of the last 24 hours: {{changes}} changes, lowest {{lowest}}, highest {{highest}}, now {{now}} ({{band}}).',
    {
      changes: points.length,
      lowest: Math.min(...scores),
      highest: Math.max(...scores),
      now: last.score ?? '–',
      band: bandWord(last.band),
    }
  );
}
