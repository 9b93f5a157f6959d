import { createPublisher, optionsFromEnv } from '../index.ts';

// A host with nothing to do but its standard input, after whose first line it does no more. `HOST_DOES` is `stop`, to stop the
// publisher then, or `hurry`, to ask for another beat after each reply.
const publisher = createPublisher({
  ...optionsFromEnv(process.env),
  snapshot: () => ({ version: '1.0.0' }),
  onReply: () => {
    if (process.env['HOST_DOES'] === 'hurry') publisher.publishSoon();
  },
});
publisher.start();

process.stdin.once('data', () => {
  process.stdin.destroy();
  if (process.env['HOST_DOES'] === 'stop') void publisher.stop('shutdown', Number(process.env['HOST_DEADLINE']));
});
