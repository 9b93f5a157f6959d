import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  isEnded,
  type AdoptedConfig,
  type DriftPage,
  type Plan,
  type Run,
  type RunDetail,
  type TargetPolicyView,
} from '@openclaw-fleet/contract';
import type { SMALLEST } from '../../../backend/bridge/testing/openclaw-config.ts';
import { TestCollector } from './collector.ts';
import { KeptGateway } from './kept-gateway.ts';
import { waitFor } from './wait.ts';

const ID = 'crashes';
const CLI = new URL('../../../backend/collector/cli/openclaw-fleet.mjs', import.meta.url).pathname;
const PEOPLE = { ann: 'operator', ben: 'approver' } as const;
const MINUTE = 60_000;
/** A moment that did not come by so long after the end of the run does not come. Milliseconds. */
const NOT_COMING = 500;
const preload = (name: string): string => `--import=${new URL(`../../crash/${name}`, import.meta.url).href}`;

/** Which process is killed, and at which of its moments. */
export interface Kill {
  readonly who: 'collector' | 'bridge';
  readonly moment: string;
}

interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** How a repair came to its end, and what the gateway itself says was done to it. */
export interface Ended {
  readonly run: RunDetail;
  /** False: the moment did not come. */
  readonly killed: boolean;
  /** Changes of its configuration that the gateway wrote for somebody. */
  readonly writes: number;
  /** Times that the gateway started or restarted. */
  readonly starts: number;
}

/** A collector and a bridge in processes that can be killed at any of their moments, and the real gateway that it keeps. */
export class CrashStage {
  readonly collector: TestCollector;
  gateway!: KeptGateway;
  readonly #tokens = new Map<string, string>();
  #edits = 0;

  constructor(settings: Record<string, string>) {
    this.collector = new TestCollector(settings);
    for (const who of ['collector', 'bridge'] as const) mkdirSync(this.#folder(who));
  }

  /** Brings everything up, with a revision that is desired. @param openclaw path of openclaw.mjs */
  async start(openclaw: string): Promise<void> {
    for (const [person, role] of Object.entries(PEOPLE)) {
      const who = ['--name', person, '--role', role, '--kind', 'person', '--person', person];
      const made = this.collector.cli('token', 'create', ...who, '--json');
      this.#tokens.set(person, (JSON.parse(made) as { token: string }).token);
    }
    await this.startCollector();
    this.gateway = await KeptGateway.start(this.collector, openclaw, ID, {
      OPENCLAW_TIMINGS: 'demo',
      NODE_OPTIONS: preload('kill-bridge.ts'),
      CRASH_FOLDER: this.#folder('bridge'),
    });
    await this.#canBeRepaired(5 * MINUTE);
    const { body: adopted } = await waitFor(
      async () => {
        const body = { title: 'as found', paths: ['messages'], reason: 'the first revision' };
        const answer = await this.call<AdoptedConfig>('ben', 'POST', `/fleet/targets/${ID}/adopt-config`, body);
        return answer.status < 300 ? answer : null;
      },
      'the bridge to report what it runs',
      MINUTE
    );
    const { body: view } = await this.call<TargetPolicyView>('ben', 'GET', `/fleet/targets/${ID}/desired-state`);
    const desired = { configRevision: adopted.revision.id, reason: 'what it should run' };
    await this.call('ben', 'PATCH', `/fleet/targets/${ID}/desired-state`, desired, { 'if-match': `"${view.version}"` });
    await waitFor(
      async () => (await this.collector.target(ID)).reported?.applyStatus === 'APPLIED',
      'the revision to be known to the bridge',
      MINUTE
    );
  }

  /** @param settings others than those that it has by default, for this life alone */
  startCollector(settings: Record<string, string> = {}): Promise<void> {
    const set = {
      ...settings,
      NODE_OPTIONS: preload('kill-collector.ts'),
      CRASH_FOLDER: this.#folder('collector'),
    };
    return this.collector.start(['env', ...Object.entries(set).map(([name, value]) => `${name}=${value}`)]);
  }

  async close(): Promise<void> {
    try {
      await (this.gateway as KeptGateway | undefined)?.stop();
    } finally {
      await this.collector.close();
    }
  }

  async call<T>(
    who: keyof typeof PEOPLE,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {}
  ): Promise<Answer<T>> {
    const response = await fetch(`http://127.0.0.1:${this.collector.apiPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#tokens.get(who) ?? ''}`,
        'content-type': 'application/json',
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as T };
  }

  run(id: string): Promise<RunDetail> {
    return this.call<RunDetail>('ann', 'GET', `/fleet/remediations/runs/${id}`).then(({ body }) => body);
  }

  async runIds(): Promise<string[]> {
    const { body } = await this.call<{ items: Run[] }>('ann', 'GET', '/fleet/remediations/runs?limit=500');
    return body.items.map(({ id }) => id);
  }

  approve(runId: string): Promise<Answer<Plan>> {
    return this.call('ben', 'POST', `/fleet/remediations/runs/${runId}/approve`, { reason: 'seen' });
  }

  /** Asks for a repair; who hears nothing asks again with the same key. Null: nobody answered. */
  async ask(playbook: string, key: string): Promise<Run | null> {
    const asked = { playbook, reason: 'a test of crashes' };
    const path = `/fleet/targets/${ID}/reconcile`;
    const answer = await this.call<Run>('ann', 'POST', path, asked, { 'idempotency-key': key }).catch(() => null);
    if (answer === null || answer.status < 300) return answer?.body ?? null;
    throw new Error(`the repair was refused with ${answer.status}: ${JSON.stringify(answer.body)}`);
  }

  /** Edits the gateway's file on the disk, unless that is still to be repaired, and waits until the fleet knows. */
  async drifted(): Promise<void> {
    if (this.healthy) {
      this.gateway.edit((config) => {
        config.messages.ackReaction = `edit ${++this.#edits}`;
      });
    }
    await this.#canBeRepaired(MINUTE);
    await waitFor(async () => (await this.#open()).includes('config'), 'the drift to be seen', MINUTE);
  }

  /** Edits what the gateway then does not run before it is restarted. Its bridge sees it as unwell after 30 s of that. */
  diverge(): void {
    this.gateway.edit((config) => {
      const { gateway, agents } = config as unknown as typeof SMALLEST & { gateway: Record<string, unknown> };
      gateway['reload'] = { mode: 'off' };
      // Both mean never.
      const { heartbeat } = agents.defaults;
      heartbeat.every = heartbeat.every === '0m' ? '0s' : '0m';
    });
  }

  /** Takes the edit of what is desired back by hand. */
  restore(): void {
    this.gateway.edit((config) => {
      config.messages.ackReaction = '👀';
    });
  }

  /** Waits until the gateway is seen as unwell, and its configuration as the desired one. */
  async unwell(): Promise<void> {
    await this.#canBeRepaired(MINUTE);
    const seen = (open: string[]): boolean => open.includes('runtime') && !open.includes('config');
    await waitFor(async () => seen(await this.#open()), 'the gateway to be seen as unwell', 2 * MINUTE);
  }

  /** The gateway's file is as it should be. */
  get healthy(): boolean {
    return this.gateway.config().messages.ackReaction === '👀';
  }

  /** Repairs what is wrong, with a kill on the way if one is given, and waits until the run has ended. */
  async repair(playbook: string, kill: Kill | null): Promise<Ended> {
    const key = randomUUID();
    const before = { ids: await this.runIds(), log: this.#gatewayLog.length };
    for (const who of ['collector', 'bridge'] as const) rmSync(join(this.#folder(who), 'moments'), { force: true });
    if (kill !== null) this.arm(kill);
    const state = { runId: '', killed: false, endedAt: 0 };
    let last: RunDetail | null = null;
    const run = await waitFor(
      async () => {
        if (kill !== null && !state.killed && this.#isDead(kill)) {
          await this.#again(kill);
          state.killed = true;
        }
        state.runId ||= (await this.ask(playbook, key))?.id ?? '';
        if (state.runId === '') return null;
        last = await this.run(state.runId).catch(() => last);
        if (last === null || !isEnded(last.state)) return null;
        state.endedAt ||= performance.now();
        return kill === null || state.killed || performance.now() - state.endedAt > NOT_COMING ? last : null;
      },
      () => `the run to end; it was ${last === null ? 'not there' : asNote(last)}`,
      3 * MINUTE,
      50
    );
    if (kill !== null) rmSync(join(this.#folder(kill.who), 'kill-at'), { force: true });
    const after = await this.runIds();
    const [added, ...more] = after.filter((id) => !before.ids.includes(id));
    if (added !== run.id || more.length > 0)
      throw new Error(`one request made the runs ${[added, ...more].join(', ')}`);
    const log = this.#gatewayLog.slice(before.log);
    return {
      run,
      killed: state.killed,
      writes: [...log.matchAll(/config\.(patch|apply) write /g)].length,
      starts: [...log.matchAll(/\[gateway\] ready$/gm)].length,
    };
  }

  /** The moments of one process since the repair began, each once. */
  moments(who: Kill['who']): string[] {
    const lines = readFileSync(join(this.#folder(who), 'moments'), 'utf8')
      .trim()
      .split('\n');
    return [...new Set(lines)];
  }

  /** From now on the moment is the process's last. */
  arm({ who, moment }: Kill): void {
    writeFileSync(join(this.#folder(who), 'kill-at'), moment);
  }

  /** Waits until the process was killed, and is gone. */
  async dead(kill: Kill): Promise<void> {
    await waitFor(() => this.#isDead(kill), `the kill ${kill.moment}`);
    for (const file of ['kill-at', 'killed']) rmSync(join(this.#folder(kill.who), file));
    if (kill.who === 'collector') await this.collector.kill('SIGKILL');
    else await this.gateway.stopBridge();
  }

  /** Throws with what is broken unless the audit verifies. */
  async audit(): Promise<void> {
    const { env, folder } = this.collector;
    await promisify(execFile)(process.execPath, [CLI, 'audit', 'verify'], { env, cwd: folder });
  }

  #isDead({ who }: Kill): boolean {
    return existsSync(join(this.#folder(who), 'killed'));
  }

  async #again(kill: Kill): Promise<void> {
    await this.dead(kill);
    await (kill.who === 'collector' ? this.startCollector() : this.gateway.startBridge());
  }

  async #open(): Promise<string[]> {
    const { body } = await this.call<DriftPage>('ann', 'GET', `/fleet/targets/${ID}/drift?state=open`);
    return body.items.map(({ category }) => category);
  }

  #canBeRepaired(limitMs: number): Promise<unknown> {
    return waitFor(
      async () => {
        const { capabilities, reported } = await this.collector.target(ID);
        return reported?.gatewayState === 'running' && capabilities.includes('reload');
      },
      () => `the gateway to run and be repairable; its bridge said:\n${this.gateway.log.slice(-3000)}`,
      limitMs,
      100
    );
  }

  get #gatewayLog(): string {
    return readFileSync(join(this.gateway.home, 'bridge/gateway.log'), 'utf8');
  }

  #folder(who: Kill['who']): string {
    return join(this.collector.folder, `crash-${who}`);
  }
}

/** How an incident note would have it. */
export const asNote = ({ state, reason, steps }: RunDetail): string =>
  [`${state}: ${reason}`, ...steps.map((step) => `  ${step.title} [${step.state}] ${step.summary}`)].join('\n');
