import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Files, Subject } from './rules.ts';

const root = join(import.meta.dirname, '../..');

function filesOf(folder: string, pattern = '**/*', except = /$^/): Files {
  const paths = globSync(pattern, { cwd: folder }).map((path) => path.replaceAll('\\', '/'));
  return new Map(
    paths
      .filter((path) => !except.test(path) && statSync(join(folder, path)).isFile())
      .map((path) => [path, readFileSync(join(folder, path), 'utf8')])
  );
}

/** The app as it is built and written. @throws when it is not built */
export function readSubject(): Subject {
  const dist = join(root, 'dist');
  if (!existsSync(join(dist, 'plugin.json'))) throw new Error('The app is not built: run "npm run build" first.');
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  return {
    dist: filesOf(dist),
    source: filesOf(join(root, 'src'), '**/*', /\.test\.tsx?$|^testing\//),
    config: filesOf(join(root, '.config')),
    version,
  };
}
