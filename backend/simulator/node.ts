import type { Goodbye, PublisherBlock } from '@openclaw-fleet/contract';
import type { BridgeHost, SimulatedBridge } from './acting/bridge.ts';
import type { Tally } from './counters.ts';
import type { CurableKind, Fault } from './faults.ts';
import { heartbeatOf } from './payload.ts';
import { hex, randomOf } from './random.ts';
import type { Random } from './random.ts';
import { behaviourAt, paceOf } from './scenario.ts';
import type { Behaviour, NodePlan } from './scenario.ts';
import { ENDED } from './sender.ts';
import type { Sender, SendResult } from './sender.ts';

/** Time as the simulation sees it. `sleep` resolves early, and never rejects, when `signal` aborts. */
export interface Time {
  now(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface NodeOptions {
  readonly plan: NodePlan;
  readonly sender: Sender;
  /** Line of the second process with the same credentials, made when it is needed. */
  readonly makeClone: () => Sender;
  readonly time: Time;
  /** When the simulation began, by `time`. */
  readonly beganMs: number;
  readonly tally: Tally;
  /** Makes the bridge that takes verbs; without it the node has none. */
  readonly makeBridge?: (host: BridgeHost) => SimulatedBridge;
}

const REMEMBERED = 33;
const STOP_GRACE_MS = 2000;
/** Undelivered beats are sent again after these shares of the interval: 2, 4, 8 and 16 s of 60 (domain-rules section 1). */
const RETRIES = [1 / 30, 2 / 30, 4 / 30, 8 / 30];
const RETRYABLE = new Set([408, 425, 429]);

const mayRetry = (result: SendResult): boolean =>
  'error' in result || result.status >= 500 || RETRYABLE.has(result.status);

/** One process of a node: a boot id, a sequence and a line. */
interface Process {
  readonly sender: Sender;
  readonly hostname: string;
  bootId: string;
  bootMs: number;
  seq: number;
  /** The collector lacks the blocks that never change. */
  owesFullState: boolean;
}

/** A simulated node at work: beats as its plan says until it is stopped. */
export class SimulatedNode {
  readonly #options: NodeOptions;
  readonly #stop = new AbortController();
  readonly #pace: Random;
  readonly #boots: Random;
  readonly #main: Process;
  readonly #bridge: SimulatedBridge | null;
  readonly #cured = new Set<string>();
  #plan: NodePlan;
  #acceptedMs: number | null = null;
  #wake = new AbortController();
  #clone: Process | null = null;
  #intervalMs: number;
  #sentBodies: string[] = [];
  readonly #publisher = {
    success_total: 0,
    failure_total: {} as Record<string, number>,
    latency_seconds_sum: 0,
    latency_seconds_count: 0,
  };
  #running: Promise<void> = Promise.resolve();

  constructor(options: NodeOptions) {
    const { plan, sender } = options;
    this.#options = options;
    this.#plan = plan;
    this.#pace = randomOf(plan.seed, 'pace');
    this.#boots = randomOf(plan.seed, 'boots');
    this.#intervalMs = plan.beatMs;
    this.#main = this.#process(sender, plan.hostname);
    this.#bridge = options.makeBridge?.(this.#host()) ?? null;
  }

  /** Where its bridge takes verbs; null: nowhere, or not yet. */
  get address(): string | null {
    return this.#bridge?.address ?? null;
  }

  start(): void {
    this.#running = this.#run();
  }

  /** What it does now. */
  behaviour(): Behaviour {
    const { time, beganMs } = this.#options;
    return behaviourAt(this.#plan, time.now() - beganMs, this.#cured);
  }

  /**
   * A fault befalls it now, besides those of its plan, and lasts until a verb cures it.
   * @throws RangeError when the script of its plan starts over: a fault of no round has no place in it
   */
  befall(fault: Fault): void {
    const { time, beganMs } = this.#options;
    if (this.#plan.repeatMs !== null) throw new RangeError('No fault can be added to a script that starts over.');
    const fromMs = time.now() - beganMs - this.#plan.scriptMs;
    const window = { fault, fromMs, toMs: Infinity };
    this.#plan = { ...this.#plan, windows: [...this.#plan.windows, window] };
    this.#wake.abort();
  }

  /**
   * Ends its loop; with `goodbye` it says so, unless it is silent or the collector hangs.
   * Resolves once its connections are closed, a few seconds later at most.
   */
  async stop(goodbye?: Goodbye): Promise<void> {
    this.#stop.abort();
    const behaviour = this.behaviour();
    const doorClosed = this.#bridge?.stop();
    const answered = await this.#within(this.#running);
    if (answered && goodbye && this.#main.seq > 0 && !behaviour.silent && !behaviour.mute) {
      await this.#within(this.#send(this.#main, this.#bodyOf(this.#main, behaviour, goodbye)));
    }
    this.#main.sender.end();
    this.#clone?.sender.end();
    await this.#running;
    await doorClosed;
  }

  /** What its bridge needs of it. */
  #host(): BridgeHost {
    const { time } = this.#options;
    return {
      bootId: () => this.#main.bootId,
      lastAcceptedMs: () => (this.#acceptedMs === null ? null : Math.max(0, time.now() - this.#acceptedMs)),
      publish: (all) => {
        this.#main.owesFullState ||= all;
        this.#wake.abort();
      },
      reboot: () => this.#reboot(this.#main),
      cure: (kind: CurableKind) => {
        for (const one of this.behaviour().curable) if (one.kind === kind) this.#cured.add(one.id);
      },
      behaviour: () => this.behaviour(),
    };
  }

  /** Whether `work` ends within the grace of a stop. */
  async #within(work: Promise<unknown>): Promise<boolean> {
    const timer = new AbortController();
    const late = this.#options.time.sleep(STOP_GRACE_MS, timer.signal).then(() => false);
    const ended = await Promise.race([work.then(() => true), late]);
    timer.abort();
    return ended;
  }

  async #run(): Promise<void> {
    const { plan, time, beganMs } = this.#options;
    const { signal } = this.#stop;
    let due = beganMs + plan.startMs;
    for (;;) {
      await this.#sleepUntil(due);
      if (signal.aborted) return;
      due = (this.#woken ? time.now() : Math.max(due, time.now())) + paceOf(this.#intervalMs, this.#pace);
      if (this.#woken) this.#wake = new AbortController();
      const behaviour = this.behaviour();
      await this.#bridge?.follow(behaviour);
      if (behaviour.silent) this.#fallSilent(behaviour);
      else if (!behaviour.mute) await this.#beat(behaviour, due);
    }
  }

  get #woken(): boolean {
    return this.#wake.signal.aborted;
  }

  /** Returns early when its bridge has news. */
  async #sleepUntil(dueMs: number): Promise<void> {
    const { time } = this.#options;
    const { signal } = this.#stop;
    if (this.#bridge === null) return time.sleep(dueMs - time.now(), signal);
    if (!this.#woken) await time.sleep(dueMs - time.now(), AbortSignal.any([signal, this.#wake.signal]));
  }

  #fallSilent(behaviour: Behaviour): void {
    this.#main.sender.close();
    if (behaviour.faults.includes('zone-loss')) this.#main.seq += 1;
    else if (this.#main.seq > 0) this.#reboot(this.#main);
  }

  async #beat(behaviour: Behaviour, dueMs: number): Promise<void> {
    const { time, makeClone, plan } = this.#options;
    const { signal } = this.#stop;
    await this.#deliver(this.#main, behaviour, dueMs);
    const old = behaviour.replayBeatsAgo === null ? undefined : this.#sentBodies.at(-1 - behaviour.replayBeatsAgo);
    if (old !== undefined) await this.#send(this.#main, old);
    if (!behaviour.duplicate) return;
    await time.sleep((dueMs - time.now()) / 2, signal);
    if (signal.aborted) return;
    this.#clone ??= this.#process(makeClone(), `clone-of-${plan.hostname}`);
    await this.#deliver(this.#clone, behaviour, dueMs);
  }

  /** Sends one beat, again while that may help and the next is not due. */
  async #deliver(process: Process, behaviour: Behaviour, dueMs: number): Promise<void> {
    const { time } = this.#options;
    const body = this.#bodyOf(process, behaviour);
    for (const share of [...RETRIES, null]) {
      const result = await this.#send(process, body);
      if (!mayRetry(result)) {
        this.#settle(process, result, body);
        return;
      }
      if (share === null || this.#stop.signal.aborted) return;
      const asked = 'error' in result ? null : result.retryAfterMs;
      const waitMs = Math.max(asked ?? 0, share * this.#intervalMs);
      if (time.now() + waitMs >= dueMs) return;
      await time.sleep(waitMs, this.#stop.signal);
    }
  }

  #settle(process: Process, result: SendResult, body: string): void {
    if ('error' in result || result.reply === null) return;
    this.#intervalMs = result.reply.next_heartbeat_seconds * 1000;
    process.owesFullState = result.reply.report_full_state === true;
    if (process !== this.#main) return;
    if (result.reply.status === 'accepted') this.#acceptedMs = this.#options.time.now();
    this.#bridge?.replied(result.reply);
    this.#sentBodies.push(body);
    if (this.#sentBodies.length > REMEMBERED) this.#sentBodies.shift();
  }

  async #send(process: Process, body: string): Promise<SendResult> {
    const began = performance.now();
    const result = await process.sender.send(body);
    if ('error' in result && result.error === ENDED) return result;
    const ms = performance.now() - began;
    this.#options.tally.count(result, ms);
    if ('error' in result || result.reply === null) {
      const reason = 'error' in result ? result.error : `http_${result.status}`;
      this.#publisher.failure_total[reason] = (this.#publisher.failure_total[reason] ?? 0) + 1;
    } else {
      this.#publisher.success_total += 1;
      this.#publisher.latency_seconds_sum += ms / 1000;
      this.#publisher.latency_seconds_count += 1;
    }
    return result;
  }

  #bodyOf(process: Process, behaviour: Behaviour, goodbye?: Goodbye): string {
    const { plan, time } = this.#options;
    const publisher: PublisherBlock = this.#publisher;
    const beat = heartbeatOf({
      plan,
      behaviour,
      nowMs: time.now(),
      bootMs: process.bootMs,
      bootId: process.bootId,
      seq: process.seq++,
      intervalMs: this.#intervalMs,
      full: process.owesFullState,
      publisher,
      ...(this.#bridge && { gateway: this.#bridge.facts() }),
      ...(goodbye && { goodbye }),
    });
    return JSON.stringify({ ...beat, hostname: process.hostname });
  }

  #process(sender: Sender, hostname: string): Process {
    const process = { sender, hostname, bootId: '', bootMs: 0, seq: 0, owesFullState: true };
    this.#reboot(process);
    return process;
  }

  #reboot(process: Process): void {
    process.bootId = hex(16, this.#boots);
    process.bootMs = this.#options.time.now();
    process.seq = 0;
    process.owesFullState = true;
    this.#acceptedMs = null;
  }
}
