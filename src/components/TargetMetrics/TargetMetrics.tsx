import { Trans } from '@grafana/i18n';
import { sceneGraph, UrlSyncContextProvider } from '@grafana/scenes';
import { LinkButton, Text } from '@grafana/ui';
import { useEffect, useMemo } from 'react';
import { t } from '../../i18n.ts';
import { href } from '../../constants.ts';
import { can } from '../../permissions.ts';
import { useSettings } from '../../settings.ts';
import { Empty } from '../states.tsx';
import { DashboardLink } from './DashboardLink.tsx';
import { prometheusOf } from './data-source.ts';
import type { Source } from './data-source.ts';
import { targetScene } from './scene.ts';

/** How often the panels ask again while somebody looks. Milliseconds. */
const REFRESH_MS = 30_000;

/** What Prometheus kept of a target, on the time range of the address. */
export default function TargetMetrics({ targetId }: { readonly targetId: string }) {
  const { prometheusUid } = useSettings();
  const source = prometheusOf(prometheusUid);
  if ('lacks' in source) return <NoPrometheus source={source} />;
  return <Panels targetId={targetId} uid={source.uid} name={source.name} />;
}

interface PanelsProps {
  readonly targetId: string;
  readonly uid: string;
  readonly name: string;
}
function Panels({ targetId, uid, name }: PanelsProps) {
  const scene = useMemo(() => targetScene(targetId, uid), [targetId, uid]);
  useEffect(() => {
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') sceneGraph.getTimeRange(scene).onRefresh();
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [scene]);
  return (
    <>
      <DashboardLink targetId={targetId} dataSourceUid={uid} />
      <UrlSyncContextProvider scene={scene} updateUrlOnInit={false} createBrowserHistorySteps={false}>
        <scene.Component model={scene} />
      </UrlSyncContextProvider>
      <Text variant="bodySmall" color="secondary">
        <Trans i18nKey="target.metrics.source" values={{ name }}>
          From the data source {'{{name}}'}. A panel without a line: the collector exposes per-target series only at the
          levels core and full, and a target has no series of what it does not report.
        </Trans>
      </Text>
    </>
  );
}

function NoPrometheus({ source }: { readonly source: Extract<Source, { lacks: string }> }) {
  const missingOne = source.lacks === 'configured';
  return (
    <Empty
      title={
        missingOne
          ? t('target.metrics.gone', 'The Prometheus data source of the settings is not there')
          : t('target.metrics.none', 'Grafana has no Prometheus data source')
      }
      button={
        can('approver') ? (
          <LinkButton href={missingOne ? href.setup() : '/connections/datasources/prometheus'} icon="cog">
            {missingOne ? t('target.metrics.setup', 'Open setup') : t('target.metrics.add', 'Add Prometheus')}
          </LinkButton>
        ) : undefined
      }
    >
      {missingOne
        ? t(
            'target.metrics.gone-text',
            'The settings name the data source {{uid}}. It was removed, or you may not see it. Choose another on the Setup page.',
            { uid: source.uid }
          )
        : t(
            'target.metrics.none-text',
            'This tab shows what a Prometheus that scrapes the collector has kept. Everything else on this page comes from the collector itself and does not need it.'
          )}
    </Empty>
  );
}
