import { measureHeartbeats } from './heartbeat-cost.ts';
import { measureLists } from './list-cost.ts';
import { measureScrapes } from './scrape-cost.ts';

/** Rounds of each measurement; the medians are what is reported. */
const ROUNDS = 5;

const heartbeats = await measureHeartbeats(ROUNDS);
const scrapes = await measureScrapes(ROUNDS);
const lists = await measureLists(ROUNDS);
const short = (value: number | null): number | null => (value === null ? null : Number(value.toPrecision(4)));
const figures = Object.entries({ ...heartbeats, ...scrapes, ...lists }).map(([name, value]) => [name, short(value)]);
process.stdout.write(`\n${JSON.stringify(Object.fromEntries(figures))}\n`);
