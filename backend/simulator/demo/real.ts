import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startGateway } from '../../bridge/testing/openclaw.ts';
import type { RealGateway } from '../../bridge/testing/openclaw.ts';
import { gatewayEnvironment, SMALLEST } from '../../bridge/testing/openclaw-config.ts';
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

/** A real gateway, as the demo shows it and its bridge reaches it. */
export interface DemoGateway {
  readonly url: URL;
  /** Holds the gateway's token, mode 0600. */
  readonly tokenFile: string;
  readonly configFile: string;
  /** The process now; null: none that is known. */
  readonly pid: number | null;
  /** What its bridge takes verbs with. */
  readonly acting: Acting;
}

export interface Acting {
  /** The bridge's own folder. */
  readonly stateDir: string;
  /** The gateway, where the bridge starts it itself and can therefore cure one that hangs; null: it runs already. */
  readonly gateway: {
    readonly command: readonly string[];
    readonly environment: Readonly<Record<string, string>>;
  } | null;
}

/**
 * The bridge beside one gateway, with the settings that enrolment wrote and the gateway's own.
 * @param options `acting`: without it the bridge only watches
 */
export function bridgeProgram(options: {
  readonly name: string;
  readonly node: string;
  readonly places: Places;
  readonly env: Readonly<Record<string, string>>;
  /** The enrolled node's folder. */
  readonly credentials: string;
  readonly gateway: Pick<RealGateway, 'url' | 'tokenFile'>;
  readonly port: number;
  readonly acting?: Acting;
}): Program {
  const { name, node, places, env, credentials, gateway, port, acting } = options;
  return {
    name,
    command: node,
    args: [join(places.root, 'backend', 'bridge', 'main.ts')],
    // A gateway that it starts begins where it is.
    cwd: acting?.gateway?.environment['HOME'] ?? places.root,
    env: {
      ...env,
      ...acting?.gateway?.environment,
      ...parseEnv(readFileSync(join(credentials, 'node.env'), 'utf8')),
      OPENCLAW_BRIDGE_GATEWAY_URL: gateway.url.origin,
      OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: gateway.tokenFile,
      OPENCLAW_BRIDGE_LISTEN: `127.0.0.1:${port}`,
      OPENCLAW_BRIDGE_ENVIRONMENT: 'local',
      ...(acting && { OPENCLAW_BRIDGE_STATE_DIR: acting.stateDir, OPENCLAW_BRIDGE_ACTIONS_LISTEN: '127.0.0.1:0' }),
      ...(acting?.gateway && {
        OPENCLAW_BRIDGE_SUPERVISOR: 'child',
        OPENCLAW_BRIDGE_CHILD_COMMAND: JSON.stringify(acting.gateway.command),
      }),
    },
  };
}

/** A gateway that its bridge starts, and starts anew when it hangs. Needs /proc. */
class KeptGateway implements DemoGateway {
  readonly url: URL;
  readonly tokenFile: string;
  readonly configFile: string;
  readonly acting: Acting;

  constructor(options: { openclaw: string; node: string; port: number; home: string }) {
    const { openclaw, node, port, home } = options;
    const token = randomBytes(24).toString('base64url');
    this.url = new URL(`http://127.0.0.1:${port}`);
    this.tokenFile = join(home, 'gateway-token');
    this.configFile = join(home, '.openclaw', 'openclaw.json');
    mkdirSync(join(home, '.openclaw'), { recursive: true, mode: 0o700 });
    writeFileSync(this.configFile, JSON.stringify(SMALLEST), { mode: 0o600 });
    writeFileSync(this.tokenFile, token, { mode: 0o600 });
    const run = ['gateway', 'run', '--port', String(port), '--auth', 'token', '--bind', 'loopback'];
    this.acting = {
      stateDir: join(home, 'bridge'),
      gateway: {
        command: [node, openclaw, ...run],
        environment: gatewayEnvironment(home, token),
      },
    };
  }

  /** As its bridge wrote it down. */
  get pid(): number | null {
    try {
      const text = readFileSync(join(this.acting.stateDir, 'gateway-process.json'), 'utf8');
      return (JSON.parse(text) as { gateway: { pid: number } | null }).gateway?.pid ?? null;
    } catch {
      return null;
    }
  }
}

/** The real gateways of one demo: kept by their bridges where that can be, else by the demo. */
export class RealGateways {
  readonly #kept: KeptGateway[] = [];
  readonly #own: RealGateway[] = [];
  #all: DemoGateway[] = [];
  #shown: (number | null)[] = [];
  #stopping = false;

  get all(): readonly DemoGateway[] {
    return this.#all;
  }

  /**
   * Lays out one gateway per entry of `ports`, and starts those that no bridge will start.
   * @param openclaw path of openclaw.mjs
   * @param node runs it
   */
  async layOut(openclaw: string, node: string, ports: readonly RealPorts[], { folder }: Places): Promise<void> {
    for (const [index, { gatewayPort: port }] of ports.entries()) {
      const home = join(folder, `openclaw-gateway-${index + 1}`);
      if (existsSync('/proc/self/stat')) {
        const gateway = new KeptGateway({ openclaw, node, port, home });
        this.#kept.push(gateway);
        this.#all.push(gateway);
      } else {
        const gateway = await startGateway({ openclaw, port, parent: folder });
        this.#own.push(gateway);
        this.#all.push({ ...gateway, acting: { stateDir: join(home, 'bridge'), gateway: null } });
      }
    }
  }

  /** Gateways that run as another process than when it was asked last, by their place. */
  moved(): [number, number][] {
    const now = this.#all.map(({ pid }) => pid);
    const before = this.#shown;
    this.#shown = now;
    return now.flatMap((pid, index): [number, number][] =>
      pid !== null && typeof before[index] === 'number' && before[index] !== pid ? [[index, pid]] : []
    );
  }

  /** Calls back when one ends that nobody starts anew: somebody tries what the fleet makes of it. */
  onDeath(callback: (index: number, how: number | string) => void): void {
    for (const [index, { exited }] of this.#own.entries()) {
      void exited.then((how) => {
        if (!this.#stopping) callback(index, how);
      });
    }
  }

  /** Kills them all, and resolves once they are gone. Their bridges must be stopped before. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { pid } of this.#kept) if (pid !== null) killGroup(pid);
    await Promise.all(
      this.#own.map((gateway) => {
        killGroup(gateway.pid);
        return gateway.stop();
      })
    );
    this.#all = [];
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
