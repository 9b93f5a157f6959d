import { initPluginTranslations } from '@grafana/i18n';
import { getBackendSrv } from '@grafana/runtime';
import { ScrollContainer } from '@grafana/ui';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { lastValueFrom } from 'rxjs';
import { t } from '../i18n.ts';
import { failureOf } from '../api/client.ts';
import type { FleetError } from '../api/client.ts';
import { FleetProviders } from '../components/FleetProviders.tsx';
import { Loadable } from '../components/Loadable.tsx';
import { Empty } from '../components/states.tsx';
import { TrustBanner } from '../components/TrustBanner.tsx';
import { PLUGIN_ID } from '../constants.ts';
import { isEnabled, lacking, SettingsProvider } from '../settings.ts';
import type { FleetMeta, FleetSettings } from '../settings.ts';

// A nested panel must not load anything lazily, the texts of other languages included: it stays English.
void initPluginTranslations(PLUGIN_ID);

async function readSettings(): Promise<FleetSettings> {
  try {
    const url = `/api/plugins/${PLUGIN_ID}/settings`;
    const { data } = await lastValueFrom(getBackendSrv().fetch<FleetMeta>({ url, showErrorAlert: false }));
    return data.jsonData ?? {};
  } catch (error) {
    throw failureOf(error);
  }
}

/** Shows its children once the app is set up and switched on; until then it says what lacks, and asks the collector nothing. */
function Gate({ children }: { readonly children: ReactNode }) {
  const settings = useQuery<FleetSettings, FleetError>({
    queryKey: ['app-settings'],
    queryFn: readSettings,
    // The flag may be switched off while a dashboard hangs on a wall.
    staleTime: 60_000,
    refetchInterval: 60_000,
  });
  return (
    <Loadable query={settings}>
      {(read) => {
        if (!isEnabled(read)) return <Empty title={t('panels.off', 'OpenClaw Fleet is switched off')} />;
        if (lacking(read, true) !== null)
          return (
            <Empty title={t('panels.not-configured', 'OpenClaw Fleet has no collector yet: see its Setup page')} />
          );
        return (
          <SettingsProvider value={read}>
            <TrustBanner inPanel />
            {children}
          </SettingsProvider>
        );
      }}
    </Loadable>
  );
}

/** What the app's panels stand on in a dashboard: a cache, the app's settings, and room to scroll. They poll. */
export function PanelShell({ children }: { readonly children: ReactNode }) {
  return (
    <FleetProviders settings={{}} events={false}>
      <ScrollContainer>
        <Gate>{children}</Gate>
      </ScrollContainer>
    </FleetProviders>
  );
}
