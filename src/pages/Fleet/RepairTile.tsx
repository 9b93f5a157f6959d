import type { GrafanaTheme2 } from '@grafana/data';
import { t, Trans } from '@grafana/i18n';
import { Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import type { RemediationStatus } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { usePauseAll } from '../../api/repairs.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { ActionDialog } from '../../components/ActionDialog.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { pauseAction } from './fleet-actions.ts';
import { isPauseOfAll } from './headline.ts';

interface Props {
  readonly status: RemediationStatus | undefined;
  readonly error: string | null;
}

/** What repairs do now, what waits for a person, and the button that stops them all. */
export function RepairTile({ status, error }: Props) {
  const styles = useStyles2(getStyles);
  const [asks, setAsks] = useState(false);
  const { pause, why } = pauseAction(status);
  return (
    <li className={styles.tile}>
      <Stack direction="row" gap={2} alignItems="flex-start" justifyContent="space-between" wrap="wrap">
        <Stack direction="column" gap={0.5}>
          <Text variant="bodySmall" color="secondary">
            <Trans i18nKey="fleet.repairs.title">Repairs</Trans>
          </Text>
          <State status={status} error={error} />
        </Stack>
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
      </Stack>
      {asks && <PauseDialog pause={pause} inFlight={status?.inFlight ?? 0} onDismiss={() => setAsks(false)} />}
    </li>
  );
}

function State({ status, error }: Props) {
  if (status === undefined)
    return <Text color="secondary">{error ?? t('fleet.repairs.loading', 'Not known yet.')}</Text>;
  const { automation, pendingApprovals, inFlight, inFlightCap } = status;
  const pause = status.holds.find(isPauseOfAll);
  return (
    <>
      <TextLink href={href.remediations()} inline={false}>
        {pendingApprovals === 0
          ? t('fleet.repairs.none-waiting', 'Nothing waits for approval')
          : t('fleet.repairs.waiting', 'Waiting for approval: {{pendingApprovals}}', { pendingApprovals })}
      </TextLink>
      {pause === undefined ? (
        <Text>
          {automation.enabled
            ? t('fleet.repairs.automatic', 'Automatic repairs are on, for {{percent}} % of nodes.', {
                percent: automation.percent,
              })
            : t('fleet.repairs.manual', 'Automatic repairs are off; people start them.')}
        </Text>
      ) : (
        <Text color="warning">
          <Trans i18nKey="fleet.repairs.paused-by">All repairs are paused by</Trans> {pause.by}{' '}
          <TimeAgo at={pause.since} />: {pause.reason}
        </Text>
      )}
      {pause === undefined && automation.held !== null && <Text color="warning">{automation.held.message}</Text>}
      <Text variant="bodySmall" color="secondary">
        {t('fleet.repairs.in-flight', 'Under way: {{inFlight}} of at most {{inFlightCap}}', { inFlight, inFlightCap })}
      </Text>
    </>
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
  tile: css({
    flex: '3 1 330px',
    padding: theme.spacing(1, 1.5),
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.secondary,
  }),
});
