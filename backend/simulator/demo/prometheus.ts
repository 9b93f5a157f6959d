import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from './environment.ts';
import type { Program } from './processes.ts';

/** A demo's beat is 3 s; scraping faster than that shows every change. */
const SCRAPE_INTERVAL = '2s';

/**
 * Lays out the configuration folder of the demo's Prometheus: the file a real deployment uses, and beside it where things are.
 * @param bridges host:port of each bridge's own metrics
 * @returns the path of the configuration, and where its token belongs
 */
export function writePrometheusConfig(
  { root, folder }: Places,
  apiPort: number,
  bridges: readonly string[]
): { config: string; tokenFile: string } {
  const target = join(folder, 'prometheus');
  mkdirSync(target, { recursive: true });
  const config = join(target, 'prometheus.yml');
  copyFileSync(join(root, 'provisioning', 'prometheus', 'prometheus.yml'), config);
  const labels = { __scheme__: 'http', __scrape_interval__: SCRAPE_INTERVAL, __scrape_timeout__: SCRAPE_INTERVAL };
  // JSON is YAML too.
  writeFileSync(join(target, 'collector.yml'), JSON.stringify([{ targets: [`127.0.0.1:${apiPort}`], labels }]));
  writeFileSync(join(target, 'bridges.yml'), JSON.stringify(bridges.length > 0 ? [{ targets: bridges, labels }] : []));
  return { config, tokenFile: join(target, 'openclaw-fleet-token') };
}

export function prometheusProgram(
  binary: string,
  { folder, root }: Places,
  config: string,
  port: number,
  env: Readonly<Record<string, string>>
): Program {
  const args = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'prometheus', 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  return { name: 'prometheus', command: binary, args, env, cwd: root };
}
