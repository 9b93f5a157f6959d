import { expect, it } from '@jest/globals';
import { screen, waitFor } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TARGET_DASHBOARD } from '../../constants.ts';
import { ORIGIN } from '../../testing/backend.ts';
import { show } from '../../testing/render.tsx';
import { server } from '../../testing/server.ts';
import { DashboardLink } from './DashboardLink.tsx';

const link = () => screen.queryByRole('link', { name: 'More of it on the target dashboard' });

/** What Grafana has of the dashboards that are asked for; and whether it was asked. */
function search(reply: () => Response): { asked: boolean } {
  const seen = { asked: false };
  server.use(
    http.get(`${ORIGIN}/api/search`, ({ request }) => {
      seen.asked = new URL(request.url).searchParams.get('dashboardUIDs') === TARGET_DASHBOARD;
      return reply();
    })
  );
  return seen;
}

it('leads to the dashboard of the target, with its data source', async () => {
  search(() => HttpResponse.json([{ uid: TARGET_DASHBOARD }]));
  show(<DashboardLink targetId="gateway-01" dataSourceUid="prom 1" />);
  await waitFor(() => expect(link()).toBeVisible());
  const { pathname, searchParams } = new URL(link()?.getAttribute('href') ?? '', ORIGIN);
  expect(pathname).toBe(`/d/${TARGET_DASHBOARD}`);
  expect(Object.fromEntries(searchParams)).toEqual({ 'var-target': 'gateway-01', 'var-datasource': 'prom 1' });
});

it.each([
  ['has none', () => HttpResponse.json([])],
  ['may not say', () => HttpResponse.json({ message: 'no' }, { status: 403 })],
])('is not there where Grafana %s', async (_what, reply) => {
  const seen = search(reply);
  show(<DashboardLink targetId="gateway-01" dataSourceUid="prom" />);
  await waitFor(() => expect(seen.asked).toBe(true));
  expect(link()).toBeNull();
});

it('names the dashboard and the variables that there are', () => {
  const file = join(__dirname, `../../../dashboards/${TARGET_DASHBOARD}.json`);
  const { uid, templating } = JSON.parse(readFileSync(file, 'utf8')) as {
    uid: string;
    templating: { list: { name: string }[] };
  };
  expect(uid).toBe(TARGET_DASHBOARD);
  expect(templating.list.map(({ name }) => name)).toEqual(expect.arrayContaining(['target', 'datasource']));
});
