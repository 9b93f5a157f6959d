import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { ChildTask } from './apply-child.ts';

/**
 * Applies a revision in a process of its own and kills it with SIGKILL where the task says.
 * @returns `SIGKILL`, or what it said when it came to an end before
 */
export async function applyAndKill(task: ChildTask): Promise<string> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'apply-child.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '', APPLY_TASK: JSON.stringify(task) },
  });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    if (said.includes('stopped\n')) child.kill('SIGKILL');
  });
  const signal = await new Promise((resolve) => child.once('close', (_code, by) => resolve(by)));
  return signal === 'SIGKILL' ? signal : said;
}
