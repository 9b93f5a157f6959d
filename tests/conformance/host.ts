import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPublisher, optionsFromEnv } from '../../backend/client/index.ts';
import type { Snapshot } from '../../backend/client/index.ts';

// The TypeScript client as a command with the surface of tools/openclaw_client.py, so that one suite drives both:
// --snapshot FILE, metrics on a port of loopback, SIGTERM says goodbye, 0 or 2 when there is nothing to publish with.
const snapshotFile = process.argv[process.argv.indexOf('--snapshot') + 1] ?? '';
const say = (message: string): void => void process.stderr.write(`${message}\n`);
const settings = optionsFromEnv(process.env);
const publisher = createPublisher({
  ...settings,
  snapshot: () => JSON.parse(readFileSync(snapshotFile, 'utf8')) as Snapshot,
  logger: { info: say, warn: say, error: say },
});
if ('disabled' in settings) process.exit(settings.byChoice ? 0 : 2);

const server = createServer((_request, response) => response.end(publisher.metrics()));
server.listen(0, '127.0.0.1', () => {
  say(`metrics are at http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`);
  publisher.start();
});
process.once('SIGTERM', () => void publisher.stop('shutdown').then(() => process.exit(0)));
