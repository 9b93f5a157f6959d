import { measureHeartbeats } from './heartbeat-cost.ts';
import { measureScrapes } from './scrape-cost.ts';

/** Rounds of each measurement; the medians are what is reported. */
const ROUNDS = 5;

const heartbeats = await measureHeartbeats(ROUNDS);
const scrapes = await measureScrapes(ROUNDS);
const figures = Object.entries({ ...heartbeats, ...scrapes }).map(([name, value]) => [
  name,
  Number(value.toPrecision(4)),
]);
process.stdout.write(`\n${JSON.stringify(Object.fromEntries(figures))}\n`);
