import type { PluginConfigPageProps } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { t } from '../../i18n.ts';
import { locationService } from '@grafana/runtime';
import { Alert, Box, Stack, Text } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { mayConfigure } from '../../permissions.ts';
import type { FleetMeta } from '../../settings.ts';
import { ConnectionTest } from './ConnectionTest.tsx';
import { Enabling } from './Enabling.tsx';
import { isChanged, formOf } from './form.ts';
import { SettingsForm } from './SettingsForm.tsx';

export type SetupProps = PluginConfigPageProps<FleetMeta>;

/** In the address after the page was loaded anew because the settings were saved. */
export const SAVED = 'saved';

/** What connects the app to its collector. Grafana shows it as a tab of the plugin's page. */
export default function SetupPage({ plugin: { meta }, query }: SetupProps) {
  const [form, setForm] = useState(() => formOf(meta));
  const [saved] = useState(() => query[SAVED] !== undefined);
  useEffect(() => {
    if (saved) locationService.partial({ [SAVED]: null }, true);
  }, [saved]);
  if (!mayConfigure())
    return (
      <Alert severity="info" title={t('setup.not-permitted.title', 'You are not permitted to set this app up')}>
        <Trans i18nKey="setup.not-permitted.text">
          It needs the permission plugins:write, which the role Admin has. Ask your Grafana administrator.
        </Trans>
      </Alert>
    );
  const { collectorUrl = '' } = meta.jsonData ?? {};
  return (
    <Box maxWidth={100}>
      <Stack direction="column" gap={4}>
        {saved && <Alert severity="success" title={t('setup.saved', 'The settings are saved')} />}
        {meta.enabled !== true && <Enabling meta={meta} />}
        <section aria-labelledby="setup-settings">
          <Stack direction="column" gap={2}>
            <Text element="h2" variant="h4" id="setup-settings">
              <Trans i18nKey="setup.settings.title">Connection to the collector</Trans>
            </Text>
            <Text color="secondary">
              <Trans i18nKey="setup.settings.provisioned">
                If a file in provisioning/plugins sets this app up, Grafana takes the settings from that file again when
                it restarts, and what is saved here is lost: change the file.
              </Trans>
            </Text>
            <SettingsForm form={form} onChange={setForm} meta={meta} />
          </Stack>
        </section>
        <section aria-labelledby="setup-test">
          <Stack direction="column" gap={2}>
            <Text element="h2" variant="h4" id="setup-test">
              <Trans i18nKey="setup.test.title">Test</Trans>
            </Text>
            <ConnectionTest
              url={collectorUrl}
              secretSet={meta.secureJsonFields?.['secret'] === true}
              dirty={isChanged(form, meta)}
              atOnce={saved}
            />
          </Stack>
        </section>
        {meta.enabled === true && <Enabling meta={meta} />}
      </Stack>
    </Box>
  );
}
