import { workerData } from 'node:worker_threads';
import { auditHead, auditRecords } from './audit.ts';
import { faults, scores, timeline } from './history.ts';
import { plan, run, runs } from './remediation.ts';
import { bound, serve } from './serve.ts';
import { SideConnection } from './sqlite.ts';

/** What may take long and no heartbeat may wait for: checkpoints, and reads of history, runs and the audit. */
const operations = (side: SideConnection) => ({
  ...bound(side.db, { faults, scores, timeline, plan, run, runs, auditHead, auditRecords }),
  checkpoint: () => side.checkpoint(),
  close: () => side.close(),
});
export type SideOperations = ReturnType<typeof operations>;

const { file, busyTimeoutMs } = workerData as { file: string; busyTimeoutMs: number };
await serve(() => operations(new SideConnection(file, busyTimeoutMs)));
