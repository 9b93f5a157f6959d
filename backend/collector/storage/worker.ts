import { parentPort, workerData } from 'node:worker_threads';
import type { Kysely } from 'kysely';
import * as history from './history.ts';
import * as policies from './policies.ts';
import * as queries from './queries.ts';
import type { Schema } from './schema.ts';
import type { Batch } from './batch.ts';
import { Sqlite } from './sqlite.ts';
import { sweepChunk } from './sweep.ts';

type Query = (db: Kysely<Schema>, ...args: never[]) => unknown;
type Bound<M> = {
  [K in keyof M]: M[K] extends (db: Kysely<Schema>, ...args: infer A) => infer R ? (...args: A) => R : never;
};

function bound<M extends Record<string, Query>>(db: Kysely<Schema>, queries: M): Bound<M> {
  const entries = Object.entries(queries).map(([name, query]) => [name, query.bind(null, db)]);
  return Object.fromEntries(entries) as Bound<M>;
}

/** What the thread is asked to do. One request at a time, in order. */
const operations = (store: Sqlite) => ({
  ...bound(store.db, { ...queries, ...history, ...policies, sweepChunk }),
  write: (batch: Batch, epoch: number | null) => store.write(batch, epoch),
  nodesAfter: (id: string, limit: number) => store.nodesAfter(id, limit),
  check: () => store.check(),
  sizes: () => store.sizes(),
  finishCheckpoint: () => store.finishCheckpoint(),
  close: () => store.close(),
});

export type Operations = ReturnType<typeof operations>;
export type OperationName = keyof Operations;
export type Request = readonly [id: number, name: OperationName, args: unknown[]];
/** `error` carries the class's name, so that the other side can throw the same. */
export type Response = readonly [id: number, result: unknown, error?: { name: string; message: string }];

async function serve(): Promise<void> {
  const { file, busyTimeoutMs } = workerData as { file: string; busyTimeoutMs: number };
  const port = parentPort;
  if (!port) throw new Error('this file runs as a worker thread only');
  const answer = (response: Response): void => port.postMessage(response);
  let store: Sqlite;
  try {
    store = await Sqlite.open(file, busyTimeoutMs);
  } catch (error) {
    answer([0, null, describe(error)]);
    port.close();
    return;
  }
  const run = operations(store) as unknown as Record<OperationName, (...args: unknown[]) => unknown>;
  let last: Promise<void> = Promise.resolve();
  port.on('message', ([id, name, args]: Request) => {
    last = last.then(async () => {
      try {
        const result = run[name](...args);
        answer([id, result instanceof Promise ? await result : result]);
      } catch (error) {
        answer([id, null, describe(error)]);
      }
      if (name === 'close') port.close();
    });
  });
  answer([0, null]);
}

/** kysely's own rollback hides what went wrong when SQLite has rolled back already, as it does when the disk is full. */
const HIDDEN = 'cannot rollback - no transaction is active';

function describe(error: unknown): { name: string; message: string } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const hidden = error.message.includes(HIDDEN);
  return { name: error.name, message: hidden ? 'the database could not be written: is the disk full?' : error.message };
}

await serve();
