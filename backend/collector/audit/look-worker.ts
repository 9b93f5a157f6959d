import { parentPort, workerData } from 'node:worker_threads';
import { openAuditFile } from '../storage/audit-file.ts';
import type { ChainPoint } from './chain.ts';
import { lookAt } from './look.ts';

/** What the thread is to do, once. */
export interface LookOrder {
  readonly file: string;
  readonly busyTimeoutMs: number;
  readonly last: ChainPoint | null;
  readonly whole: boolean;
}

/** Rests for each stretch of work: where a container may use one processor, the others of the process keep theirs. */
const REST_MS = 5;
const asleep = new Int32Array(new SharedArrayBuffer(4));

const { file, busyTimeoutMs, last, whole } = workerData as LookOrder;
const audit = openAuditFile(file, busyTimeoutMs);
try {
  parentPort?.postMessage(lookAt(audit, last, whole, () => void Atomics.wait(asleep, 0, 0, REST_MS)));
} finally {
  audit.close();
}
