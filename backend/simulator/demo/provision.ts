import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Places } from './environment.ts';
import { faster } from './faster.ts';
import { relocate } from './relocate.ts';
import type { StackPorts } from './relocate.ts';

/**
 * Copies what a real deployment uses into the demo's own folder, at the demo's pace and on its ports.
 * @param part a folder of `provisioning/`
 * @returns where the copies are
 */
export function provision(
  { root, folder }: Places,
  part: 'prometheus' | 'alertmanager',
  ports: Partial<StackPorts>
): string {
  const [from, to] = [join(root, 'provisioning', part), join(folder, part)];
  mkdirSync(to, { recursive: true, mode: 0o700 });
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const copy = join(to, path.slice(from.length));
    mkdirSync(dirname(copy), { recursive: true });
    const text = relocate(readFileSync(path, 'utf8'), ports);
    writeFileSync(copy, /\.ya?ml$/.test(entry.name) ? faster(text) : text);
  }
  return to;
}

/** What Prometheus reads from and Alertmanager sends to the collector with; it goes beside their files. */
export const TOKEN_FILE = 'openclaw-fleet-token';
