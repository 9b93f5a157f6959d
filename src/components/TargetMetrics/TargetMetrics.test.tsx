import { afterEach, describe, expect, it } from '@jest/globals';
import type { DataSourceInstanceSettings } from '@grafana/data';
import { setDataSourceSrv } from '@grafana/runtime';
import type { DataSourceSrv } from '@grafana/runtime';
import { SceneQueryRunner, sceneGraph, SceneTimeRange } from '@grafana/scenes';
import { screen } from '@testing-library/react';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { show } from '../../testing/render.tsx';
import { chosen } from './data-source.ts';
import { metricPanels, series } from './queries.ts';
import { targetScene } from './scene.ts';
import TargetMetrics from './TargetMetrics.tsx';

const source = (uid: string, isDefault = false) =>
  ({ uid, name: `name of ${uid}`, isDefault, type: 'prometheus' }) as DataSourceInstanceSettings;

/** What Grafana says it has. */
function grafanaHas(...sources: DataSourceInstanceSettings[]): void {
  const srv: Partial<DataSourceSrv> = {
    getList: () => sources,
    getInstanceSettings: (ref) => sources.find(({ uid }) => uid === (typeof ref === 'object' ? ref?.uid : ref)),
  };
  setDataSourceSrv(srv as DataSourceSrv);
}
afterEach(() => grafanaHas());

describe('the data source', () => {
  const all = [source('a'), source('b', true)];
  const find = (uid: string) => all.find((each) => each.uid === uid);
  it('is the one of the settings, else the default, else the first', () => {
    expect(chosen('a', find, all)).toMatchObject({ uid: 'a' });
    expect(chosen('', find, all)).toMatchObject({ uid: 'b' });
    expect(chosen('', find, [source('c'), source('d')])).toMatchObject({ uid: 'c' });
  });
  it('is lacking', () => {
    expect(chosen('', find, [])).toEqual({ lacks: 'any-prometheus' });
    expect(chosen('gone', find, all)).toEqual({ lacks: 'configured', uid: 'gone' });
  });
});

describe('the queries', () => {
  it('ask for one line of one target, whatever its id', () => {
    expect(series('m', 'gateway-01')).toBe('max by (target) (m{target="gateway-01"})');
    expect(series('m', 'a"b\\c')).toBe('max by (target) (m{target="a\\"b\\\\c"})');
  });

  it('ask only for metrics that the collector documents, with the label target', () => {
    const docs = readFileSync(join(__dirname, '../../../docs/metrics.md'), 'utf8');
    const documented = new Set(
      docs
        .split('\n')
        .filter((line) => line.includes('| `target`'))
        .map((line) => /`(openclaw_target_[a-z_]+)`/.exec(line)?.[1])
    );
    const asked = metricPanels('x').flatMap(({ queries }) =>
      queries.map(({ expr }) => /openclaw_[a-z_]+/.exec(expr)?.[0])
    );
    expect(asked.length).toBeGreaterThan(6);
    for (const metric of asked) expect(documented).toContain(metric);
  });
});

it('the scene runs every query on one time range, against that data source', () => {
  const scene = targetScene('gateway-01', 'prom');
  expect(scene.state.$timeRange).toBeInstanceOf(SceneTimeRange);
  const runners = sceneGraph
    .findAllObjects(scene, (each) => each instanceof SceneQueryRunner)
    .filter((each) => each instanceof SceneQueryRunner);
  expect(runners).toHaveLength(metricPanels('gateway-01').length);
  for (const { state } of runners) {
    expect(state.datasource?.uid).toBe('prom');
    for (const query of state.queries) expect(query['expr']).toContain('target="gateway-01"');
  }
});

describe('without a Prometheus', () => {
  it('says what the tab would show, and an administrator can add one', async () => {
    grafanaHas();
    show(<TargetMetrics targetId="gateway-01" />, { as: 'approver' });
    expect(await screen.findByText('Grafana has no Prometheus data source')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Add Prometheus' })).toHaveAttribute(
      'href',
      '/connections/datasources/prometheus'
    );
  });

  it('a viewer is offered nothing that they may not do', async () => {
    grafanaHas();
    show(<TargetMetrics targetId="gateway-01" />, { as: 'viewer' });
    expect(await screen.findByText('Grafana has no Prometheus data source')).toBeVisible();
    expect(screen.queryByRole('link')).not.toBeInTheDocument();
  });

  it('says so when the one of the settings is gone, rather than to ask another', async () => {
    grafanaHas(source('other', true));
    show(<TargetMetrics targetId="gateway-01" />, { as: 'approver', settings: { prometheusUid: 'gone' } });
    expect(await screen.findByText('The Prometheus data source of the settings is not there')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Open setup' })).toHaveAttribute('href', '/plugins/openclaw-fleet-app');
  });
});
