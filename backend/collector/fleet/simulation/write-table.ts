import { writeFile } from 'node:fs/promises';
import { render, runAll, SAVED } from './table.ts';

const table = render(await runAll());
await writeFile(SAVED, table);
process.stdout.write(table);
