import { parentPort, workerData } from 'node:worker_threads';
import * as history from './history.ts';
import * as queries from './queries.ts';
import type { Batch } from './batch.ts';
import { Sqlite } from './sqlite.ts';
import type { ApiToken, AuditEntry, Enrolment } from './types.ts';

/** What the thread is asked to do. One request at a time, in order. */
const operations = (store: Sqlite) => ({
  write: (batch: Batch, epoch: number | null) => store.write(batch, epoch),
  nodesAfter: (id: string, limit: number) => store.nodesAfter(id, limit),
  openFaultsAfter: (after: { nodeId: string; kind: string; code: string }, limit: number) =>
    history.openFaultsAfter(store.db, after, limit),
  lastScoresAfter: (nodeId: string, limit: number) => history.lastScoresAfter(store.db, nodeId, limit),
  check: () => store.check(),
  sizes: () => store.sizes(),
  finishCheckpoint: () => store.finishCheckpoint(),
  eventsAfter: (id: number, limit: number) => queries.eventsAfter(store.db, id, limit),
  eventBounds: () => queries.eventBounds(store.db),
  trustVersion: () => queries.trustVersion(store.db),
  trustSnapshot: () => queries.trustSnapshot(store.db),
  putEnrolment: (enrolment: Enrolment, audit: AuditEntry) => queries.putEnrolment(store.db, enrolment, audit),
  revokeNode: (id: string, atMs: number, audit: AuditEntry) => queries.revokeNode(store.db, id, atMs, audit),
  revokeCertificate: (fingerprint: string, atMs: number, audit: AuditEntry) =>
    queries.revokeCertificate(store.db, fingerprint, atMs, audit),
  putToken: (token: ApiToken, audit: AuditEntry) => queries.putToken(store.db, token, audit),
  revokeToken: (id: string, atMs: number, audit: AuditEntry) => queries.revokeToken(store.db, id, atMs, audit),
  takeEpoch: () => queries.takeEpoch(store.db),
  noteStart: (atMs: number, sinceMs: number) => queries.noteStart(store.db, atMs, sinceMs),
  sweep: (limits: { eventsBeforeMs: number; retiredBeforeMs: number }) => queries.sweep(store.db, limits),
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
