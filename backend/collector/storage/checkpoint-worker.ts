import { parentPort, workerData } from 'node:worker_threads';
import { checkpointer } from './sqlite.ts';

const { file } = workerData as { file: string };
const connection = checkpointer(file);

/** Any message but `close` asks for a checkpoint; the answer is what is left of the WAL. */
parentPort?.on('message', (message: 'run' | 'close') => {
  if (message === 'close') {
    connection.close();
    parentPort?.close();
    return;
  }
  try {
    parentPort?.postMessage(connection.run());
  } catch {
    // Busy: the next round tries again.
    parentPort?.postMessage({ frames: 0, left: 0 });
  }
});
