import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath } from './path.mjs';

/** Where packages put it: Debian and RPM, Homebrew on either processor. */
const HOMES = ['/usr/share/grafana', '/opt/homebrew/opt/grafana/share/grafana', '/usr/local/opt/grafana/share/grafana'];
const BINARIES = ['/usr/sbin/grafana', '/usr/sbin/grafana-server'];

/**
 * Looks for an installed Grafana: where GRAFANA_HOME and GRAFANA_BIN say, else where a package puts it.
 * @returns `home` (it has conf/ and public/) and `binary`; null: there is none
 */
export function findGrafana(env = process.env, exists = existsSync) {
  const home = env.GRAFANA_HOME || HOMES.find((path) => exists(join(path, 'conf', 'defaults.ini')));
  if (!home) return null;
  const inHome = ['grafana', 'grafana-server'].map((name) => join(home, 'bin', name));
  const binary = env.GRAFANA_BIN || [...inHome, ...BINARIES].find(exists) || findOnPath('grafana', env.PATH);
  return binary && exists(binary) ? { home, binary } : null;
}

/** Looks for an installed Chromium: where CHROMIUM_BIN says, else on PATH. @returns its path; null: there is none */
export function findChromium(env = process.env) {
  if (env.CHROMIUM_BIN) return env.CHROMIUM_BIN;
  const names = ['chromium', 'chromium-browser', 'google-chrome'];
  return names.map((name) => findOnPath(name, env.PATH)).find((path) => path !== null) ?? null;
}
