import { fork, type ChildProcess } from 'node:child_process';
import type { ListTimes } from './list-subject.ts';
import { median, printTable, progress, spread } from './report.ts';

const SMALL = 1_000;
const LARGE = 100_000;

export interface ListFigures {
  readonly list_1k_ms: number;
  readonly list_100k_page_ms: number;
  readonly list_1k_x_stringify: number;
  readonly list_100k_x_1k: number;
}

/** What a filtered, sorted page of 100 targets costs, against writing the same page as JSON. */
export async function measureLists(rounds: number): Promise<ListFigures> {
  progress('lists: starting a fleet of 1,000 and one of 100,000');
  const [small, large] = await Promise.all([start(SMALL), start(LARGE)]);
  const times = { small: [] as ListTimes[], large: [] as ListTimes[] };
  for (let round = 0; round < rounds; round++) {
    progress(`lists, round ${round + 1} of ${rounds}`);
    times.small.push(await ask(small));
    times.large.push(await ask(large));
  }
  for (const child of [small, large]) child.disconnect();
  const lists = { small: times.small.map(({ list }) => list), large: times.large.map(({ list }) => list) };
  const overJson = times.small.map(({ list, stringify }) => list / stringify);
  const overSmall = lists.large.map((list, round) => list / (lists.small[round] ?? Number.NaN));
  printTable(
    `A filtered, sorted page of 100 targets (${rounds} interleaved rounds)`,
    ['what', 'median (least to most)', 'target'],
    [
      ['1,000 targets, ms', spread(lists.small), ''],
      ['100,000 targets, ms', spread(lists.large), ''],
      ['1,000 targets / JSON.stringify of the page', spread(overJson), '5'],
      ['100,000 targets / 1,000 targets', spread(overSmall), '3'],
    ]
  );
  return {
    list_1k_ms: median(lists.small),
    list_100k_page_ms: median(lists.large),
    list_1k_x_stringify: median(overJson),
    list_100k_x_1k: median(overSmall),
  };
}

async function start(nodes: number): Promise<ChildProcess> {
  const child = fork(new URL('./list-subject.ts', import.meta.url), [JSON.stringify({ nodes })]);
  await answer(child);
  return child;
}

async function ask(child: ChildProcess): Promise<ListTimes> {
  const answered = answer(child);
  child.send('round');
  return (await answered) as ListTimes;
}

function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const failed = (code: number | null): void => reject(new Error(`the subject ended with ${code}`));
    child.once('exit', failed);
    child.once('message', (message) => {
      child.off('exit', failed);
      resolve(message);
    });
  });
}
