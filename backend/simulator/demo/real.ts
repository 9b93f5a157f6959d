import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../../bridge/testing/openclaw.ts';
import type { RealGateway } from '../../bridge/testing/openclaw.ts';
import { parseEnv } from '../credentials.ts';
import type { Places } from './environment.ts';
import type { Program } from './processes.ts';

/** Where one real gateway and its bridge listen. */
interface RealPorts {
  readonly gatewayPort: number;
  readonly bridgePort: number;
}

/** The program that installs OpenClaw on first use; its output is the path of openclaw.mjs. */
export function installProgram(node: string, { root }: Places, env: Readonly<Record<string, string>>): Program {
  return {
    name: 'installing-openclaw',
    command: node,
    args: [join(root, 'backend', 'simulator', 'demo', 'install-openclaw.ts')],
    env,
    cwd: root,
  };
}

/** The bridge beside one gateway, with the settings that enrolment wrote and the gateway's own. */
export function bridgeProgram(options: {
  readonly name: string;
  readonly node: string;
  readonly places: Places;
  readonly env: Readonly<Record<string, string>>;
  /** The enrolled node's folder. */
  readonly credentials: string;
  readonly gateway: Pick<RealGateway, 'url' | 'tokenFile'>;
  readonly port: number;
}): Program {
  const { name, node, places, env, credentials, gateway, port } = options;
  return {
    name,
    command: node,
    args: [join(places.root, 'backend', 'bridge', 'main.ts')],
    cwd: places.root,
    env: {
      ...env,
      ...parseEnv(readFileSync(join(credentials, 'node.env'), 'utf8')),
      OPENCLAW_BRIDGE_GATEWAY_URL: gateway.url.origin,
      OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: gateway.tokenFile,
      OPENCLAW_BRIDGE_LISTEN: `127.0.0.1:${port}`,
      OPENCLAW_BRIDGE_ENVIRONMENT: 'local',
    },
  };
}

/** The real gateways of one demo. */
export class RealGateways {
  readonly #all: RealGateway[] = [];
  #stopping = false;

  get all(): readonly RealGateway[] {
    return this.#all;
  }

  /**
   * Starts one gateway per entry of `ports`, and resolves once all take work.
   * @param openclaw path of openclaw.mjs
   * @param onReady told how many are ready
   * @throws Error with the end of the log of one that does not come up
   */
  async start(
    openclaw: string,
    ports: readonly RealPorts[],
    { folder }: Places,
    onReady: (ready: number) => void
  ): Promise<void> {
    for (const { gatewayPort } of ports)
      this.#all.push(await startGateway({ openclaw, port: gatewayPort, parent: folder }));
    let ready = 0;
    await Promise.all(this.#all.map((gateway) => gateway.ready().then(() => onReady((ready += 1)))));
  }

  /** Calls back when one ends that was not stopped here: somebody tries what the fleet makes of it. */
  onDeath(callback: (index: number, how: number | string) => void): void {
    for (const [index, { exited }] of this.#all.entries()) {
      void exited.then((how) => {
        if (!this.#stopping) callback(index, how);
      });
    }
  }

  /** Kills them all, and resolves once they are gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(
      this.#all.map((gateway) => {
        killGroup(gateway.pid);
        return gateway.stop();
      })
    );
  }
}

/** A gateway starts helpers of its own; all of a throw-away one may go at once. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It is gone.
  }
}
