// Writes dashboards/<uid>.json.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { DASHBOARDS } from './index.ts';

for (const [uid, dashboard] of Object.entries(DASHBOARDS)) {
  const file = join(import.meta.dirname, '..', `${uid}.json`);
  writeFileSync(file, await format(JSON.stringify(dashboard), { parser: 'json', printWidth: 120 }));
}
