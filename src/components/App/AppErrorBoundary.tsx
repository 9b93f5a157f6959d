import { Trans } from '@grafana/i18n';
import { PluginPage } from '@grafana/runtime';
import { Alert, Button, ErrorBoundary, LinkButton, Stack, Text } from '@grafana/ui';
import type { ReactNode } from 'react';
import { useLocation } from 'react-router-dom';
import { reloadPage } from '../../api/setup.ts';
import { href } from '../../constants.ts';
import { t } from '../../i18n.ts';
import { mayConfigure } from '../../permissions.ts';

/** What a fault of the app itself looks like: one page says so, and Grafana and the other pages go on. */
export function AppErrorBoundary({ children }: { readonly children: ReactNode }) {
  const { pathname } = useLocation();
  return (
    <ErrorBoundary boundaryName="openclaw-fleet-page" dependencies={[pathname]}>
      {({ error, errorInfo }) =>
        errorInfo === null ? children : <Fault error={error} stack={errorInfo.componentStack} />
      }
    </ErrorBoundary>
  );
}

interface FaultProps {
  /** Whatever was thrown. */
  readonly error: unknown;
  readonly stack: string | null | undefined;
}

const Fault = ({ error, stack }: FaultProps) => (
  <PluginPage>
    <Alert severity="error" title={t('components.fault.title', 'This page failed')}>
      <Stack direction="column" gap={1}>
        <Text>
          <Trans i18nKey="components.fault.text">
            Load it again. If it fails again, check that the URL of the collector on the Setup page leads to the
            collector, and that both are of the same version; then report what is below as an issue of the app.
          </Trans>
        </Text>
        <details style={{ whiteSpace: 'pre-wrap' }} open>
          {String(error)}
          {stack}
        </details>
        <Stack direction="row" gap={1}>
          <Button variant="secondary" size="sm" icon="sync" onClick={() => reloadPage({})}>
            <Trans i18nKey="components.fault.reload">Load the page again</Trans>
          </Button>
          {mayConfigure() && (
            <LinkButton variant="secondary" size="sm" icon="cog" href={href.setup()}>
              <Trans i18nKey="components.failure.setup-link">Open setup</Trans>
            </LinkButton>
          )}
        </Stack>
      </Stack>
    </Alert>
  </PluginPage>
);
