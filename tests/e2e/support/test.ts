import { test as base, expect } from '@grafana/plugin-e2e';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { grafanaApi, type Account, type GrafanaApi } from '../../../backend/simulator/demo/grafana.ts';
import { stageFacts, type StageFacts } from './facts.ts';

export type Role = 'viewer' | 'operator' | 'approver';
const OF_ROLE = { viewer: 'Viewer', operator: 'Editor', approver: 'Admin' } as const;

/** Somebody who is logged in, with a browser of their own. */
export interface Somebody {
  readonly account: Account;
  readonly context: BrowserContext;
  readonly page: Page;
  /** Grafana's API. */
  readonly api: GrafanaApi;
}

interface Fixtures {
  /** A new page of the person of a role, in a browser of their own. */
  readonly as: (role: Role) => Promise<Somebody>;
}
interface Options {
  /** Who the test's own `page` belongs to. */
  readonly role: Role;
}
interface WorkerFixtures {
  readonly facts: ReturnType<typeof stageFacts>;
  /** Logs the person of a role in, once: Grafana's code is loaded once for each, too. */
  readonly contextOf: (role: Role) => Promise<BrowserContext>;
}

/** The tests of plugin-e2e, with the people of the stage. */
export const test = base.extend<Fixtures & Options, WorkerFixtures>({
  facts: [async ({}, use) => use(stageFacts()), { scope: 'worker' }],
  contextOf: [
    async ({ browser, facts }, use) => {
      const contexts = new Map<Role, Promise<BrowserContext>>();
      await use(async (role) => {
        const known = contexts.get(role) ?? loggedIn(browser, facts.grafanaUrl, accountOf(facts, role));
        contexts.set(role, known);
        return known;
      });
      for (const context of contexts.values()) await (await context).close();
    },
    { scope: 'worker' },
  ],
  role: ['approver', { option: true }],
  storageState: async ({ contextOf, role }, use) => use(await (await contextOf(role)).storageState()),
  as: async ({ contextOf, facts }, use) => {
    const pages: Page[] = [];
    await use(async (role) => {
      const account = accountOf(facts, role);
      const context = await contextOf(role);
      const page = await context.newPage();
      pages.push(page);
      return { account, context, page, api: grafanaApi(facts.grafanaUrl, account) };
    });
    for (const page of pages) await page.close();
  },
});

export { expect };

export function accountOf({ accounts }: StageFacts, role: Role): Account {
  const account = accounts.find((each) => each.role === OF_ROLE[role]);
  if (account === undefined) throw new Error(`The stage has no ${role}.`);
  return account;
}

async function loggedIn(browser: Browser, baseURL: string, { login, password }: Account): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL,
    locale: 'en-US',
    timezoneId: 'UTC',
    viewport: { width: 1280, height: 900 },
    storageState: { cookies: [], origins: [] },
  });
  const answer = await context.request.post('/login', { data: { user: login, password } });
  if (!answer.ok()) throw new Error(`${login} cannot log in: ${answer.status()} ${await answer.text()}`);
  return context;
}
