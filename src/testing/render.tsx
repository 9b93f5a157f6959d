import { QueryClientProvider } from '@tanstack/react-query';
import { render } from '@testing-library/react';
import type { RenderResult } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import type { UserEvent } from '@testing-library/user-event';
import { Suspense } from 'react';
import type { ReactNode } from 'react';
import { MemoryRouter, Route, Routes, useLocation } from 'react-router-dom';
import type { Role } from '@openclaw-fleet/contract';
import { createQueryClient } from '../api/query-client.ts';
import { APP_URL } from '../constants.ts';
import { SettingsProvider } from '../settings.ts';
import type { FleetSettings } from '../settings.ts';
import { signIn } from './backend.ts';
import './plugin-page.tsx';

interface Options {
  /** Who looks; null has no permission of this app. */
  readonly as?: Role | null;
  /** The page's path below the app, with its parameters, such as `targets/:targetId`. */
  readonly path?: string;
  /** The address that is shown, below the app. */
  readonly at?: string;
  readonly settings?: FleetSettings;
}

export interface Shown extends RenderResult {
  readonly user: UserEvent;
  /** The address in the browser, below the app, with its query. */
  readonly address: () => string;
}

/** Shows a page as Grafana would: below its address, to somebody with a role, with a cache of its own. */
export function show(page: ReactNode, { as = 'viewer', path = '*', at = '', settings = {} }: Options = {}): Shown {
  signIn(as);
  let address = '';
  const Address = () => {
    const { pathname, search } = useLocation();
    address = pathname.replace(`${APP_URL}/`, '') + search;
    return null;
  };
  const client = createQueryClient();
  client.setDefaultOptions({ queries: { ...client.getDefaultOptions().queries, retry: false } });
  const result = render(
    <MemoryRouter
      future={{ v7_startTransition: true, v7_relativeSplatPath: true }}
      initialEntries={[`${APP_URL}/${at}`]}
    >
      <Address />
      <QueryClientProvider client={client}>
        <SettingsProvider value={{ collectorUrl: 'http://collector.test', ...settings }}>
          <Suspense fallback={null}>
            <Routes>
              <Route path={`${APP_URL}/${path}`} element={page} />
            </Routes>
          </Suspense>
        </SettingsProvider>
      </QueryClientProvider>
    </MemoryRouter>
  );
  return { ...result, user: userEvent.setup(), address: () => address };
}
