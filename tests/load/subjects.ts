import { fork, type ChildProcess } from 'node:child_process';
import { HEAP_FLAGS } from '../../backend/collector/cli/heap.mjs';
import type { SubjectOptions, SubjectReady, Usage } from './subject.ts';

/** A running subject, as the bench sees it. */
export interface Subject extends SubjectReady {
  usage(): Promise<Usage>;
  memory(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts a subject in a process of its own. @param flags Node's */
export async function startSubject(options: SubjectOptions, flags: string[] = []): Promise<Subject> {
  const child = fork(new URL('./subject.ts', import.meta.url), [JSON.stringify(options)], {
    // As the collector ships.
    execArgv: ['--expose-gc', ...HEAP_FLAGS, ...flags],
  });
  const { port, metricsPort } = (await answer(child)) as SubjectReady;
  const ask = async (message: string): Promise<Usage> => {
    const answered = answer(child);
    child.send(message);
    return (await answered) as Usage;
  };
  return {
    port,
    metricsPort,
    usage: () => ask('usage'),
    memory: () => ask('memory'),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
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
