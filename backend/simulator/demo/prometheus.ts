import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Places } from './environment.ts';
import type { Program } from './processes.ts';
import { provision, TOKEN_FILE } from './provision.ts';
import type { StackPorts } from './relocate.ts';

/**
 * Lays out the configuration folder of the demo's Prometheus: the files a real deployment uses, rules included.
 * @param bridges host:port of each bridge's own metrics
 * @param alerting false: there is no Alertmanager, and alerts are sent nowhere
 * @returns the path of the configuration, and where its token belongs
 */
export function writePrometheusConfig(
  places: Places,
  ports: Partial<StackPorts>,
  bridges: readonly string[],
  alerting = true
): { config: string; tokenFile: string } {
  const target = provision(places, 'prometheus', ports);
  // JSON is YAML too.
  writeFileSync(join(target, 'bridges.yml'), JSON.stringify(bridges.length > 0 ? [{ targets: bridges }] : []));
  if (!alerting) writeFileSync(join(target, 'alertmanagers.yml'), '[]');
  return { config: join(target, 'prometheus.yml'), tokenFile: join(target, TOKEN_FILE) };
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
    // Of port 0 it is not known yet.
    ...(port === 0 ? [] : [`--web.external-url=http://127.0.0.1:${port}`]),
  ];
  return { name: 'prometheus', command: binary, args, env, cwd: root };
}
