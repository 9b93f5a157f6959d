import { resolve } from 'node:path';
import { RUN_VARIABLE } from '../../../scripts/lib/leftovers.mjs';
import { parseOptions } from '../../../scripts/lib/options.mjs';
import { Demo } from './demo.ts';

const folder = process.env[RUN_VARIABLE];
if (folder === undefined) {
  process.stderr.write('Start the demo with "npm start".\n');
  process.exitCode = 2;
} else {
  const root = resolve(import.meta.dirname, '..', '..', '..');
  process.exit(await new Demo(parseOptions(process.argv.slice(2)), { root, folder }).run());
}
