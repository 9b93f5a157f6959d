import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { scrapeDurations } from './prometheus.ts';
import type { RenderReady, RenderTimes } from './render-subject.ts';
import { median, printTable, progress, spread } from './report.ts';
import { scrape } from './scrape.ts';
import { startSubject } from './subjects.ts';

const SIZES = [1_000, 10_000, 100_000];
/** The event loop is watched this long, idle and scraped. Milliseconds. */
const WATCH_MS = 3000;
/** Far more often than anybody scrapes; a small fleet scraped without a pause would show the collecting of garbage alone. */
const SCRAPE_EVERY_MS = 250;

export interface ScrapeFigures {
  readonly render_x_promclient: number;
  readonly scrape_100k_x_promclient: number | null;
  readonly longest_block_ms: number;
}

/** What a scrape costs, against prom-client with the same series. */
export async function measureScrapes(rounds: number): Promise<ScrapeFigures> {
  const rendering = await measureRendering(rounds);
  const blocks = await measureSizes(rounds);
  return { ...rendering, longest_block_ms: blocks };
}

async function measureRendering(rounds: number): Promise<Omit<ScrapeFigures, 'longest_block_ms'>> {
  progress('rendering 100,000 series, ours and prom-client’s');
  const child = fork(new URL('./render-subject.ts', import.meta.url));
  const { port, series } = (await message(child)) as RenderReady;
  const times: RenderTimes[] = [];
  // The first two compile.
  for (let round = -2; round < rounds; round++) {
    child.send('time');
    const time = (await message(child)) as RenderTimes;
    if (round >= 0) times.push(time);
  }
  progress('a real Prometheus scrapes both');
  const durations = await scrapeDurations(port, ['/ours', '/prom-client'], rounds);
  child.disconnect();
  const ours = durations?.get('/ours') ?? [];
  const theirs = durations?.get('/prom-client') ?? [];
  const renders = times.map((time) => time.ours / time.promClient);
  const scraped = durations === null ? null : median(ours) / median(theirs);
  printTable(
    `${series} per-target series`,
    ['what', 'ours', 'prom-client', 'ratio', 'target'],
    [
      [
        'render, CPU ms',
        spread(
          times.map((time) => time.ours),
          1
        ),
        spread(
          times.map((time) => time.promClient),
          1
        ),
        spread(renders, 3),
        '0.2',
      ],
      scraped === null
        ? ['scrape by Prometheus', 'skipped: prometheus is not installed', '–', '–', '0.5']
        : ['scrape by Prometheus, s', spread(ours, 3), spread(theirs, 3), scraped.toFixed(3), '0.5'],
    ]
  );
  return { render_x_promclient: median(renders), scrape_100k_x_promclient: scraped };
}

/** @returns the longest hold of the event loop while 100,000 targets are scraped, over that of the idle loop. Milliseconds */
async function measureSizes(rounds: number): Promise<number> {
  const rows: string[][] = [];
  let beyond = Number.NaN;
  for (const registered of SIZES) {
    progress(`scrapes of ${registered} targets`);
    const subject = await startSubject({ kind: 'http', publicKey: '', audience: '', registered });
    const port = subject.metricsPort ?? 0;
    let bytes = await scrape(port);
    const [walls, idle, busy]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < rounds; round++) {
      await subject.usage();
      await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
      idle.push((await subject.usage()).blockMs);
      const end = performance.now() + WATCH_MS;
      while (performance.now() < end) {
        const started = performance.now();
        bytes = await scrape(port);
        const took = performance.now() - started;
        walls.push(took);
        await new Promise((resolve) => setTimeout(resolve, SCRAPE_EVERY_MS - took));
      }
      busy.push((await subject.usage()).blockMs);
    }
    beyond = median(busy) - median(idle);
    const memory = (await subject.memory()).memory;
    rows.push([
      String(registered),
      spread(walls, 0),
      (bytes / 1e6).toFixed(1),
      (memory / 1e6).toFixed(0),
      spread(idle, 1),
      spread(busy, 1),
    ]);
    await subject.stop();
  }
  printTable(
    'Scrapes by size (core level)',
    ['targets', 'scrape ms', 'MB', 'heap MB', 'longest block idle ms', 'scraped ms'],
    rows
  );
  return beyond;
}

async function message(child: ChildProcess): Promise<unknown> {
  const [value] = (await once(child, 'message')) as [unknown];
  return value;
}
