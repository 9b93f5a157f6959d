import { FieldType } from '@grafana/data';
import type { Field, FieldSparkline } from '@grafana/data';
import { t, Trans } from '@grafana/i18n';
import { Sparkline, Stack, Text, useTheme2 } from '@grafana/ui';
import type { ScoreHistory } from '@openclaw-fleet/contract';
import { useMemo } from 'react';
import { bandWord } from '../../words.ts';

const RANGE = { min: 0, max: 100, delta: 100 };
const SIZE = { width: 320, height: 56 } as const;

type Points = readonly { readonly ms: number; readonly score: number | null }[];

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

/** The score of the last 24 hours as a line. */
export function ScoreSparkline({ history }: { readonly history: ScoreHistory }) {
  const theme = useTheme2();
  const sparkline = useMemo(() => fieldsOf(steps(history)), [history]);
  const words = historyWords(history);
  return (
    <Stack direction="column" gap={0.5}>
      {sparkline !== null && (
        <div role="img" aria-label={words}>
          <Sparkline {...SIZE} sparkline={sparkline} theme={theme} />
        </div>
      )}
      <Text variant="bodySmall" color="secondary">
        {words}
      </Text>
      {history.truncated && (
        <Text variant="bodySmall" color="secondary">
          <Trans i18nKey="target.sparkline.truncated">Earlier changes of these 24 hours are left out.</Trans>
        </Text>
      )}
    </Stack>
  );
}

function fieldsOf(line: Points): FieldSparkline | null {
  if (line.length < 2) return null;
  const x: Field<number> = { name: 'time', type: FieldType.time, config: {}, values: line.map(({ ms }) => ms) };
  const y: Field<number | null> = {
    name: 'score',
    type: FieldType.number,
    config: { min: RANGE.min, max: RANGE.max, decimals: 0 },
    values: line.map(({ score }) => score),
    // Sparkline reads it, and does without it badly.
    state: { range: RANGE },
  };
  return { x, y };
}
