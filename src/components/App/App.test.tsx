import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AppRootProps } from '@grafana/data';
import { locationService } from '@grafana/runtime';
import { screen, waitFor } from '@testing-library/react';
import { Link, useLocation } from 'react-router-dom';
import type { FleetSettings } from '../../settings.ts';
import '../../testing/plugin-page.tsx';
import { show } from '../../testing/render.tsx';
import { answers, asked, mock } from '../../testing/server.ts';
import NotFoundPage from '../../pages/NotFoundPage.tsx';
import App from './App.tsx';
import { APP_URL } from '../../constants.ts';
import { AppErrorBoundary } from './AppErrorBoundary.tsx';

/** Addresses of event streams that were opened, and how many were closed. */
const streams: string[] = [];
let closed = 0;
class Stream {
  readyState = 0;
  constructor(url: string) {
    streams.push(url);
  }
  addEventListener(): void {
    // No events come in these tests.
  }
  close(): void {
    closed += 1;
  }
}
const before = globalThis.EventSource;
beforeEach(() => {
  streams.length = 0;
  closed = 0;
  globalThis.EventSource = Stream as unknown as typeof EventSource;
});
afterEach(() => {
  globalThis.EventSource = before;
  jest.restoreAllMocks();
});

const app = (jsonData: FleetSettings | undefined, at = 'policies') =>
  show(<App {...({ meta: { jsonData } } as unknown as AppRootProps<FleetSettings>)} />, { path: '*', at });
const URL = { collectorUrl: 'http://collector:8080' };

describe('the app', () => {
  it('shows the page of the address, and follows events until it is left', async () => {
    const { unmount } = app(URL);
    expect(await screen.findByRole('heading', { level: 1, name: 'Policies' })).toBeVisible();
    expect(streams).toEqual(['/api/plugin-proxy/openclaw-fleet-app/fleet/events']);
    unmount();
    expect(closed).toBeGreaterThan(0);
  });

  it('shows one policy at its own address', async () => {
    app(URL, 'policies/production');
    expect(await screen.findByRole('heading', { level: 1, name: 'Production' })).toBeVisible();
  });

  it('begins with the fleet', async () => {
    const { address } = app(URL, '');
    await waitFor(() => expect(address()).toBe('fleet'));
  });

  it('says that a page is not there', async () => {
    app(URL, 'nowhere');
    expect(await screen.findByRole('link', { name: 'Go to the fleet' })).toBeVisible();
  });

  it.each([undefined, {}, { collectorUrl: '  ' }])('asks nothing before it is set up: %j', async (settings) => {
    app(settings);
    expect(await screen.findByText('Connect this app to a collector')).toBeVisible();
    expect([asked, streams]).toEqual([[], []]);
  });

  it.each([false, 'false', '0'])(
    'asks nothing while the flag is %j, and shows no page',
    async (smartFleetV2Enabled) => {
      app({ ...URL, smartFleetV2Enabled });
      expect(await screen.findByText('OpenClaw Fleet is switched off')).toBeVisible();
      expect([asked, streams]).toEqual([[], []]);
      expect(screen.queryByRole('heading', { level: 1 })).not.toBeInTheDocument();
    }
  );

  it('says that the collector has switched the fleet off', async () => {
    answers(
      mock('listPolicies', () =>
        Response.json(
          {
            type: 'urn:openclaw-fleet:problem:feature-disabled',
            status: 404,
            detail: 'SMART_FLEET_V2_ENABLED is false.',
          },
          { status: 404 }
        )
      )
    );
    app(URL);
    expect(await screen.findByText('This part of the collector is switched off')).toBeVisible();
  });
});

describe('a fault of a page', () => {
  beforeEach(() => void jest.spyOn(console, 'error').mockImplementation(() => undefined));

  it('takes down that page alone, says so, and loads it again when asked to', async () => {
    const gone: number[] = [];
    jest
      .spyOn(locationService.getHistory() as { go(steps: number): void }, 'go')
      .mockImplementation((steps) => void gone.push(steps));
    const Broken = () => {
      throw new Error('a hole in the page');
    };
    const { user } = show(
      <>
        <p>The rest of Grafana</p>
        <AppErrorBoundary>
          <Broken />
        </AppErrorBoundary>
      </>
    );
    expect(screen.getByText('The rest of Grafana')).toBeVisible();
    expect(screen.getByText(/a hole in the page/)).toBeVisible();
    expect(screen.queryByRole('link', { name: 'Open setup' })).not.toBeInTheDocument();
    await user.click(screen.getByRole('button', { name: 'Load the page again' }));
    expect(gone).toEqual([0]);
  });

  it('leaves no page blank, whatever was thrown, and leads who may to the setup', () => {
    const Broken = () => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what other people's code may do
      throw undefined;
    };
    show(
      <AppErrorBoundary>
        <Broken />
      </AppErrorBoundary>,
      { as: 'approver' }
    );
    expect(screen.getByText('This page failed')).toBeVisible();
    expect(screen.getByRole('link', { name: 'Open setup' })).toHaveAttribute('href', '/plugins/openclaw-fleet-app');
  });

  it('is over on the next page', async () => {
    const Page = () => {
      const { pathname } = useLocation();
      if (pathname.endsWith('/broken')) throw new Error('a hole in the page');
      return <p>Another page</p>;
    };
    const { user } = show(
      <>
        <Link to={`${APP_URL}/whole`}>Go on</Link>
        <AppErrorBoundary>
          <Page />
        </AppErrorBoundary>
      </>,
      { at: 'broken' }
    );
    expect(screen.getByText('This page failed')).toBeVisible();
    await user.click(screen.getByRole('link', { name: 'Go on' }));
    expect(await screen.findByText('Another page')).toBeVisible();
    expect(screen.queryByText('This page failed')).not.toBeInTheDocument();
  });
});

describe('a page that is not there', () => {
  it('leads back to the fleet', async () => {
    show(<NotFoundPage />, { at: 'nowhere' });
    expect(await screen.findByRole('link', { name: 'Go to the fleet' })).toHaveAttribute(
      'href',
      '/a/openclaw-fleet-app/fleet'
    );
  });
});
