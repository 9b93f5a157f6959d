import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { FleetSummary, FleetTarget, Role } from '@openclaw-fleet/contract';
import { TestNode } from './node.ts';
import { guard } from './process.ts';
import { waitFor } from './wait.ts';

const CLI = new URL('../../../backend/collector/cli/openclaw-fleet.mjs', import.meta.url).pathname;

/** A real collector in a process of its own, set up by the real command line as a user would. */
export class TestCollector {
  readonly folder = mkdtempSync(join(tmpdir(), 'fleet-it-'));
  readonly #settings: Record<string, string>;
  #process: ChildProcess | null = null;
  #token = '';
  #approver: string | null = null;
  intakePort = 0;
  apiPort = 0;
  log = '';

  constructor(settings: Record<string, string> = {}) {
    this.#settings = settings;
    try {
      this.cli('pki', 'init');
      this.#token = (
        JSON.parse(
          this.cli('token', 'create', '--name', 'test', '--role', 'viewer', '--kind', 'service', '--json')
        ) as {
          token: string;
        }
      ).token;
    } catch (error) {
      rmSync(this.folder, { recursive: true, force: true });
      throw error;
    }
  }

  get env(): NodeJS.ProcessEnv {
    return {
      PATH: process.env['PATH'],
      HOME: this.folder,
      OPENCLAW_FLEET_DATA_DIR: join(this.folder, 'data'),
      OPENCLAW_FLEET_PKI_DIR: join(this.folder, 'pki'),
      OPENCLAW_FLEET_INTAKE_HOST: '127.0.0.1',
      OPENCLAW_FLEET_INTAKE_PORT: String(this.intakePort),
      OPENCLAW_FLEET_API_PORT: String(this.apiPort),
      ...this.#settings,
    };
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  get token(): string {
    return this.#token;
  }

  /** Runs one command of `openclaw-fleet`. @returns what it printed. Throws with what it said when it failed. */
  cli(...args: string[]): string {
    const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
      env: this.env,
      cwd: this.folder,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`openclaw-fleet ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  }

  /** The same without blocking: what the test does meanwhile goes on. */
  async cliMeanwhile(...args: string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(process.execPath, [CLI, ...args], { env: this.env, cwd: this.folder });
    return stdout;
  }

  /** Enrols a node by the command line. */
  enroll(name: string, ...args: string[]): TestNode {
    this.cli('enroll', name, '--out', join(this.folder, 'nodes', name), '--endpoint', 'https://localhost', ...args);
    return new TestNode(join(this.folder, 'nodes', name), () => this.intakePort);
  }

  /** Starts it, or starts it again on the same ports. @param wrapper a command to run it under, such as strace */
  async start(wrapper: string[] = []): Promise<void> {
    const words = [...wrapper, process.execPath, CLI, 'start'];
    this.log = '';
    const child = spawn(words[0] as string, words.slice(1), {
      env: this.env,
      cwd: this.folder,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.#process = child;
    guard(child);
    child.stderr.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    const ready = await waitFor(
      () => {
        if (child.exitCode !== null) throw new Error(`the collector ended with ${child.exitCode}:\n${this.log}`);
        return /"intake":"https:\/\/[^"]*:(\d+)","api":"https?:\/\/[^"]*:(\d+)"/.exec(this.log);
      },
      'the collector to be ready',
      60_000
    );
    [this.intakePort, this.apiPort] = [Number(ready[1]), Number(ready[2])];
  }

  /** Ends it by a signal and waits until it is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  async close(): Promise<void> {
    await this.kill('SIGTERM');
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Makes a token of a role by the command line. A person's, where the role approves. */
  tokenOf(role: Role): string {
    const made = this.cli('token', 'create', '--name', role, '--role', role, '--kind', 'service', '--json');
    return (JSON.parse(made) as { token: string }).token;
  }

  /**
   * Sends a change as an approver.
   * @param version of what it was made from, for If-Match
   * @throws Error with the answer, when it is none of 2xx
   */
  async send<T>(method: string, path: string, body: object, version?: number): Promise<T> {
    this.#approver ??= this.tokenOf('approver');
    const response = await fetch(`http://127.0.0.1:${this.apiPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#approver}`,
        'content-type': 'application/json',
        ...(version !== undefined && { 'if-match': `"${version}"` }),
      },
      body: JSON.stringify(body),
    });
    const answer: unknown = await response.json();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${JSON.stringify(answer)}`);
    return answer as T;
  }

  async get(path: string, token = this.#token): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`http://127.0.0.1:${this.apiPort}${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: response.status, body: await response.json() };
  }

  async target(id: string): Promise<FleetTarget> {
    return (await this.get(`/fleet/targets/${id}`)).body as FleetTarget;
  }

  async summary(): Promise<FleetSummary> {
    return (await this.get('/fleet/summary')).body as FleetSummary;
  }

  async metrics(): Promise<string> {
    const response = await fetch(`http://127.0.0.1:${this.apiPort}/metrics`, {
      headers: { authorization: `Bearer ${this.#token}` },
    });
    return response.text();
  }
}
