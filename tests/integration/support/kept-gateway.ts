import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createServer } from 'node:net';
import { gatewayEnvironment, SMALLEST } from '../../../backend/bridge/testing/openclaw-config.ts';
import { identityOf } from '../../../backend/bridge/supervisor/process.ts';
import type { TestCollector } from './collector.ts';
import { TestProcess } from './process.ts';
import { waitFor } from './wait.ts';

const MAIN = resolve(import.meta.dirname, '../../../backend/bridge/main.ts');
/** OpenClaw takes further ports above its own (openclaw-notes section 9). */
const SPACING = 120;

/** A real gateway that its bridge starts, watches and repairs, each in a process of its own, enrolled as a user would. */
export class KeptGateway {
  readonly id: string;
  readonly home: string;
  readonly url: URL;
  readonly token: string;
  readonly #env: Record<string, string>;
  #bridge: TestProcess | null = null;

  private constructor(id: string, home: string, url: URL, token: string, env: Record<string, string>) {
    [this.id, this.home, this.url, this.token, this.#env] = [id, home, url, token, env];
  }

  /** @param openclaw path of openclaw.mjs */
  static async start(
    collector: TestCollector,
    openclaw: string,
    id: string,
    more: Record<string, string> = {}
  ): Promise<KeptGateway> {
    const home = join(collector.folder, 'gateways', id);
    const credentials = join(collector.folder, 'nodes', id);
    collector.cli(
      ...['enroll', id, '--id', id, '--zone', 'local', '--out', credentials],
      ...['--endpoint', `https://localhost:${collector.intakePort}`]
    );
    const token = `test-token-of-${id}-${process.pid}`;
    const url = new URL(`http://127.0.0.1:${await freePort()}`);
    mkdirSync(join(home, '.openclaw'), { recursive: true, mode: 0o700 });
    const config = { ...SMALLEST, messages: { ackReaction: '👀' } };
    writeFileSync(join(home, '.openclaw/openclaw.json'), JSON.stringify(config), { mode: 0o600 });
    writeFileSync(join(home, 'token'), token, { mode: 0o600 });
    const gateway = [
      process.execPath,
      openclaw,
      ...['gateway', 'run', '--port', url.port, '--auth', 'token', '--bind', 'loopback'],
    ];
    const kept = new KeptGateway(id, home, url, token, {
      ...settingsIn(join(credentials, 'node.env')),
      PATH: process.env['PATH'] ?? '',
      ...gatewayEnvironment(home, token),
      OPENCLAW_BRIDGE_GATEWAY_URL: url.href,
      OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: join(home, 'token'),
      OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:0',
      OPENCLAW_BRIDGE_STATE_DIR: join(home, 'bridge'),
      OPENCLAW_BRIDGE_ACTIONS_LISTEN: '127.0.0.1:0',
      OPENCLAW_BRIDGE_SUPERVISOR: 'child',
      OPENCLAW_BRIDGE_CHILD_COMMAND: JSON.stringify(gateway),
      ...more,
    });
    await kept.startBridge();
    return kept;
  }

  /** What the bridge wrote. */
  get log(): string {
    return this.#bridge?.log ?? '';
  }

  get configFile(): string {
    return join(this.home, '.openclaw/openclaw.json');
  }

  /** The process that the bridge keeps. */
  get pid(): number {
    const file = join(this.home, 'bridge/gateway-process.json');
    return (JSON.parse(readFileSync(file, 'utf8')) as { gateway: { pid: number } }).gateway.pid;
  }

  /** Its configuration as it is on the disk. */
  config(): { messages: { ackReaction: string } } & Record<string, unknown> {
    return JSON.parse(readFileSync(this.configFile, 'utf8')) as ReturnType<KeptGateway['config']>;
  }

  /** Edits the file as a person with an editor does. */
  edit(change: (config: ReturnType<KeptGateway['config']>) => void): void {
    const config = this.config();
    change(config);
    writeFileSync(`${this.configFile}.new`, JSON.stringify(config), { mode: 0o600 });
    renameSync(`${this.configFile}.new`, this.configFile);
  }

  async startBridge(): Promise<void> {
    this.#bridge = new TestProcess({
      name: `bridge of ${this.id}`,
      command: process.execPath,
      args: [MAIN],
      env: this.#env,
      cwd: this.home,
    });
    await this.#bridge.logs(/serves \/healthz and \/metrics on /);
  }

  async stopBridge(): Promise<void> {
    await this.#bridge?.stop();
  }

  /** Ends the bridge, and then the gateway, which outlives it. */
  async stop(): Promise<void> {
    await this.stopBridge();
    const { pid } = this;
    if (identityOf(pid) === null) return;
    process.kill(-pid, 'SIGKILL');
    await waitFor(() => identityOf(pid) === null, `the end of the gateway ${this.id}`);
  }
}

function settingsIn(file: string): Record<string, string> {
  const lines = readFileSync(file, 'utf8').split('\n');
  return Object.fromEntries(
    lines.filter((line) => line.includes('=')).map((line) => line.split(/=(.*)/s, 2))
  ) as Record<string, string>;
}

/** A port from which on enough are likely to be free. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  await new Promise((resolve) => server.close(resolve));
  return port > 65_535 - SPACING ? port - SPACING : port;
}
