import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { AppRootProps } from '@grafana/data';
import { screen, waitFor } from '@testing-library/react';
import type { FleetSettings } from '../../settings.ts';
import '../../testing/plugin-page.tsx';
import { show } from '../../testing/render.tsx';
import { answers, asked, mock } from '../../testing/server.ts';
import NotFoundPage from '../../pages/NotFoundPage.tsx';
import App from './App.tsx';
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
  it('takes down that page alone, and says so', () => {
    jest.spyOn(console, 'error').mockImplementation(() => undefined);
    const Broken = () => {
      throw new Error('a hole in the page');
    };
    show(
      <>
        <p>The rest of Grafana</p>
        <AppErrorBoundary>
          <Broken />
        </AppErrorBoundary>
      </>
    );
    expect(screen.getByText('The rest of Grafana')).toBeVisible();
    expect(screen.getByText(/a hole in the page/)).toBeInTheDocument();
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
