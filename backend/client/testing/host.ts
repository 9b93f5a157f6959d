import { createPublisher, optionsFromEnv } from '../index.ts';

// A host with nothing to do but its standard input; at its first line it does what `HOST_DOES` says, and then no more.
const publisher = createPublisher({ ...optionsFromEnv(process.env), snapshot: () => ({ version: '1.0.0' }) });
publisher.start();

process.stdin.once('data', () => {
  process.stdin.destroy();
  if (process.env['HOST_DOES'] === 'stop') void publisher.stop('shutdown', Number(process.env['HOST_DEADLINE']));
});
