import { join } from 'node:path';
import type { Places } from './environment.ts';
import type { Program } from './processes.ts';
import { provision, TOKEN_FILE } from './provision.ts';
import type { StackPorts } from './relocate.ts';

/**
 * Lays out the configuration folder of the demo's Alertmanager: the files a real deployment uses.
 * @returns the path of the configuration, and where its token belongs
 */
export function writeAlertmanagerConfig(
  places: Places,
  ports: Partial<StackPorts>
): { config: string; tokenFile: string } {
  const target = provision(places, 'alertmanager', ports);
  return { config: join(target, 'alertmanager.yml'), tokenFile: join(target, TOKEN_FILE) };
}

export function alertmanagerProgram(
  binary: string,
  { folder, root }: Places,
  config: string,
  port: number,
  env: Readonly<Record<string, string>>
): Program {
  const args = [
    `--config.file=${config}`,
    `--storage.path=${join(folder, 'alertmanager', 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=http://127.0.0.1:${port}`,
    // It is alone: no gossip with others on a port of its own.
    '--cluster.listen-address=',
  ];
  return { name: 'alertmanager', command: binary, args, env, cwd: root };
}
