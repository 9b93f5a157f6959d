import type { Page } from '@playwright/test';
import { expect } from '@playwright/test';
import type { Role } from './test.ts';

export const APP = '/a/openclaw-fleet-app';

export interface AppPage {
  /** Of its picture. */
  readonly name: string;
  readonly path: string;
  readonly heading: RegExp;
  /** The least role that sees all of it. */
  readonly role: Role;
}

/** Every page of the app that has an address of its own. @param run id of a run to show */
export function appPages(run: string | null, configuration: string | null): readonly AppPage[] {
  const page = (name: string, path: string, heading: RegExp, role: Role = 'viewer'): AppPage => ({
    name,
    path: `${APP}/${path}`,
    heading,
    role,
  });
  return [
    page('fleet', 'fleet', /^Fleet$/),
    page('target', 'targets/gateway-11', /gateway-11/),
    page('violations', 'violations', /^Violations$/),
    page('drift', 'drift', /^Drift$/),
    page('remediations', 'remediations', /^Remediations$/),
    ...(run === null ? [] : [page('run', `remediations/runs/${run}`, /gateway-/)]),
    page('policies', 'policies', /^Policies$/),
    page('policy', 'policies/gateways', /gateways/i),
    page('configurations', 'configurations', /^Configurations$/),
    ...(configuration === null ? [] : [page('configuration', `configurations/${configuration}`, /./)]),
    page('audit', 'audit', /^Audit$/, 'approver'),
    { name: 'setup', path: '/plugins/openclaw-fleet-app?page=setup', heading: /OpenClaw Fleet/, role: 'approver' },
  ];
}

export type Theme = 'light' | 'dark';

/** Opens a page in a theme and waits until it shows what it is about. */
export async function open(page: Page, { path, heading }: AppPage, theme: Theme): Promise<void> {
  await page.goto(`${path}${path.includes('?') ? '&' : '?'}theme=${theme}`);
  await expect(page.getByRole('heading', { level: 1, name: heading }).first()).toBeVisible();
  await page.waitForLoadState('load');
  await expect(page.getByText(/^Loading/)).toHaveCount(0);
}
