import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AppRootProps } from '@grafana/data';
import { screen, waitFor } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import App from './components/App/App.tsx';
import { PAGES, PROXY_URL } from './constants.ts';
import type { FleetSettings } from './settings.ts';
import { ORIGIN } from './testing/backend.ts';
import { show } from './testing/render.tsx';
import { FIXTURES } from './testing/fixtures/index.ts';
import { mock, server } from './testing/server.ts';

/** Every page that asks the collector. */
const ADDRESSES: readonly string[] = [
  PAGES.fleet,
  `${PAGES.target}/gateway-01`,
  PAGES.violations,
  PAGES.drift,
  PAGES.remediations,
  `${PAGES.remediations}/runs/run-1`,
  `${PAGES.remediations}/batches/batch-1`,
  PAGES.policies,
  `${PAGES.policies}/production`,
  PAGES.configurations,
  `${PAGES.configurations}/rev-1`,
  PAGES.audit,
];

/** What another program may answer with 200 to whatever it is asked. */
const ANSWERS: readonly (readonly [string, () => Response])[] = [
  ['{}', () => HttpResponse.json({})],
  ['lists of its own', () => HttpResponse.json({ items: [{ id: 1 }], total: 'many', nextCursor: null, at: {} })],
];

const settings = { collectorUrl: 'http://127.0.0.1:9090' };
const app = <App {...({ meta: { jsonData: settings } } as unknown as AppRootProps<FleetSettings>)} />;

/** A stream from which nothing comes. */
class Silence extends EventTarget {
  close(): void {
    // There is nothing to close.
  }
}
const before = globalThis.EventSource;
beforeAll(() => {
  globalThis.EventSource = Silence as unknown as typeof EventSource;
});
afterAll(() => {
  globalThis.EventSource = before;
});

const people = http.get(`${ORIGIN}/api/org/users/search`, () => HttpResponse.json({ orgUsers: [] }));
const stray = (answer: () => Response) => [people, http.all(`${ORIGIN}${PROXY_URL}/*`, answer)];

it.each(['overview', 'drift', 'repairs', 'timeline'])('a target whose %s is of another shape is shown', async (tab) => {
  server.use(...mock('getTarget', FIXTURES.getTarget!), ...stray(() => HttpResponse.json({})));
  show(app, { as: 'approver', path: '*', at: `${PAGES.target}/gateway-01?tab=${tab}` });
  expect(await screen.findByRole('heading', { level: 1, name: /^gateway-01/ })).toBeVisible();
  expect((await screen.findAllByText(/is not the collector.*Check the URL/))[0]).toBeVisible();
  expect(screen.queryByText('This page failed')).not.toBeInTheDocument();
});

describe.each(ANSWERS)('where another program answers with %s', (_, answer) => {
  it.each(ADDRESSES)('%s says what was found and what to do', async (at) => {
    server.use(...stray(answer));
    show(app, { as: 'approver', path: '*', at });
    await waitFor(() => expect(screen.getByRole('main')).toHaveTextContent(/is not the collector.*Check the URL/));
    expect(screen.getAllByRole('link', { name: 'Open setup' })[0]).toHaveAttribute(
      'href',
      '/plugins/openclaw-fleet-app'
    );
    expect(screen.queryByText('This page failed')).not.toBeInTheDocument();
  });
});
