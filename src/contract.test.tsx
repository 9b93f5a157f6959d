import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import type { ReactNode } from 'react';
import type { Route } from '../backend/collector/api/route.ts';
import { ROUTE_IDS, ROUTES } from '../backend/collector/api/routes.ts';
import type { RouteId } from '../backend/collector/api/routes.ts';
import { PAGES } from './constants.ts';
import AuditPage from './pages/Audit/AuditPage.tsx';
import ConfigurationPage from './pages/Configurations/ConfigurationPage.tsx';
import ConfigurationsPage from './pages/Configurations/ConfigurationsPage.tsx';
import DriftPage from './pages/Faults/DriftPage.tsx';
import ViolationsPage from './pages/Faults/ViolationsPage.tsx';
import FleetPage from './pages/Fleet/FleetPage.tsx';
import PoliciesPage from './pages/Policies/PoliciesPage.tsx';
import PolicyPage from './pages/Policies/PolicyPage.tsx';
import BatchPage from './pages/Remediations/BatchPage.tsx';
import RemediationsPage from './pages/Remediations/RemediationsPage.tsx';
import RunPage from './pages/Remediations/RunPage.tsx';
import TargetPage from './pages/Target/TargetPage.tsx';
import { ORIGIN } from './testing/backend.ts';
import { drawLists } from './testing/lists.ts';
import { startRealApi } from './testing/real-api.ts';
import type { Heard, RealApi } from './testing/real-api.ts';
import { show } from './testing/render.tsx';
import { answers } from './testing/server.ts';

let api: RealApi;
/** Routes that answered as their schema says. */
const kept = new Set<RouteId>();
const grafana = http.get(`${ORIGIN}/api/org/users/search`, () => HttpResponse.json({ orgUsers: [] }));

beforeAll(async () => {
  drawLists();
  api = await startRealApi();
});
afterAll(() => api.stop());
beforeEach(() => {
  api.heard.length = 0;
  answers([...api.handlers, grafana]);
});
afterEach(() => waitFor(() => expect(api.isBusy()).toBe(false)));

/** The answer is of its route's first schema, and has nothing that the schema leaves out. */
function checkAnswer({ route, request, status, body }: Heard): void {
  expect([request, route]).toEqual([request, expect.any(String)]);
  const { replies }: Route = ROUTES[route!];
  const reply = replies.find((each) => each.status === status);
  expect({ request, status, body, documented: reply !== undefined }).toMatchObject({ documented: true });
  if (!reply?.content) return;
  const { data, error } = reply.content.schema.safeParse(body);
  expect([request, error]).toEqual([request, undefined]);
  expect([request, data]).toEqual([request, body]);
  kept.add(route!);
}

/** Waits until the page has all that it asks for, and shows these texts of the server's own, and no failure. */
async function shows(texts: readonly RegExp[]): Promise<void> {
  for (const text of texts) await waitFor(() => expect(screen.getByRole('main')).toHaveTextContent(text));
  await waitFor(() => {
    expect(api.isBusy()).toBe(false);
    expect(screen.queryByText('Loading…')).toBeNull();
  });
  expect(api.heard.length).toBeGreaterThan(0);
  api.heard.forEach(checkAnswer);
  expect(screen.queryByRole('button', { name: 'Try again' })).toBeNull();
}

interface Case {
  readonly name: string;
  readonly page: ReactNode;
  readonly path: string;
  /** Its address; absent: its path. */
  readonly at?: () => string;
  readonly texts: readonly RegExp[];
}
const target = (id: string, tab: string, ...texts: RegExp[]): Case => ({
  name: `a target: ${tab}`,
  page: <TargetPage />,
  path: `${PAGES.target}/:targetId`,
  at: () => `${PAGES.target}/${id}?tab=${tab}`,
  texts: [RegExp(`${id}\\.prod`), ...texts],
});
const CASES: readonly Case[] = [
  {
    name: 'the fleet',
    page: <FleetPage />,
    path: PAGES.fleet,
    texts: [/drifter\.prod/, /hung-a\.prod/, /of 4 expected/],
  },
  target('drifter', 'overview', /dock-crew/, /harbour/, /The configuration was edited on the node/),
  target('drifter', 'drift', /CPU 12\.5 % is over the limit of 5 %/, /messages\.ackReaction/),
  target('drifter', 'jobs', /No job fails/, /2 of 200/),
  target('mended', 'repairs', /Succeeded/),
  target('drifter', 'timeline', /healthy \(92\) → warning \(84\)/),
  {
    name: 'violations',
    page: <ViolationsPage />,
    path: PAGES.violations,
    texts: [/drifter\.prod/, /CPU 12\.5 % is over the limit of 5 %/],
  },
  { name: 'drift', page: <DriftPage />, path: PAGES.drift, texts: [/drifter\.prod/, /The configuration was edited/] },
  {
    name: 'remediations',
    page: <RemediationsPage />,
    path: PAGES.remediations,
    texts: [/mended\.prod/, /Succeeded/, /A target of it is isolated/, /plain\.prod/],
  },
  {
    name: 'a run',
    page: <RunPage />,
    path: `${PAGES.remediations}/runs/:runId`,
    at: () => `${PAGES.remediations}/runs/${api.runId}`,
    texts: [/mended\.prod/, /The bridge and the fleet see the condition clear/],
  },
  {
    name: 'a batch',
    page: <BatchPage />,
    path: `${PAGES.remediations}/batches/:batchId`,
    at: () => `${PAGES.remediations}/batches/${api.batchId}`,
    texts: [/hung-a\.prod/, /hung-b\.prod/, /prepared for the contract test/],
  },
  { name: 'policies', page: <PoliciesPage />, path: PAGES.policies, texts: [/Harbour gateways/, /default/] },
  {
    name: 'a policy',
    page: <PolicyPage />,
    path: `${PAGES.policies}/:policyId`,
    at: () => `${PAGES.policies}/harbour`,
    texts: [/Harbour gateways/, /dock-crew/, /the night ferry/],
  },
  { name: 'configurations', page: <ConfigurationsPage />, path: PAGES.configurations, texts: [/As the ferry runs/] },
  {
    name: 'a configuration, compared with what a target runs',
    page: <ConfigurationPage />,
    path: `${PAGES.configurations}/:configId`,
    at: () => `${PAGES.configurations}/${api.configId}?target=drifter`,
    texts: [/As the ferry runs/, /messages\.queue/, /fire/],
  },
  {
    name: 'the audit',
    page: <AuditPage />,
    path: PAGES.audit,
    texts: [/prepared for the contract test/, /mended\.prod/],
  },
];

describe('with the answers of the real collector', () => {
  it.each(CASES)('shows $name', async ({ page, path, at, texts }) => {
    show(page, { as: 'approver', path, at: at?.() ?? path });
    await shows(texts);
  });

  it('has a repair approved', async () => {
    const { user } = show(<BatchPage />, {
      as: 'approver',
      path: `${PAGES.remediations}/batches/:batchId`,
      at: `${PAGES.remediations}/batches/${api.batchId}`,
    });
    await user.click(await screen.findByRole('button', { name: 'Approve' }));
    await user.keyboard('seen with the crew');
    await user.click(within(screen.getByRole('dialog')).getByRole('button', { name: 'Approve' }));
    await shows([/Approved/, /seen with the crew/]);
    expect(kept).toContain('approveBatch');
  });

  it('leaves no read unasked but those that no page asks', () => {
    const reads = ROUTE_IDS.filter((id) => ROUTES[id].method === 'get' && ROUTES[id].path.startsWith('/fleet/'));
    expect(reads.filter((id) => !kept.has(id))).toEqual([
      'listTargetViolations',
      'getOverlay',
      'discoverBridges',
      'streamEvents',
    ]);
  });
});
