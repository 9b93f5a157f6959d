import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AppPlugin, PluginType } from '@grafana/data';
import type { DataSourceInstanceSettings, PluginMetaInfo } from '@grafana/data';
import { config, locationService, setDataSourceSrv } from '@grafana/runtime';
import type { DataSourceSrv } from '@grafana/runtime';
import type { Role } from '@openclaw-fleet/contract';
import { screen, waitFor, within } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { PLUGIN_ID, PROXY_URL } from '../../constants.ts';
import type { FleetMeta, FleetSettings } from '../../settings.ts';
import { ORIGIN } from '../../testing/backend.ts';
import { summaryOf } from '../../testing/fixtures/fleet.ts';
import { show } from '../../testing/render.tsx';
import { answers, asked, grafanaSays, mock, refuses, server } from '../../testing/server.ts';
import SetupPage from './SetupPage.tsx';

const SECRET = 'a-secret-of-thirty-two-characters';
const SAVED: FleetSettings = { collectorUrl: 'http://collector:8080' };

const metaOf = (over: Partial<FleetMeta> = {}): FleetMeta => ({
  id: PLUGIN_ID,
  name: 'OpenClaw Fleet',
  type: PluginType.app,
  info: {} as PluginMetaInfo,
  module: '',
  baseUrl: '',
  enabled: true,
  pinned: true,
  jsonData: SAVED,
  secureJsonFields: { secret: true },
  ...over,
});

/** What was posted to Grafana, in order. */
const posted: unknown[] = [];
const saves = (status = 200, message = 'Plugin settings updated') =>
  server.use(
    http.post(`${ORIGIN}/api/plugins/${PLUGIN_ID}/settings`, async ({ request }) => {
      posted.push(await request.json());
      return HttpResponse.json({ message }, { status });
    })
  );

function setUp(over: Partial<FleetMeta> = {}, { as = 'approver', saved = false }: { as?: Role; saved?: boolean } = {}) {
  const plugin = new AppPlugin<FleetSettings>();
  plugin.meta = metaOf(over);
  return show(<SetupPage plugin={plugin} query={saved ? { saved: 'true' } : {}} />, { as });
}

const prometheus = { uid: 'prom', name: 'Fleet metrics', type: 'prometheus', meta: { info: { logos: { small: '' } } } };
function dataSources(...sources: object[]): void {
  const all = sources as DataSourceInstanceSettings[];
  const find = (ref: unknown) => all.find(({ uid }) => uid === ref);
  setDataSourceSrv({ getList: () => all, getInstanceSettings: find } as Partial<DataSourceSrv> as DataSourceSrv);
}

let reloads = 0;
beforeEach(() => {
  posted.length = 0;
  reloads = 0;
  config.appUrl = 'http://grafana.example/';
  dataSources();
  // A browser would load the page anew.
  jest.spyOn(locationService.getHistory() as { go(steps: number): void }, 'go').mockImplementation((steps) => {
    expect(steps).toBe(0);
    reloads += 1;
  });
});
afterEach(() => {
  jest.restoreAllMocks();
  locationService.push('/');
});

const urlField = () => screen.getByRole('textbox', { name: /URL of the collector/ });
const secretField = () => screen.getByLabelText(/Shared secret/);
const saveButton = () => screen.getByRole('button', { name: 'Save settings' });
const testButton = () => screen.getByRole('button', { name: 'Test connection' });
const alert = async (name: RegExp | string) => {
  const found = await screen.findByText(name);
  return found.closest<HTMLElement>('[data-testid*="alert" i], [role="alert"], [role="status"]') ?? document.body;
};

describe('the settings', () => {
  it('of a new app are entered, checked and saved, the secret apart, and the page is loaded anew', async () => {
    saves();
    const { user } = setUp({ jsonData: undefined, secureJsonFields: {} });
    await user.type(urlField(), 'collector:8080');
    await user.type(secretField(), 'short');
    await user.click(saveButton());
    expect(screen.getByText(/This is not a URL/)).toBeVisible();
    expect(screen.getByText(/at least 32 characters/)).toBeVisible();
    expect(posted).toEqual([]);

    await user.clear(urlField());
    await user.type(urlField(), 'http://collector:8080/');
    await user.clear(secretField());
    await user.type(secretField(), `${SECRET}{Enter}`);
    await waitFor(() => expect(reloads).toBe(1));
    expect(posted).toEqual([
      {
        enabled: true,
        pinned: true,
        jsonData: { collectorUrl: 'http://collector:8080', smartFleetV2Enabled: true },
        secureJsonData: { secret: SECRET },
      },
    ]);
    expect(locationService.getSearchObject()).toMatchObject({ saved: true });
  });

  it('never show the secret, keep it when nothing is typed, and replace it after Reset', async () => {
    saves();
    const { user } = setUp();
    expect(secretField()).toBeDisabled();
    expect(saveButton()).toBeDisabled();
    await user.click(screen.getByRole('switch', { name: /Show the fleet/ }));
    await user.click(saveButton());
    await waitFor(() => expect(posted).toHaveLength(1));
    expect(posted[0]).toMatchObject({ jsonData: { smartFleetV2Enabled: false } });
    expect(posted[0]).not.toHaveProperty('secureJsonData');
  });

  it('ask for another secret after Reset', async () => {
    saves();
    const { user } = setUp();
    await user.click(screen.getByRole('button', { name: 'Reset' }));
    expect(secretField()).toBeEnabled();
    expect(secretField()).toHaveAttribute('type', 'password');
    await user.click(saveButton());
    expect(screen.getByText(/Enter the secret that the collector has/)).toBeVisible();
    await user.type(secretField(), SECRET);
    await user.click(saveButton());
    await waitFor(() => expect(posted).toEqual([expect.objectContaining({ secureJsonData: { secret: SECRET } })]));
  });

  it('are saved once, however often the button is clicked', async () => {
    saves();
    const { user } = setUp();
    await user.type(urlField(), '/x');
    await user.dblClick(saveButton());
    await waitFor(() => expect(reloads).toBe(1));
    expect(posted).toHaveLength(1);
  });

  it.each([
    [403, 'no', /permission plugins:write/],
    [500, 'Failed to update plugin setting', /Failed to update plugin setting/],
  ])('say why Grafana did not store them (%i), and keep what was typed', async (status, message, words) => {
    saves(status, message);
    const { user } = setUp();
    await user.type(urlField(), '/x');
    await user.click(saveButton());
    expect(within(await screen.findByRole('alert')).getByText(words)).toBeVisible();
    expect(urlField()).toHaveValue('http://collector:8080/x');
    expect(reloads).toBe(0);
    expect(saveButton()).toBeEnabled();
  });

  it('say that a file wins at the next restart', () => {
    setUp();
    expect(screen.getByText(/takes the settings from that file again when it restarts/)).toBeVisible();
  });

  it('take a uid where Grafana has no Prometheus yet', async () => {
    saves();
    const { user } = setUp();
    await user.type(screen.getByRole('textbox', { name: /Prometheus data source/ }), 'later');
    await user.click(saveButton());
    await waitFor(() =>
      expect(posted).toEqual([
        expect.objectContaining({ jsonData: expect.objectContaining({ prometheusUid: 'later' }) }),
      ])
    );
  });

  it('let one pick the Prometheus there is', async () => {
    saves();
    dataSources(prometheus);
    const { user } = setUp();
    await user.click(screen.getByRole('combobox', { name: 'Select a data source' }));
    await user.click(await screen.findByText('Fleet metrics'));
    await user.click(saveButton());
    await waitFor(() =>
      expect(posted).toEqual([
        expect.objectContaining({ jsonData: expect.objectContaining({ prometheusUid: 'prom' }) }),
      ])
    );
  });
});

describe('the app itself', () => {
  it('is enabled where it is not', async () => {
    saves();
    const { user } = setUp({ enabled: false, pinned: false });
    expect(screen.getByText('The app is not enabled')).toBeVisible();
    await user.click(screen.getByRole('button', { name: 'Enable the app' }));
    await waitFor(() => expect(reloads).toBe(1));
    expect(posted).toEqual([{ enabled: true, pinned: true, jsonData: SAVED }]);
  });

  it('is disabled, and keeps its settings; an error is shown', async () => {
    saves(500, 'The database is away');
    const { user } = setUp();
    await user.click(screen.getByRole('button', { name: 'Disable the app' }));
    expect(await screen.findByText('The database is away')).toBeVisible();
    expect(posted).toEqual([{ enabled: false, pinned: false, jsonData: SAVED }]);
    expect(reloads).toBe(0);
  });

  it('is set up by nobody who may not', () => {
    setUp({}, { as: 'operator' });
    expect(screen.getByText('You are not permitted to set this app up')).toBeVisible();
    expect(screen.queryByRole('button')).not.toBeInTheDocument();
    expect(screen.queryByRole('textbox')).not.toBeInTheDocument();
  });
});

describe('Test connection', () => {
  const rawMe = (answer: () => Response) => server.use(http.get(`${ORIGIN}${PROXY_URL}/fleet/me`, answer));

  it('says that it works: version, who, role, targets', async () => {
    answers(mock('getSummary', summaryOf({ total: 12 })));
    const { user } = setUp();
    await user.click(testButton());
    const box = await alert('The connection works');
    expect(box).toHaveTextContent(/version 0\.1\.0, answered in \d+ ms/);
    expect(box).toHaveTextContent('Ann Operator (grafana:bg517nevytuyod)');
    expect(box).toHaveTextContent('Targets12');
    expect(box).toHaveTextContent('Timingsproduction');
    expect(screen.queryByText(/demo timings/)).not.toBeInTheDocument();
    expect(asked.map(({ route }) => route)).toEqual(['getMe', 'getSummary']);
  });

  it('is loud about demo timings', async () => {
    answers(mock('getSummary', summaryOf({ timings: 'demo' })));
    const { user } = setUp();
    await user.click(testButton());
    expect(await screen.findByText(/runs with demo timings: 20 times faster/)).toBeVisible();
  });

  it('says when the collector gives a lower role than Grafana', async () => {
    const { user } = setUp();
    await user.click(testButton());
    expect(await screen.findByText(/it takes you for viewer/)).toBeVisible();
  });

  it('runs by itself after the settings were saved, and says that they were', async () => {
    locationService.push('/plugins/x?page=setup&saved=true');
    setUp({}, { saved: true });
    expect(screen.getByText('The settings are saved')).toBeVisible();
    expect(await screen.findByText('The connection works')).toBeVisible();
    expect(locationService.getSearchObject()).toEqual({ page: 'setup' });
  });

  it('asks nothing while nothing is saved', async () => {
    const { user } = setUp({ jsonData: undefined });
    await user.click(testButton());
    expect(await screen.findByText('No URL is saved yet')).toBeVisible();
    expect(asked).toEqual([]);
  });

  it('asks nothing while no secret is saved', async () => {
    const { user } = setUp({ secureJsonFields: {} });
    await user.click(testButton());
    expect(await screen.findByText('No secret is saved yet')).toBeVisible();
    expect(asked).toEqual([]);
  });

  it('waits until what was typed is saved, and says so', async () => {
    const { user } = setUp();
    await user.type(urlField(), '/x');
    expect(testButton()).toHaveAttribute('aria-disabled', 'true');
    await user.hover(testButton());
    expect(await screen.findByRole('tooltip')).toHaveTextContent(/Save the settings first/);
    await user.click(testButton());
    expect(asked).toEqual([]);
  });

  const iss =
    'The claim iss of Grafana’s ID token is missing or not valid: it must be http://other/; grafana.issuer says so.';
  it.each([
    [
      'a wrong host',
      () => answers(grafanaSays('getMe', 502)),
      'Grafana cannot reach anything at http://collector:8080',
      /healthz/,
    ],
    [
      'another program',
      () => answers(grafanaSays('getMe', 404, 'Not found')),
      /it is not the collector/,
      /answered 404/,
    ],
    ['a start page', () => rawMe(() => new HttpResponse('<html></html>')), /it is not the collector/, /answered 200/],
    [
      'another secret',
      () => answers(refuses('getMe', 'grafana-secret', 'Grafana sent another secret than the collector has.')),
      'The collector does not take this secret',
      /grafana\.secretFile/,
    ],
    [
      'another issuer',
      () => answers(refuses('getMe', 'grafana-identity', iss)),
      /does not accept who Grafana says you are/,
      /it must be http:\/\/other\/.*root_url, here http:\/\/grafana\.example\//,
    ],
    ['keys', () => answers(refuses('getMe', 'grafana-unavailable')), /cannot read Grafana’s keys/, /signing-keys/],
    ['a start', () => answers(refuses('getMe', 'not-ready', 'Migrations run.')), /not ready/, /Migrations run\./],
    [
      'the flag',
      () => answers(refuses('getMe', 'feature-disabled')),
      'The fleet is switched off at the collector',
      /SMART_FLEET_V2_ENABLED/,
    ],
    [
      'the role',
      () => answers(grafanaSays('getMe', 403, 'plugin proxy route access denied')),
      'Your role is not enough',
      /fleet:read/,
    ],
    [
      'the second question',
      () => answers(refuses('getSummary', 'storage-unavailable')),
      /not ready/,
      /It says storage-unavailable/,
    ],
  ] as const)('says what is wrong and what to do: %s', async (_, arrange, title, words) => {
    arrange();
    const { user } = setUp();
    await user.click(testButton());
    expect(await alert(title)).toHaveTextContent(words);
    expect(screen.queryByText('The connection works')).not.toBeInTheDocument();
  });

  it('tests again after a failure', async () => {
    answers(refuses('getMe', 'not-ready'));
    const { user } = setUp();
    await user.click(testButton());
    expect(await screen.findByText(/not ready/)).toBeVisible();
    server.resetHandlers();
    await user.click(testButton());
    expect(await screen.findByText('The connection works')).toBeVisible();
    expect(screen.queryByText(/not ready/)).not.toBeInTheDocument();
  });
});
