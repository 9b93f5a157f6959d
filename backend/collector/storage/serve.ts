import { parentPort } from 'node:worker_threads';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export type Request = readonly [id: number, name: string, args: readonly unknown[]];
/** `error` carries the class's name, so that the other side can throw the same. */
export type Response = readonly [id: number, result: unknown, error?: { name: string; message: string }];
/** What a thread can be asked. `close` is asked last. */
export type Operations = Record<string, (...args: never[]) => unknown> & { close: () => void };

type Query = (db: Kysely<Schema>, ...args: never[]) => unknown;
type Bound<M> = {
  [K in keyof M]: M[K] extends (db: Kysely<Schema>, ...args: infer A) => infer R ? (...args: A) => R : never;
};

/** The queries of a module, each bound to one connection. */
export function bound<M extends Record<string, Query>>(db: Kysely<Schema>, queries: M): Bound<M> {
  const entries = Object.entries(queries).map(([name, query]) => [name, query.bind(null, db)]);
  return Object.fromEntries(entries) as Bound<M>;
}

/** Answers a worker thread's questions, one at a time and in order. The answer to question 0 tells that it is open. */
export async function serve(open: () => Operations | Promise<Operations>): Promise<void> {
  const port = parentPort;
  if (!port) throw new Error('this file runs as a worker thread only');
  const answer = (response: Response): void => port.postMessage(response);
  let run: Record<string, (...args: unknown[]) => unknown>;
  try {
    run = (await open()) as unknown as typeof run;
  } catch (error) {
    answer([0, null, describe(error)]);
    port.close();
    return;
  }
  let last: Promise<void> = Promise.resolve();
  port.on('message', ([id, name, args]: Request) => {
    last = last.then(async () => {
      try {
        const result = run[name]?.(...args);
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
