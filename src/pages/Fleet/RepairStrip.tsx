import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Text, TextLink, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import type { RemediationStatus } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { t } from '../../i18n.ts';
import { usePauseAll } from '../../api/repairs.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { Who } from '../../components/Approvals/Who.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { pauseAction } from './fleet-actions.ts';
import { isPauseOfAll } from './headline.ts';

interface Props {
  readonly status: RemediationStatus | undefined;
  readonly error: string | null;
}

/** What repairs do now, what waits for a person, and the button that stops them all. */
export function RepairStrip({ status, error }: Props) {
  const styles = useStyles2(getStyles);
  const [asks, setAsks] = useState(false);
  const { pause, why } = pauseAction(status);
  return (
    <section className={styles.strip} aria-label={t('fleet.repairs.title', 'Repairs')}>
      <div className={styles.state}>
        <State status={status} error={error} />
      </div>
      <ActionButton
        role="operator"
        size="sm"
        variant={pause ? 'secondary' : 'primary'}
        icon={pause ? 'pause' : 'play'}
        why={error ?? why}
        onClick={() => setAsks(true)}
      >
        {pause ? t('fleet.pause.button', 'Pause all repairs') : t('fleet.pause.resume', 'Resume repairs')}
      </ActionButton>
      {asks && <PauseDialog pause={pause} inFlight={status?.inFlight ?? 0} onDismiss={() => setAsks(false)} />}
    </section>
  );
}

function State({ status, error }: Props) {
  if (status === undefined)
    return <Text color="secondary">{error ?? t('fleet.repairs.loading', 'What repairs do is not known yet.')}</Text>;
  const { pendingApprovals, inFlight, inFlightCap } = status;
  const pause = status.holds.find(isPauseOfAll);
  return (
    <>
      <TextLink href={href.remediations()} inline={false} weight={pendingApprovals === 0 ? 'regular' : 'bold'}>
        {pendingApprovals === 0
          ? t('fleet.repairs.none-waiting', 'Nothing waits for approval')
          : t('fleet.repairs.waiting', 'Waiting for approval: {{pendingApprovals}}', { pendingApprovals })}
      </TextLink>
      {pause === undefined ? (
        <Automation automation={status.automation} />
      ) : (
        <Text color="warning">
          <Trans i18nKey="fleet.repairs.paused-by">All repairs are paused by</Trans>{' '}
          <Who actor={pause.by} name={pause.byName} short /> <TimeAgo at={pause.since} />: {pause.reason}
        </Text>
      )}
      <Text color="secondary">
        {t('fleet.repairs.in-flight', 'Under way: {{inFlight}} of at most {{inFlightCap}}', { inFlight, inFlightCap })}
      </Text>
    </>
  );
}

function Automation({ automation: { enabled, percent, held } }: Pick<RemediationStatus, 'automation'>) {
  if (!enabled) return <Text>{t('fleet.repairs.manual', 'Automatic repairs are off: people start them')}</Text>;
  if (held !== null)
    return (
      <Text color="warning">
        <Trans i18nKey="fleet.repairs.held">Automatic repairs are held back:</Trans> {held.message}
      </Text>
    );
  return (
    <Text>{t('fleet.repairs.automatic', 'Automatic repairs are on, for {{percent}} % of nodes', { percent })}</Text>
  );
}

interface DialogProps {
  readonly pause: boolean;
  readonly inFlight: number;
  readonly onDismiss: () => void;
}

function PauseDialog({ pause, inFlight, onDismiss }: DialogProps) {
  const write = usePauseAll();
  // What was asked stays asked, whatever comes in while the dialog is open.
  const [asked] = useState(pause);
  return (
    <ActionDialog
      title={asked ? t('fleet.pause.title', 'Pause all repairs?') : t('fleet.pause.resume-title', 'Resume repairs?')}
      confirm={
        asked ? t('fleet.pause.confirm', 'Pause all repairs') : t('fleet.pause.resume-confirm', 'Resume repairs')
      }
      destructive={asked}
      onConfirm={(reason) => write.mutateAsync({ pause: asked, reason })}
      onDismiss={onDismiss}
    >
      {asked ? (
        <Trans i18nKey="fleet.pause.text" values={{ inFlight }}>
          No new repair begins on any node, neither by automation nor by a person, until somebody resumes them. What is
          under way finishes: {'{{inFlight}}'} now.
        </Trans>
      ) : (
        <Trans i18nKey="fleet.pause.resume-text">
          Repairs may begin again on every node that is not held back by itself, automatic ones included.
        </Trans>
      )}
    </ActionDialog>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  strip: css({
    display: 'flex',
    justifyContent: 'space-between',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(1, 1.5),
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.secondary,
    '> button': { flex: 'none' },
  }),
  state: css({ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: theme.spacing(0.5, 3) }),
});
