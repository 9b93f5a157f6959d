import { AppPlugin } from '@grafana/data';
import type { AppRootProps } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';
import { LoadingPlaceholder } from '@grafana/ui';
import { lazy, Suspense } from 'react';
import { PLUGIN_ID } from './constants.ts';
import { fleetLinks } from './extensions/links.ts';
import { loadResources } from './load-resources.ts';
import type { SetupProps } from './pages/Setup/SetupPage.tsx';
import type { FleetSettings } from './settings.ts';

/** Texts first: what is rendered before them would stay in English. */
async function translated<T>(load: () => Promise<T>): Promise<T> {
  const [module] = await Promise.all([load(), initPluginTranslations(PLUGIN_ID, [loadResources])]);
  return module;
}

const LazyApp = lazy(() => translated(() => import('./components/App/App.tsx')));
const LazySetup = lazy(() => translated(() => import('./pages/Setup/SetupPage.tsx')));

const App = (props: AppRootProps<FleetSettings>) => (
  <Suspense fallback={<LoadingPlaceholder text="" />}>
    <LazyApp {...props} />
  </Suspense>
);
const Setup = (props: SetupProps) => (
  <Suspense fallback={<LoadingPlaceholder text="" />}>
    <LazySetup {...props} />
  </Suspense>
);

export const plugin = new AppPlugin<FleetSettings>()
  .setRootPage(App)
  .addConfigPage({ title: 'Setup', icon: 'cog', id: 'setup', body: Setup });
// Grafana sets `meta` once it has loaded this module.
const settings = (): FleetSettings | undefined => (plugin.meta as typeof plugin.meta | undefined)?.jsonData;
for (const link of fleetLinks(settings)) plugin.addLink(link);
