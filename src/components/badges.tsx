import type { GrafanaTheme2 } from '@grafana/data';
import { Badge, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import type { BadgeColor, IconName } from '@grafana/ui';
import { isEnded } from '@openclaw-fleet/contract';
import type {
  Band,
  DriftSeverity,
  LivenessState,
  RunState,
  Verdict,
  ViolationSeverity,
} from '@openclaw-fleet/contract';
import { memo } from 'react';
import { bandWord, runStateWord, severityWord, stateWord, verdictWord } from '../words.ts';

interface WordProps {
  readonly color: BadgeColor;
  readonly icon: IconName;
  readonly text: string;
}
function Word({ color, ...props }: WordProps) {
  const styles = useStyles2(getStyles);
  // Grafana's own grey is too faint to read on a light ground.
  return <Badge {...props} color={color} {...(color === 'darkgrey' && { className: styles.grey })} />;
}
const getStyles = (theme: GrafanaTheme2) => ({ grey: css({ color: theme.colors.text.primary }) });

// Never by colour alone: each has an icon and a word of its own.
const BANDS: Record<Band, readonly [BadgeColor, IconName]> = {
  healthy: ['green', 'check-circle'],
  warning: ['orange', 'exclamation-triangle'],
  degraded: ['orange', 'arrow-down'],
  critical: ['red', 'exclamation-circle'],
  unknown: ['darkgrey', 'question-circle'],
};

interface BandProps {
  readonly band: Band;
  readonly score?: number | null;
}
// Those of long tables are rendered anew when they change alone.
export const BandBadge = memo(function BandBadge({ band, score = null }: BandProps) {
  const [color, icon] = BANDS[band];
  const text = bandWord(band);
  return <Word color={color} icon={icon} text={score === null ? text : `${score} ${text}`} />;
});

const STATES: Record<LivenessState, readonly [BadgeColor, IconName]> = {
  online: ['green', 'check-circle'],
  stale: ['orange', 'clock-nine'],
  expired: ['red', 'exclamation-circle'],
  stopped: ['blue', 'pause'],
  inactive: ['darkgrey', 'circle'],
  retired: ['darkgrey', 'archive-alt'],
  unknown: ['darkgrey', 'question-circle'],
};
export const StateBadge = memo(function StateBadge({ state }: { readonly state: LivenessState }) {
  const [color, icon] = STATES[state];
  return <Word color={color} icon={icon} text={stateWord(state)} />;
});

const SEVERITIES: Record<DriftSeverity | ViolationSeverity, readonly [BadgeColor, IconName]> = {
  minor: ['blue', 'info-circle'],
  warning: ['blue', 'info-circle'],
  major: ['orange', 'exclamation-triangle'],
  high: ['orange', 'exclamation-triangle'],
  critical: ['red', 'exclamation-circle'],
};
export const SeverityBadge = ({ severity }: { readonly severity: DriftSeverity | ViolationSeverity }) => {
  const [color, icon] = SEVERITIES[severity];
  return <Word color={color} icon={icon} text={severityWord(severity)} />;
};

const VERDICTS: Record<Verdict, readonly [BadgeColor, IconName]> = {
  normal: ['green', 'eye'],
  partial: ['orange', 'exclamation-triangle'],
  full: ['red', 'exclamation-circle'],
  blind: ['red', 'eye-slash'],
};
export const VerdictBadge = ({ verdict }: { readonly verdict: Verdict }) => {
  const [color, icon] = VERDICTS[verdict];
  return <Word color={color} icon={icon} text={verdictWord(verdict)} />;
};

function runLook(state: RunState): readonly [BadgeColor, IconName] {
  if (state === 'pending_approval') return ['purple', 'user'];
  if (!isEnded(state)) return ['blue', 'sync'];
  if (state === 'succeeded') return ['green', 'check-circle'];
  if (state === 'failed' || state === 'no_effect' || state === 'unreachable') return ['red', 'exclamation-circle'];
  if (state === 'rolled_back' || state === 'blocked') return ['orange', 'exclamation-triangle'];
  return ['darkgrey', 'circle'];
}
export const RunBadge = ({ state }: { readonly state: RunState }) => {
  const [color, icon] = runLook(state);
  return <Word color={color} icon={icon} text={runStateWord(state)} />;
};
