// A process of its own, so that npm and all it starts can be stopped as one group.
import { ensureOpenclaw } from '../../bridge/testing/openclaw.ts';

// npm gets the signal too and ends, and what it left half done is then removed.
process.on('SIGTERM', () => undefined);
try {
  process.stdout.write(await ensureOpenclaw((message) => process.stderr.write(`${message}\n`)));
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
