import { LoadingState, getDefaultTimeRange } from '@grafana/data';
import type { DataLink, PanelProps } from '@grafana/data';
import { render } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import type { HttpHandler } from 'msw';
import type { ComponentType } from 'react';
import { MemoryRouter } from 'react-router-dom';
import type { Role } from '@openclaw-fleet/contract';
import { PLUGIN_ID } from '../constants.ts';
import type { FleetSettings } from '../settings.ts';
import { ORIGIN, signIn } from './backend.ts';

/** What Grafana says of the app's settings. */
export const appSettings = (
  jsonData: FleetSettings | null = { collectorUrl: 'http://collector.test' },
  status = 200
): HttpHandler[] => [
  http.get(`${ORIGIN}/api/plugins/${PLUGIN_ID}/settings`, () => HttpResponse.json({ jsonData }, { status })),
];

interface Options {
  readonly as?: Role | null;
  readonly links?: DataLink[];
  /** Variables of the dashboard, by name. */
  readonly variables?: Readonly<Record<string, string>>;
}

/** Shows a panel as a dashboard would. */
export function showPanel<T>(
  Panel: ComponentType<PanelProps<T>>,
  options: T,
  { as = 'viewer', links, variables = {} }: Options = {}
) {
  signIn(as);
  const props: Partial<PanelProps<T>> = {
    id: 1,
    options,
    width: 800,
    height: 400,
    timeRange: getDefaultTimeRange(),
    timeZone: 'utc',
    title: '',
    transparent: false,
    data: { state: LoadingState.Done, series: [], timeRange: getDefaultTimeRange() },
    fieldConfig: { defaults: { ...(links && { links }) }, overrides: [] },
    replaceVariables: (text, scope = {}) =>
      text.replace(/\$\{?(\w+)\}?/g, (_all, name: string) => String(scope[name]?.value ?? variables[name] ?? '')),
  };
  const result = render(
    <MemoryRouter future={{ v7_startTransition: true, v7_relativeSplatPath: true }}>
      <Panel {...(props as PanelProps<T>)} />
    </MemoryRouter>
  );
  return { ...result, user: userEvent.setup() };
}
