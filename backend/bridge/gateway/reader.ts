import type { Clock } from '@openclaw-fleet/client';
import type { Hello, ReadMethod } from './connection.ts';
import type { JobTally } from './jobs.ts';
import type { Observed } from './observed.ts';
import { number, text } from './parse.ts';
import type { ProbeRound, Sighting } from './probe.ts';
import { interpret, probeRound } from './probe.ts';
import { createGatewayReads } from './reads.ts';
import { createGatewayRpc } from './rpc.ts';
import type { GatewayInput, GatewayMemory } from './state.ts';
import { advance, judge, NOTHING_SEEN } from './state.ts';

/** While a gateway starts, drains or restarts it is looked at more often, in milliseconds. */
const TRANSITION_PROBE = 2_000;
/** A gateway that answers may need this long to let us in, in milliseconds, before that is news. */
const CONNECT_GRACE = 15_000;
const NO_TOKEN = 'no gateway token is set, so only probes are read; set OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE';

export interface ReaderOptions {
  /** Address of the gateway, such as `http://127.0.0.1:18789`. */
  readonly url: URL;
  /** Reads the gateway token; null: there is none, and only probes are read. Throws with what is wrong and the fix. */
  readonly token: (() => string) | null;
  /** The bridge's own version. */
  readonly version: string;
  /** Between two probes, and between two reads of what changes seldom. Milliseconds. */
  readonly probeMs: number;
  readonly slowMs: number;
  readonly clock: Clock;
  /** From 0 to under 1. */
  readonly random: () => number;
  /** Something may be new in `observed()`. */
  readonly onChange: () => void;
  /** Each round of probes, for metrics. */
  readonly onProbed?: (round: ProbeRound) => void;
  /** The configuration, each time it was read. */
  readonly onConfig?: (parsed: Readonly<Record<string, unknown>>) => void;
  /** The gateway has more jobs, or results, than are read: what the counts miss, in words. */
  readonly onPartial?: (message: string) => void;
  /** Whether the configuration is read with each answered probe. */
  readonly watchConfig?: () => boolean;
}

export interface GatewayReader {
  start(): void;
  stop(): void;
  observed(): Observed;
  /** Probes, and reads everything, now; resolves when that is over. Never rejects. */
  look(): Promise<void>;
  /** Opens another read connection, in place of the one there is. */
  renew(): void;
  /** One read over the connection. @throws RpcError */
  read(method: ReadMethod, params?: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  /** Results of the last hour, by job. */
  jobCounts(): ReadonlyMap<string, JobTally>;
  /** Resolves once there is something worth a first report, or after `ms`. */
  firstLook(ms: number): Promise<void>;
  /** When the last round of probes ended, by the monotonic clock; null before the first. */
  readonly probedAt: number | null;
  readonly reconnects: number;
  readonly connected: boolean;
}

/** Watches one gateway: probes and events for its state, a read-only connection for everything else. */
export function createGatewayReader(options: ReaderOptions): GatewayReader {
  const { clock, url, onChange } = options;
  const startedAt = clock.monotonic();

  let memory: GatewayMemory = NOTHING_SEEN;
  let answer: Extract<Sighting, { kind: 'answer' }> | null = null;
  let version: string | null = null;
  let build: string | null = null;
  let bootId: string | null = null;
  let degradedSince: number | null = null;
  /** Since when the gateway is up and cannot be read. */
  let unreadableSince: number | null = null;
  let readAt: number | null = null;
  let probedAt: number | null = null;

  let stopped = false;
  let probing = false;
  let probeAgain = false;
  let cancelProbe: () => void = () => undefined;
  let reading = false;
  let readAgain = false;
  let looked: () => void = () => undefined;
  let probeTask: Promise<void> = Promise.resolve();
  let readTask: Promise<void> = Promise.resolve();

  const rpc = createGatewayRpc({
    url,
    token: options.token ?? (() => ''),
    version: options.version,
    clock,
    random: options.random,
    onConnected,
    onDisconnected: () => {
      feed({ kind: 'disconnected' });
      // The end of a killed gateway is known here first.
      void probeNow();
    },
    onEvent,
  });
  const reads = createGatewayReads(rpc, options);

  function feed(input: GatewayInput): void {
    memory = advance(memory, input, clock.monotonic());
  }

  function onConnected(hello: Hello): void {
    feed({ kind: 'connected', tickIntervalMs: hello.tickIntervalMs });
    if (hello.suspensionPhase !== null) feed({ kind: 'suspension', phase: hello.suspensionPhase });
    unreadableSince = null;
    ({ build, bootId } = hello);
    version = hello.version ?? version;
    reads.connected();
    onChange();
    void read();
  }

  function onEvent(name: string, payload: Readonly<Record<string, unknown>>): void {
    switch (name) {
      case 'tick':
        feed({ kind: 'tick' });
        return;
      case 'cron':
        reads.jobEvent(payload);
        return;
      case 'config.changed':
        reads.configChanged();
        void read();
        return;
      case 'shutdown':
        feed({
          kind: 'shutdown',
          reason: text(payload['reason']) ?? 'unnamed',
          expectedMs: number(payload['restartExpectedMs']),
        });
        break;
      case 'gateway.suspension':
        feed({ kind: 'suspension', phase: text(payload['phase']) ?? 'unnamed' });
        break;
      default:
        return;
    }
    onChange();
    void probeNow();
  }

  /** Resolves after a round that begins after this. */
  function probeNow(): Promise<void> {
    if (probing) probeAgain = true;
    else probeTask = probe();
    return probeTask;
  }

  async function probe(): Promise<void> {
    if (stopped) return;
    cancelProbe();
    probing = true;
    do {
      probeAgain = false;
      const round = await probeRound(url, () => clock.monotonic());
      if (isStopped()) return;
      probedAt = clock.monotonic();
      options.onProbed?.(round);
      onSighting(interpret(round));
      onChange();
    } while (wantsProbe());
    probing = false;
    const { state } = judge(memory, clock.monotonic());
    const passing = state === 'starting' || state === 'draining' || state === 'restarting';
    cancelProbe = clock.after(passing ? Math.min(options.probeMs, TRANSITION_PROBE) : options.probeMs, () => {
      void probeNow();
    });
  }

  function onSighting(sighting: Sighting): void {
    feed({ kind: 'probed', sighting });
    answer = sighting.kind === 'answer' ? sighting : null;
    if (answer?.phase !== 'started' || rpc.connected) unreadableSince = null;
    else unreadableSince ??= clock.monotonic();
    if (answer === null) degradedSince = null;
    else {
      version = answer.version ?? version;
      degradedSince = answer.eventLoop.length > 0 ? (degradedSince ?? clock.monotonic()) : null;
      if (options.token === null) readAt = clock.monotonic();
      else if (rpc.connected) void read();
      else rpc.nudge();
    }
    if (sighting.kind === 'refused' || options.token === null) looked();
  }

  /** Reads what is due over the connection; one round at a time. */
  function read(): Promise<void> {
    readAgain = true;
    if (!reading) readTask = readOn();
    return readTask;
  }

  async function readOn(): Promise<void> {
    reading = true;
    while (wantsRead()) {
      readAgain = false;
      const { some, all } = await reads.run();
      if (isStopped()) return;
      if (some) readAt = clock.monotonic();
      onChange();
      if (all) looked();
    }
    reading = false;
  }

  const isStopped = (): boolean => stopped;
  const wantsProbe = (): boolean => probeAgain;
  const wantsRead = (): boolean => readAgain && rpc.connected;

  return {
    start: () => {
      if (options.token !== null) rpc.start();
      void probeNow();
    },
    stop: () => {
      stopped = true;
      cancelProbe();
      rpc.stop();
    },
    look: async () => {
      reads.refresh();
      await probeNow();
      // One that hangs would take as long as every read may take.
      if (rpc.connected && answer !== null) await read();
    },
    renew: () => rpc.renew(),
    read: (method, params) => rpc.read(method, params),
    jobCounts: () => reads.jobCounts(),
    firstLook: (ms) =>
      new Promise((resolve) => {
        const cancel = clock.after(ms, resolve);
        looked = () => {
          cancel();
          resolve();
        };
      }),
    observed: () => {
      const now = clock.monotonic();
      const news = unreadableSince !== null && now - unreadableSince >= CONNECT_GRACE;
      return {
        ...reads.facts(),
        judgement: judge(memory, now),
        version,
        build,
        bootId,
        readiness: answer && { ready: answer.ready, failing: answer.failing },
        uptimeMs: answer && answer.uptimeMs,
        eventLoop:
          answer === null || degradedSince === null ? null : { reasons: answer.eventLoop, forMs: now - degradedSince },
        connected: rpc.connected,
        connectionTrouble: options.token === null ? NO_TOKEN : news ? (rpc.trouble ?? 'no read connection yet') : null,
        syncLagMs: now - (readAt ?? startedAt),
      };
    },
    get probedAt() {
      return probedAt;
    },
    get reconnects() {
      return rpc.reconnects;
    },
    get connected() {
      return rpc.connected;
    },
  };
}
