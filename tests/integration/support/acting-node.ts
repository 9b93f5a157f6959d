import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { VERBS } from '@openclaw-fleet/contract';
import {
  createActionsDoor,
  FileReceipts,
  type ActionsDoor,
  type Actuator,
  type Seen,
} from '../../../backend/bridge/index.ts';
import { seen } from '../../../backend/bridge/testing/seen.ts';
import { systemClock } from '../../../backend/client/clock.ts';
import type { TestCollector } from './collector.ts';
import type { TestNode } from './node.ts';

const BEAT = 1_000;
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A node as `enroll` made it, whose bridge says that its gateway hangs, with the real door for actions. */
export class ActingNode {
  readonly node: TestNode;
  readonly folder: string;
  /** What the door says, whatever the heartbeats do. */
  sees: Partial<Seen> = { gateway_state: 'hung', health_status: 'error' };
  /** Told to the collector instead of the door's own address. */
  address: string | null = null;
  /** How often somebody looked, and the ids of what was carried out. */
  looks = 0;
  readonly carried: string[] = [];
  #door: ActionsDoor | null = null;
  #timer: NodeJS.Timeout | null = null;

  private constructor(collector: TestCollector, id: string) {
    this.node = collector.enroll(id, '--id', id, '--zone', 'local');
    this.folder = join(collector.folder, 'nodes', id);
  }

  static async start(collector: TestCollector, id: string): Promise<ActingNode> {
    const acting = new ActingNode(collector, id);
    await acting.open();
    return acting;
  }

  get id(): string {
    return this.node.id;
  }

  get port(): number {
    return this.#door?.port ?? 0;
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** Opens the door, as after a start of the bridge. @param aheadMs its clock goes so much ahead */
  async open(aheadMs = 0): Promise<void> {
    const env = parseEnv(this.read('node.env'));
    const pins = (name: string): string[] => env[name]?.split(',') ?? [];
    this.#door = await createActionsDoor({
      nodeId: this.id,
      listen: { host: '127.0.0.1', port: this.port },
      credentials: { certificate: this.read('node.crt'), key: this.read('node.key'), authority: this.read('ca.crt') },
      clientPins: pins('OPENCLAW_CLIENT_PIN'),
      actionsPins: pins('OPENCLAW_ACTIONS_PIN'),
      actuator: this.#actuator(),
      receipts: new FileReceipts(join(this.folder, 'actions')),
      limits: { gapMs: 300_000, hourMs: 3_600_000 },
      clock: { ...systemClock, now: () => Date.now() + aheadMs },
      logger: quiet,
    });
  }

  async shut(): Promise<void> {
    await this.#door?.close();
  }

  /** What a thief of the bridge's user can do to what it did. */
  loseReceipts(): void {
    rmSync(join(this.folder, 'actions'), { recursive: true });
  }

  /** Begins anew, as a bridge that was just set up. */
  async renew(): Promise<void> {
    await this.shut();
    this.loseReceipts();
    this.carried.length = 0;
    this.looks = 0;
    await this.open();
  }

  /** Sends heartbeats until `stop`. */
  publish(): void {
    const send = (): void => void this.beat().catch(() => undefined);
    send();
    this.#timer = setInterval(send, BEAT);
  }

  beat(): ReturnType<TestNode['post']> {
    const { bridge_version, gateway_boot_id, openclaw_version, sync_lag_ms, config_valid, config_converged } = seen;
    const reported = {
      ...{ bridge_version, gateway_boot_id, openclaw_version, sync_lag_ms, config_valid, config_converged },
      ...{ gateway_state: 'hung', health_status: 'error', health_reasons: [], apply_status: 'UNSET' },
      ...{ transport: 'direct_https', environment: 'vps', openclaw_build: 'abc' },
      metrics: { cpu_pct: 1, mem_used_bytes: 1, queue_depth: 0, failed_pushes_1h: 0 },
      actions_address: this.address ?? `127.0.0.1:${this.port}`,
    };
    return this.node.post(this.node.beat({ tags: ['region:local'], capabilities: [...VERBS], reported }));
  }

  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.node.close();
    await this.shut();
  }

  #actuator(): Actuator {
    return {
      verbs: () => VERBS,
      carryOut: (request, progress) => {
        progress.begin({}, request.instruction.verb === 'restart');
        this.carried.push(request.action_id);
        return Promise.resolve({ state: 'succeeded', refusal: null, message: 'Done.', before: {}, after: {} });
      },
      settle: () => Promise.reject(new Error('nothing is left open')),
      observe: () => {
        this.looks += 1;
        return Promise.resolve({ ...seen, capabilities: [...VERBS], ...this.sees });
      },
    };
  }
}
