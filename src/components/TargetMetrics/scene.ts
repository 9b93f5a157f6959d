import {
  EmbeddedScene,
  PanelBuilders,
  SceneControlsSpacer,
  SceneCSSGridItem,
  SceneCSSGridLayout,
  SceneQueryRunner,
  SceneTimePicker,
  SceneTimeRange,
} from '@grafana/scenes';
import { metricPanels } from './queries.ts';
import type { MetricPanel } from './queries.ts';

/** The panels of a target over the time range that the address has, or the last 6 hours. */
export function targetScene(targetId: string, dataSourceUid: string): EmbeddedScene {
  return new EmbeddedScene({
    $timeRange: new SceneTimeRange({ from: 'now-6h', to: 'now' }),
    controls: [new SceneControlsSpacer(), new SceneTimePicker({ isOnCanvas: true })],
    body: new SceneCSSGridLayout({
      templateColumns: 'repeat(auto-fit, minmax(420px, 1fr))',
      autoRows: '260px',
      children: metricPanels(targetId).map(
        (panel) => new SceneCSSGridItem({ key: panel.key, body: vizOf(panel, dataSourceUid) })
      ),
    }),
  });
}

function vizOf({ title, description, unit, min, max, queries }: MetricPanel, uid: string) {
  const $data = new SceneQueryRunner({
    datasource: { type: 'prometheus', uid },
    queries: queries.map(({ refId, expr, legend }) => ({ refId, expr, legendFormat: legend, range: true })),
  });
  const panel = PanelBuilders.timeseries()
    .setTitle(title)
    .setDescription(description)
    .setData($data)
    .setUnit(unit)
    .setMin(min)
    .setNoValue('–')
    .setOption('legend', { showLegend: queries.length > 1 });
  return (max === undefined ? panel : panel.setMax(max)).build();
}
