import { Trans } from '@grafana/i18n';
import { t } from '../../i18n.ts';
import { Alert, Button, Field, Input, SecretInput, Stack, Switch } from '@grafana/ui';
import { useState } from 'react';
import type { FleetMeta } from '../../settings.ts';
import { errorsOf, isChanged, updateOf } from './form.ts';
import type { SetupForm } from './form.ts';
import { PrometheusField } from './PrometheusField.tsx';
import { useSave } from './use-save.ts';

interface Props {
  readonly form: SetupForm;
  readonly onChange: (form: SetupForm) => void;
  readonly meta: FleetMeta;
}

/** The settings, and the button that saves them. Messages come once somebody tried to save, and go as they are mended. */
export function SettingsForm({ form, onChange, meta }: Props) {
  const [tried, setTried] = useState(false);
  const { save, busy, error } = useSave();
  const errors = tried ? errorsOf(form) : {};
  const set = (change: Partial<SetupForm>): void => onChange({ ...form, ...change });
  const submit = (): void => {
    setTried(true);
    if (Object.keys(errorsOf(form)).length === 0) void save(updateOf(form, meta), { saved: 'true' });
  };
  return (
    <form
      aria-label={t('setup.settings.label', 'Settings')}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <Stack direction="column" gap={3}>
        <Field
          label={t('setup.url.label', 'URL of the collector')}
          description={t(
            'setup.url.description',
            'Where Grafana’s server reaches the collector’s API. No path is needed: the app adds /fleet.'
          )}
          required
          invalid={errors.url !== undefined}
          error={errors.url}
          htmlFor="setup-url"
          noMargin
        >
          <Input
            id="setup-url"
            aria-invalid={errors.url !== undefined}
            value={form.url}
            placeholder="http://127.0.0.1:8080"
            inputMode="url"
            spellCheck={false}
            onChange={(event) => set({ url: event.currentTarget.value })}
          />
        </Field>
        <Field
          label={t('setup.secret.label', 'Shared secret')}
          description={t(
            'setup.secret.description',
            'What the collector has in grafana.secretFile. It proves that a request came through this Grafana, which keeps it encrypted and never shows it again.'
          )}
          required
          invalid={errors.secret !== undefined}
          error={errors.secret}
          htmlFor="setup-secret"
          noMargin
        >
          <SecretInput
            id="setup-secret"
            aria-invalid={errors.secret !== undefined}
            isConfigured={form.keepsSecret}
            value={form.secret}
            autoComplete="off"
            onReset={() => set({ keepsSecret: false, secret: '' })}
            onChange={(event) => set({ secret: event.currentTarget.value })}
          />
        </Field>
        <PrometheusField uid={form.prometheusUid} onChange={(prometheusUid) => set({ prometheusUid })} />
        <Field
          label={t('setup.flag.label', 'Show the fleet (smartFleetV2Enabled)')}
          description={t(
            'setup.flag.description',
            'Off hides the pages and panels of this app, and stops all polling. The collector goes on, repairs included.'
          )}
          htmlFor="setup-flag"
          noMargin
        >
          <Switch id="setup-flag" value={form.flag} onChange={(event) => set({ flag: event.currentTarget.checked })} />
        </Field>
        {error !== null && (
          <Alert severity="error" title={t('setup.save.failed', 'The settings were not saved')}>
            {error}
          </Alert>
        )}
        <div>
          <Button type="submit" disabled={busy || !isChanged(form, meta)}>
            {busy ? t('setup.save.busy', 'Saving…') : <Trans i18nKey="setup.save.button">Save settings</Trans>}
          </Button>
        </div>
      </Stack>
    </form>
  );
}
