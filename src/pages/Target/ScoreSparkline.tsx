import { FieldColorModeId, FieldType } from '@grafana/data';
import type { Field, FieldSparkline } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Sparkline, Stack, Text, useTheme2 } from '@grafana/ui';
import type { ScoreHistory } from '@openclaw-fleet/contract';
import { useMemo } from 'react';
import { historyWords, steps } from './score-steps.ts';
import type { Points } from './score-steps.ts';

const RANGE = { min: 0, max: 100, delta: 100 };
const SIZE = { width: 320, height: 56 } as const;

/** The score of the last 24 hours as a line. */
export function ScoreSparkline({ history }: { readonly history: ScoreHistory }) {
  const theme = useTheme2();
  const sparkline = useMemo(() => fieldsOf(steps(history), theme.colors.primary.text), [history, theme]);
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

function fieldsOf(line: Points, color: string): FieldSparkline | null {
  if (line.length < 2) return null;
  const x: Field<number> = { name: 'time', type: FieldType.time, config: {}, values: line.map(({ ms }) => ms) };
  const y: Field<number | null> = {
    name: 'score',
    type: FieldType.number,
    config: { min: RANGE.min, max: RANGE.max, decimals: 0, color: { mode: FieldColorModeId.Fixed, fixedColor: color } },
    values: line.map(({ score }) => score),
    // Sparkline reads it, and does without it badly.
    state: { range: RANGE },
  };
  return { x, y };
}
