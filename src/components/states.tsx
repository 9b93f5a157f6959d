import { PluginPage } from '@grafana/runtime';
import { t, Trans } from '@grafana/i18n';
import { Alert, Button, EmptyState, LinkButton, LoadingPlaceholder, Stack, Text } from '@grafana/ui';
import type { ReactNode } from 'react';
import type { FleetError } from '../api/client.ts';
import { href } from '../constants.ts';
import { mayConfigure } from '../permissions.ts';
import { TimeAgo } from './TimeAgo.tsx';

/** Leads to Setup whoever may use it. */
const SetupLink = () =>
  mayConfigure() ? (
    <LinkButton href={href.setup()} icon="cog">
      <Trans i18nKey="components.not-configured.button">Open setup</Trans>
    </LinkButton>
  ) : null;

/** The app is there and has no collector yet. */
export const NotConfigured = () => (
  <PluginPage>
    <EmptyState
      variant="call-to-action"
      message={t('components.not-configured.title', 'Connect this app to a collector')}
      button={<SetupLink />}
    >
      <Trans i18nKey="components.not-configured.text">
        It needs the URL of the OpenClaw Fleet collector and the secret that both share. An administrator enters them on
        the Setup page.
      </Trans>
    </EmptyState>
  </PluginPage>
);

/** Seed 000's flag is off. */
export const SwitchedOff = () => (
  <PluginPage>
    <EmptyState
      variant="call-to-action"
      message={t('components.off.title', 'OpenClaw Fleet is switched off')}
      button={<SetupLink />}
    >
      <Trans i18nKey="components.off.text">
        The setting smartFleetV2Enabled of this app is false. An administrator switches it on, on the Setup page or in
        the file that provisions the app.
      </Trans>
    </EmptyState>
  </PluginPage>
);

export const Loading = () => <LoadingPlaceholder text={t('components.loading', 'Loading…')} />;

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly button?: ReactNode;
  /** Nothing is there because all is well, rather than because nothing matches. */
  readonly good?: boolean;
}
export const Empty = ({ title, children, button, good = false }: EmptyProps) => (
  <EmptyState variant={good ? 'completed' : 'not-found'} message={title} button={button}>
    {children}
  </EmptyState>
);

function titleOf({ kind }: FleetError): string {
  switch (kind) {
    case 'unreachable':
      return t('components.failure.unreachable', 'The collector cannot be reached');
    case 'not-permitted':
      return t('components.failure.not-permitted', 'You are not permitted to see this');
    case 'not-found':
      return t('components.failure.not-found', 'This does not exist');
    case 'switched-off':
      return t('components.failure.switched-off', 'This part of the collector is switched off');
    case 'setup':
      return t('components.failure.setup', 'Grafana and the collector do not understand each other');
    case 'busy':
      return t('components.failure.busy', 'The collector is busy');
    default:
      return t('components.failure.failed', 'This did not work');
  }
}

interface FailureProps {
  readonly error: FleetError;
  readonly onRetry?: () => void;
  /** When what is shown was read; absent: nothing is shown. Milliseconds. */
  readonly lastGoodMs?: number;
}

/** Why something is not shown, or not fresh, with what to do next. */
export function Failure({ error, onRetry, lastGoodMs }: FailureProps) {
  const leadsToSetup = (error.kind === 'setup' || error.kind === 'unreachable') && mayConfigure();
  return (
    <Alert
      severity={error.kind === 'not-permitted' || error.kind === 'not-found' ? 'info' : 'error'}
      title={titleOf(error)}
    >
      <Stack direction="column" gap={1}>
        <Text>{error.message}</Text>
        {lastGoodMs !== undefined && (
          <Text>
            <Trans i18nKey="components.failure.last-good">What is shown was read</Trans>{' '}
            <TimeAgo at={new Date(lastGoodMs).toISOString()} />.
          </Text>
        )}
        <Stack direction="row" gap={1}>
          {onRetry !== undefined && error.kind !== 'not-permitted' && (
            <Button variant="secondary" size="sm" icon="sync" onClick={onRetry}>
              <Trans i18nKey="components.failure.retry">Try again</Trans>
            </Button>
          )}
          {leadsToSetup && (
            <LinkButton variant="secondary" size="sm" icon="cog" href={href.setup()}>
              <Trans i18nKey="components.failure.setup-link">Open setup</Trans>
            </LinkButton>
          )}
        </Stack>
      </Stack>
    </Alert>
  );
}
