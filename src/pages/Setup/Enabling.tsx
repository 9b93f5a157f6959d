import { Trans } from '@grafana/i18n';
import { t } from '../../i18n.ts';
import { Alert, Button, Stack, Text } from '@grafana/ui';
import type { FleetMeta } from '../../settings.ts';
import { switchedTo } from './form.ts';
import { useSave } from './use-save.ts';

/** Whether the app is enabled in this organization, and the button that changes it. */
export function Enabling({ meta }: { readonly meta: FleetMeta }) {
  const { save, busy, error } = useSave();
  const enabled = meta.enabled === true;
  return (
    <Stack direction="column" gap={1}>
      {!enabled && (
        <Alert severity="warning" title={t('setup.enable.off-title', 'The app is not enabled')}>
          <Trans i18nKey="setup.enable.off-text">
            Its pages are not in the menu of this organization, and dashboards cannot show its panels.
          </Trans>
        </Alert>
      )}
      <Stack direction="row" gap={2} alignItems="center">
        <Button
          variant={enabled ? 'secondary' : 'primary'}
          disabled={busy}
          onClick={() => void save(switchedTo(!enabled, meta))}
        >
          {enabled ? t('setup.enable.disable', 'Disable the app') : t('setup.enable.enable', 'Enable the app')}
        </Button>
        {enabled && (
          <Text color="secondary">
            <Trans i18nKey="setup.enable.on-text">
              Disabling takes its pages and panels away from everybody in this organization. The collector goes on, and
              the settings stay.
            </Trans>
          </Text>
        )}
      </Stack>
      {error !== null && (
        <Alert severity="error" title={t('setup.enable.failed', 'Nothing was changed')}>
          {error}
        </Alert>
      )}
    </Stack>
  );
}
