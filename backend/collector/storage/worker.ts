import { workerData } from 'node:worker_threads';
import { cutAudit } from './audit.ts';
import { appendAudit } from './audited.ts';
import type { Batch } from './batch.ts';
import { lastScoresAfter, openFaultsAfter } from './history.ts';
import * as policies from './policies.ts';
import * as queries from './queries.ts';
import { holds, idempotent, writeRemediation } from './remediation.ts';
import { bound, serve } from './serve.ts';
import { Sqlite } from './sqlite.ts';
import { sweepChunk } from './sweep.ts';

/** What the database's thread is asked to do. */
const operations = (store: Sqlite) => ({
  ...bound(store.db, { ...queries, ...policies, appendAudit, cutAudit, openFaultsAfter, lastScoresAfter, sweepChunk }),
  ...bound(store.db, { holds, idempotent, writeRemediation }),
  write: (batch: Batch, epoch: number | null) => store.write(batch, epoch),
  nodesAfter: (id: string, limit: number) => store.nodesAfter(id, limit),
  check: () => store.check(),
  sizes: () => store.sizes(),
  finishCheckpoint: (keepBytes: number) => store.finishCheckpoint(keepBytes),
  close: () => store.close(),
});
export type WriterOperations = ReturnType<typeof operations>;

const { file, busyTimeoutMs } = workerData as { file: string; busyTimeoutMs: number };
await serve(async () => operations(await Sqlite.open(file, busyTimeoutMs)));
