// Takes the pictures of docs/images/app, each page in both themes, and with --all more widths and states into test-results.
// With --dashboards=<minutes> those of docs/images/dashboards instead, after so many minutes of a living fleet.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { chromium, type Browser, type Page } from '@playwright/test';
import { APP, appPages, open, type AppPage, type Theme } from './support/app-pages.ts';
import { waitFor } from '../integration/support/wait.ts';
import { browser as how } from './support/browser.ts';
import { openControl } from './support/control.ts';
import { BOARDS, openBoard } from './support/dashboards.ts';
import { ROOT } from './support/grafana.ts';
import { smaller } from './support/png.ts';
import { Stage } from './support/stage.ts';
import { tellOfRepairs, tellStory } from './support/story.ts';

const OUT = join(ROOT, 'docs', 'images', 'app');
const BOARDS_OUT = join(ROOT, 'docs', 'images', 'dashboards');
const MORE = join(ROOT, 'test-results', 'screenshots');
const THEMES: readonly Theme[] = ['dark', 'light'];
const MOST_BYTES = 150_000;
const HEIGHT = 900;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function loggedIn(browser: Browser, { facts }: Stage, role: string, width: number): Promise<Page> {
  const context = await browser.newContext({
    baseURL: facts.grafanaUrl,
    locale: 'en-US',
    timezoneId: 'UTC',
    reducedMotion: 'reduce',
    viewport: { width, height: HEIGHT },
  });
  const { login, password } = facts.accounts.find((each) => each.role === role) ?? { login: '', password: '' };
  await context.request.post('/login', { data: { user: login, password } });
  return context.newPage();
}

/** Takes one picture, and says how large it is. */
async function shoot(page: Page, file: string, most = MOST_BYTES): Promise<void> {
  // Bars of loading are over, and the fonts are there.
  await page.waitForLoadState('networkidle', { timeout: 5000 }).catch(() => undefined);
  await page.mouse.move(0, 0);
  const picture = smaller(await page.screenshot({ animations: 'disabled', caret: 'hide' }));
  writeFileSync(file, picture);
  const size = picture.length;
  say(`${relative(ROOT, file)} ${(size / 1000).toFixed(0)} kB${size > most ? ': too large to commit' : ''}`);
}

async function everyPage(page: Page, pages: readonly AppPage[], folder: string, suffix = ''): Promise<void> {
  for (const each of pages) {
    for (const theme of THEMES) {
      try {
        await open(page, each, theme);
        await shoot(page, join(folder, `${each.name}-${theme}${suffix}.png`));
      } catch (error) {
        say(`${each.name}, ${theme}: no picture: ${(error as Error).message.split('\n')[0] ?? ''}`);
        process.exitCode = 1;
      }
    }
  }
}

/** States that one does not come across by chance. */
async function states(page: Page): Promise<void> {
  const [fleet] = appPages(null, null);
  if (fleet === undefined) return;
  for (const theme of THEMES) {
    const at = (name: string): string => join(MORE, `state-${name}-${theme}.png`);
    for (const [name, path] of [
      ['no-match', 'fleet?q=nothing-like-it'],
      ['no-violations', 'violations?severity=critical&q=nothing-like-it'],
      ['not-found', 'nowhere'],
      ['no-run', 'remediations/runs/nowhere'],
      ['no-target', 'targets/nowhere'],
    ] as const) {
      await page.goto(`${APP}/${path}${path.includes('?') ? '&' : '?'}theme=${theme}`);
      await shoot(page, at(name));
    }
    await open(page, fleet, theme);
    await page.route('**/api/plugin-proxy/**', (route) => route.fulfill({ status: 502, body: '' }));
    await page
      .getByText(/cannot reach the collector/i)
      .first()
      .waitFor({ timeout: 60_000 });
    await shoot(page, at('unreachable-with-the-last-good'));
    await page.reload();
    await page
      .getByText(/cannot reach the collector/i)
      .first()
      .waitFor({ timeout: 60_000 });
    await shoot(page, at('unreachable'));
    await page.unroute('**/api/plugin-proxy/**');
  }
}

async function thousand(browser: Browser, dist: { dist?: string }): Promise<void> {
  const production = { OPENCLAW_FLEET_TIMINGS: 'production', OPENCLAW_FLEET_DURATIONS_BEAT: '60' };
  const many = { targets: 1000, acting: false, beatMs: 60_000, rampMs: 30_000, settings: production };
  const stage = await Stage.start({ ...many, ...dist });
  try {
    const ready = async (): Promise<boolean> => {
      const { online, expiryHeld } = await stage.collector.summary();
      return online === many.targets && expiryHeld === null;
    };
    await waitFor(ready, 'all of them to be online', 300_000, 1000);
    const page = await loggedIn(browser, stage, 'Viewer', 1920);
    const [fleet, , violations] = appPages(null, null);
    await everyPage(
      page,
      [fleet, violations].flatMap((each) => each ?? []),
      MORE,
      '-1000-targets'
    );
  } finally {
    await stage.stop();
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { all: { type: 'boolean', default: false }, dashboards: { type: 'string' } },
  });
  const { FLEET_DIST: built } = process.env;
  const dist = built ? { dist: resolve(built) } : {};
  for (const folder of [OUT, MORE, BOARDS_OUT]) mkdirSync(folder, { recursive: true });
  // What has begun is ended whatever fails after it: a browser that stays keeps this process.
  await using ending = new AsyncDisposableStack();
  const browser = await chromium.launch(how.launchOptions);
  ending.defer(() => browser.close());
  {
    await using living = new AsyncDisposableStack();
    const stage = await Stage.start({ targets: 24, ...dist });
    living.defer(() => stage.stop());
    const control = await openControl(stage);
    living.defer(() => control.close());
    const { runId, configurationId } = await tellStory({ ...stage.facts, controlUrl: control.url });
    if (values.dashboards !== undefined) {
      const halfMs = Number(values.dashboards) * 30_000;
      say(`Letting the fleet live for ${values.dashboards} minutes`);
      await setTimeout(halfMs);
      await tellOfRepairs({ ...stage.facts, controlUrl: control.url });
      await setTimeout(halfMs);
      await everyBoard(await loggedIn(browser, stage, 'Admin', 1600), Number(values.dashboards));
      return;
    }
    const pages = appPages(runId, configurationId);
    await everyPage(await loggedIn(browser, stage, 'Admin', 1280), pages, OUT);
    if (!values.all) return;
    await everyPage(await loggedIn(browser, stage, 'Admin', 1920), pages, MORE, '-1920');
    await states(await loggedIn(browser, stage, 'Viewer', 1280));
  }
  await thousand(browser, dist);
}

/** Each dashboard in full: what a fleet did in the last minutes. */
async function everyBoard(page: Page, minutes: number): Promise<void> {
  const query = `from=now-${minutes}m&to=now&var-target=gateway-04&kiosk`;
  for (const board of BOARDS) {
    await openBoard(page, board, { width: 1600, query, above: 125 });
    await shoot(page, join(BOARDS_OUT, `${board.uid.replace('openclaw-fleet-', '')}.png`), 250_000);
  }
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
