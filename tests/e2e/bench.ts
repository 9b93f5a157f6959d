// What the fleet page costs the browser with many targets: see docs/grafana.md. The last line is JSON.
import { join, resolve } from 'node:path';
import { chromium, type Browser, type Page } from '@playwright/test';
import type { Scenario } from '../../backend/simulator/faults.ts';
import { EventReader } from '../integration/support/events.ts';
import { waitFor } from '../integration/support/wait.ts';
import { browser as how } from './support/browser.ts';
import { Stage } from './support/stage.ts';

const FLEET = '/a/openclaw-fleet-app/fleet';
const NOWHERE = '/a/openclaw-fleet-app/nowhere';
/** Of each measurement; the median counts. */
const TIMES = 5;
const FRAMES_MS = 20_000;
const LIMITS = { interactive_1k_ms: 2000, frame_p95_ms: 50 };

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};
const median = (values: readonly number[]): number => quantile(values, 0.5);
const ms = (value: number): string => `${value.toFixed(0)} ms`;

/** Each node changes its health with every beat: so many updates a second as there are beats. */
const STORM: Scenario = {
  name: 'storm',
  description: 'Every gateway hangs for a beat, and is well for the next.',
  repeatBeats: 2,
  faults: [{ kind: 'gateway-hang', from: 0, for: 1, nodes: { all: true } }],
};

/** A fleet of so many nodes, all of them online. */
async function fleetOf(targets: number, beatSeconds: number, rampSeconds: number): Promise<Stage> {
  const dist = process.env['FLEET_DIST'];
  const stage = await Stage.start({
    targets,
    acting: false,
    beatMs: beatSeconds * 1000,
    rampMs: rampSeconds * 1000,
    settings: {
      OPENCLAW_FLEET_TIMINGS: 'production',
      OPENCLAW_FLEET_DURATIONS_BEAT: String(beatSeconds),
      OPENCLAW_FLEET_DURATIONS_BEAT_MIN: '10',
      OPENCLAW_FLEET_DURATIONS_GRACE: '300',
      OPENCLAW_FLEET_DURATIONS_RUNTIME_DRIFT_CRITICAL_AFTER: '900',
    },
    say,
    ...(dist && { dist: resolve(dist) }),
  });
  const online = async (): Promise<boolean> => (await stage.collector.summary()).online === targets;
  await waitFor(online, `${targets} nodes to be online`, (rampSeconds + 300) * 1000, 1000);
  return stage;
}

async function loggedIn(browser: Browser, { facts }: Stage): Promise<Page> {
  const context = await browser.newContext({
    baseURL: facts.grafanaUrl,
    locale: 'en-US',
    viewport: { width: 1920, height: 1080 },
  });
  await context.addInitScript({ path: join(import.meta.dirname, 'support', 'in-page.js') });
  const [someone] = facts.accounts;
  await context.request.post('/login', { data: { user: someone?.login, password: someone?.password } });
  return context.newPage();
}

/** From the start of a navigation by link, in a Grafana that is open, until the page can be used. Milliseconds. */
async function byLink(page: Page): Promise<number> {
  await page.goto(NOWHERE);
  const link = page.getByRole('link', { name: 'Go to the fleet' });
  await link.waitFor();
  // What Grafana still loads for itself is none of ours.
  await page.waitForLoadState('networkidle');
  await link.evaluate((element) => {
    const view = globalThis as unknown as { began: number; performance: { now(): number } };
    view.began = view.performance.now();
    (element as unknown as { click(): void }).click();
  });
  return page.evaluate<number>('window.fleetBench.usable(window.began)');
}

/** From the start of a whole page load, Grafana's own included, until the page can be used. Milliseconds. */
async function byAddress(page: Page): Promise<number> {
  await page.goto('about:blank');
  await page.goto(FLEET, { waitUntil: 'commit' });
  return page.evaluate<number>('window.fleetBench.usable(0)');
}

/** What of that is Grafana's own: until a page of the app with nothing on it is there. Milliseconds. */
async function empty(page: Page): Promise<number> {
  await page.goto('about:blank');
  await page.goto(NOWHERE, { waitUntil: 'commit' });
  await page.getByRole('link', { name: 'Go to the fleet' }).waitFor();
  return page.evaluate<number>('performance.now()');
}

async function repeated(measure: () => Promise<number>): Promise<number[]> {
  const values: number[] = [];
  for (let count = 0; count < TIMES; count++) values.push(await measure());
  return values;
}

async function interactive(page: Page, what: string): Promise<number> {
  await byAddress(page);
  const link = await repeated(() => byLink(page));
  const address = await repeated(() => byAddress(page));
  const own = await repeated(() => empty(page));
  const list = (values: readonly number[]): string =>
    `${ms(median(values))} (${values.map((v) => v.toFixed(0)).join(', ')})`;
  say(`${what}: usable ${list(link)} after a click on a link in Grafana`);
  say(`${what}: usable ${list(address)} after a page load, of which Grafana itself is ${list(own)}`);
  return median(link);
}

async function framesUnderStorm(page: Page, stage: Stage): Promise<number> {
  await stage.nodes.play(STORM);
  const nodes = (await stage.collector.summary()).total;
  await page.goto(FLEET);
  await page.evaluate('window.fleetBench.usable(0)');
  const events = await EventReader.open(stage.collector);
  const told = (): number => events.seen.filter(({ name }) => name === 'fleet-health-changed').length;
  try {
    const calm = told();
    await waitFor(() => told() - calm > 2 * nodes, 'every node to be in the storm', 180_000, 500);
    const before = told();
    const began = performance.now();
    const { frames, longTasks } = await page.evaluate<{ frames: number[]; longTasks: number[] }>(
      `window.fleetBench.frames(${FRAMES_MS})`
    );
    const rate = ((told() - before) * 1000) / (performance.now() - began);
    say(
      `1,000 targets, ${rate.toFixed(0)} health updates a second: frames ${ms(quantile(frames, 0.5))} in the median, ` +
        `${ms(quantile(frames, 0.95))} at p95, ${ms(quantile(frames, 0.99))} at p99, ${ms(Math.max(...frames))} at most; ` +
        `${longTasks.length} long tasks, the longest ${ms(Math.max(0, ...longTasks))}`
    );
    return quantile(frames, 0.95);
  } finally {
    await events.close();
  }
}

async function main(): Promise<void> {
  const few = Number(process.env['BENCH_FEW'] ?? 1000);
  const many = Number(process.env['BENCH_MANY'] ?? 10_000);
  const browser = await chromium.launch(how.launchOptions);
  try {
    const result = { interactive_1k_ms: 0, frame_p95_ms: 0, interactive_10k_ms: 0 };
    const thousand = await fleetOf(few, 20, 20);
    try {
      say(`Grafana ${thousand.facts.grafanaVersion}, Chromium ${browser.version()}`);
      const page = await loggedIn(browser, thousand);
      result.interactive_1k_ms = Math.round(await interactive(page, '1,000 targets'));
      result.frame_p95_ms = Math.round(await framesUnderStorm(page, thousand));
      await page.context().close();
    } finally {
      await thousand.stop();
    }
    const tenThousand = await fleetOf(many, 60, 120);
    try {
      const page = await loggedIn(browser, tenThousand);
      result.interactive_10k_ms = Math.round(await interactive(page, '10,000 targets'));
    } finally {
      await tenThousand.stop();
    }
    for (const [name, limit] of Object.entries(LIMITS)) {
      const value = result[name as keyof typeof LIMITS];
      if (value > limit) say(`${name} is ${value}, over its limit of ${limit}.`);
    }
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } finally {
    await browser.close();
  }
}

try {
  await main();
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
