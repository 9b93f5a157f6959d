import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from '@playwright/test';
import { findGrafana } from '../../scripts/lib/grafana.mjs';
import { grafanaApi, newPassword } from '../../backend/simulator/demo/grafana.ts';
import { PLUGIN, startGrafana, type SomeGrafana } from './support/grafana.ts';
import { freePorts } from './support/ports.ts';
import { expect, test } from './support/test.ts';

/** What a team had before it installed the app: built-in panels on Grafana's own test data. */
const BEFORE = {
  uid: 'before',
  title: 'Before the app',
  timezone: 'utc',
  time: { from: '2026-01-01T00:00:00Z', to: '2026-01-01T06:00:00Z' },
  panels: [
    { type: 'timeseries', title: 'Queue', at: [0, 0, 12, 8] },
    { type: 'stat', title: 'Last', at: [12, 0, 6, 8] },
    { type: 'table', title: 'Rows', at: [0, 8, 18, 8] },
  ].map(({ type, title, at: [x, y, w, h] }, index) => ({
    id: index + 1,
    type,
    title,
    gridPos: { x, y, w, h },
    datasource: { type: 'grafana-testdata-datasource', uid: 'testdata' },
    targets: [
      {
        refId: 'A',
        scenarioId: 'csv_content',
        csvContent: 'time,value\n2026-01-01T01:00:00Z,3\n2026-01-01T03:00:00Z,11\n2026-01-01T05:00:00Z,7\n',
      },
    ],
  })),
};

interface Look {
  readonly text: string;
  readonly picture: Buffer;
}

/** How the dashboard looks, without Grafana's frame around it. */
async function lookAt(page: Page, grafana: SomeGrafana): Promise<Look> {
  const { login, password } = grafana.admin;
  await page.request.post(`${grafana.url}/login`, { data: { user: login, password } });
  await page.goto(`${grafana.url}/d/${BEFORE.uid}?kiosk&theme=light`);
  await expect(page.getByRole('heading', { name: 'Rows' })).toBeVisible();
  await expect(page.getByRole('gridcell', { name: '11' })).toBeVisible();
  await page.waitForLoadState('networkidle');
  const main = page.getByRole('main');
  return { text: await main.ariaSnapshot(), picture: await page.screenshot({ animations: 'disabled' }) };
}

test('a dashboard that was there before is the same with the app on, off, disabled and removed', async ({
  browser,
  facts,
}) => {
  test.skip(findGrafana() === null, 'needs an installed Grafana, which it starts several times');
  test.setTimeout(400_000);
  const folder = mkdtempSync(join(tmpdir(), 'fleet-e2e-dashboard-'));
  const adminPassword = newPassword();
  const dist = process.env['FLEET_DIST'];
  const looks: Record<string, Look> = {};
  const live = async (name: string, how: { withApp: boolean; flag?: string }, disable = false): Promise<void> => {
    const [port = 0] = await freePorts(1);
    const { collectorUrl, secretFile } = facts;
    const setup = { port, collectorUrl, secretFile, prometheusUrl: null, adminPassword, people: [], ...how };
    const grafana = await startGrafana(folder, { ...setup, ...(dist && { dist }) });
    const context = await browser.newContext({
      viewport: { width: 1280, height: 900 },
      locale: 'en-US',
      timezoneId: 'UTC',
    });
    try {
      const api = grafanaApi(grafana.url, grafana.admin);
      if (name === 'before') {
        const source = { name: 'testdata', uid: 'testdata', type: 'grafana-testdata-datasource', access: 'proxy' };
        await api('POST', '/api/datasources', source);
        await api('POST', '/api/dashboards/db', { dashboard: BEFORE });
      }
      if (disable) await api('POST', `/api/plugins/${PLUGIN}/settings`, { enabled: false, pinned: false });
      looks[name] = await lookAt(await context.newPage(), grafana);
    } finally {
      await context.close();
      await grafana.stop();
    }
  };
  try {
    await live('before', { withApp: false });
    await live('on', { withApp: true });
    await live('flag off', { withApp: true, flag: 'false' });
    await live('disabled', { withApp: true }, true);
    await live('removed', { withApp: false });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  for (const [name, look] of Object.entries(looks)) {
    expect.soft(look.text, `the words, ${name}`).toBe(looks['before']?.text);
    expect.soft(look.picture.equals(looks['before']?.picture ?? Buffer.alloc(0)), `the picture, ${name}`).toBe(true);
  }
  expect(Object.keys(looks)).toHaveLength(5);
});

const PANELS = [
  ['openclaw-fleetmap-panel', 'Map'],
  ['openclaw-violations-panel', 'Violations'],
  ['openclaw-approvals-panel', 'Approvals'],
] as const;

test('the three panels work in a dashboard of their own', async ({ as, facts }) => {
  const api = grafanaApi(facts.grafanaUrl, facts.admin);
  const panels = PANELS.map(([type, title], index) => ({
    id: index + 1,
    type,
    title: `Fleet: ${title}`,
    gridPos: { x: 0, y: index * 9, w: 24, h: 9 },
    datasource: null,
    targets: [],
  }));
  const dashboard = { uid: 'fleet-panels', title: 'Fleet panels', panels };
  await api('POST', '/api/dashboards/db', { dashboard, overwrite: true });
  for (const role of ['viewer', 'approver'] as const) {
    const { page } = await as(role);
    await page.setViewportSize({ width: 1280, height: 1400 });
    await page.goto('/d/fleet-panels');
    await expect(page.getByRole('option', { name: /^gateway-05\b/ })).toBeVisible();
    for (const [, title] of PANELS) await expect(page.getByRole('heading', { name: `Fleet: ${title}` })).toBeVisible();
    await expect(page.getByText(/Panel plugin not found|An unexpected error/)).toHaveCount(0);
    await page.getByRole('option', { name: /^gateway-05\b/ }).click();
  }
});
