import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { ActionsCard } from './ActionsCard.tsx';
import { DesiredCard } from './DesiredCard.tsx';
import { ScoreCard } from './ScoreCard.tsx';
import { GatewayCard, TransportCard } from './TransportCard.tsx';
import type { TargetFacts } from './use-target-facts.ts';

interface Props {
  readonly target: FleetTarget;
  readonly facts: TargetFacts;
}

/** How it is and what may be done. */
export function OverviewTab({ target, facts }: Props) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.columns}>
      <div className={styles.column}>
        <ScoreCard targetId={target.id} />
        <DesiredCard target={target} />
      </div>
      <div className={styles.column}>
        <ActionsCard actions={facts.actions} name={target.name} />
        <TransportCard target={target} />
        <GatewayCard target={target} />
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  columns: css({
    display: 'grid',
    gap: theme.spacing(2),
    gridTemplateColumns: 'minmax(0, 3fr) minmax(0, 2fr)',
    [theme.breakpoints.down('xxl')]: { gridTemplateColumns: 'minmax(0, 1fr)' },
  }),
  column: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(2), minWidth: 0 }),
});
