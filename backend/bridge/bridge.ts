import { randomUUID } from 'node:crypto';
import { createCollectorRequests, createPublisher, systemClock } from '@openclaw-fleet/client';
import type { Clock, Disabled, Logger, Publisher, PublisherSettings, Snapshot } from '@openclaw-fleet/client';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Goodbye } from '@openclaw-fleet/contract';
import type { Acting } from './acting.ts';
import { createActing } from './acting.ts';
import { keptRevision } from './configuration/kept.ts';
import type { ConfigSync } from './configuration/sync.ts';
import { createConfigSync, UNMANAGED } from './configuration/sync.ts';
import { healthOf } from './gateway/health.ts';
import type { Observed } from './gateway/observed.ts';
import { createGatewayReader } from './gateway/reader.ts';
import type { Listener } from './listener.ts';
import { listen, servesMetrics } from './listener.ts';
import { toldAddress } from './metrics-address.ts';
import { createProbeMetrics, renderMetrics } from './metrics.ts';
import { changed, snapshotOf } from './report.ts';
import { readSecretFile } from './secret-file.ts';
import type { BridgeSettings } from './settings.ts';
import { holdStateDir } from './state-dir.ts';
import { createSupervisor } from './supervisor/index.ts';
import { VERSION } from './version.ts';

/** The demo profile probes no faster than this, in milliseconds: a gateway's own pace does not change with it. */
const FASTEST_PROBE = 1_000;
/** The first beat waits this long for something to say, in milliseconds. */
const FIRST_LOOK = 5_000;
/** Without a round of probes for three intervals and this long, in milliseconds, the bridge itself is broken. */
const PROBE_SLACK = 10_000;
/** The revision that the bridge was told is fetched again after so many beats. */
const REFRESH_BEATS = 10;

export interface BridgeOptions {
  readonly settings: BridgeSettings;
  /** Of the client's `optionsFromEnv`. */
  readonly publishing: PublisherSettings | Disabled;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** From 0 to under 1. */
  readonly random?: () => number;
  /** Ends the process with the goodbye `restart`, for a supervisor to start it anew. Without it the bridge cannot be asked to. */
  readonly leave?: () => void;
}

export interface Bridge {
  /**
   * Resolves once the gateway was looked at and the first beat is on its way.
   * @throws Error that names the setting: the token file is not safe, the address to listen on is taken, or the state folder
   *   is another bridge's. Nothing goes on then
   */
  start(): Promise<void>;
  /** Says goodbye to the collector and ends everything. @param goodbye default: as set */
  stop(goodbye?: Goodbye): Promise<void>;
  /** What the bridge knows of its gateway now. */
  observed(): Observed;
  /** Where /healthz and /metrics are; null before the start. */
  readonly url: URL | null;
}

/** One gateway's sidecar: reads it, and publishes what it sees, early when something changed. */
export function createBridge(options: BridgeOptions): Bridge {
  const { settings, logger } = options;
  const clock = options.clock ?? systemClock;
  const timings = TIMINGS[settings.timings];
  const probeMs = Math.max(FASTEST_PROBE, timings.probe);
  const identity = { ...settings.identity, version: VERSION };
  const { gatewayTokenFile } = settings;
  const readToken = (): string => readSecretFile(gatewayTokenFile ?? '', 'OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE');
  const readAdminToken = (): string => {
    const { adminTokenFile } = settings;
    return adminTokenFile === null
      ? readToken()
      : readSecretFile(adminTokenFile, 'OPENCLAW_BRIDGE_GATEWAY_ADMIN_TOKEN_FILE');
  };
  const probes = createProbeMetrics();
  const supervisor = createSupervisor(settings.supervisor, { stateDir: settings.stateDir, clock, logger });

  const startedAt = clock.monotonic();
  let listener: Listener | null = null;
  let release: () => void = () => undefined;
  /** What the collector was last told; null before the first beat. */
  let told: Snapshot | null = null;
  let logged = '';
  /** When the collector last accepted a heartbeat, by the monotonic clock. */
  let acceptedAt: number | null = null;

  const reader = createGatewayReader({
    url: settings.gatewayUrl,
    token: gatewayTokenFile === null ? null : readToken,
    version: VERSION,
    probeMs,
    slowMs: Math.max(probeMs, timings.beat),
    clock,
    random: options.random ?? Math.random,
    onChange: () => {
      log(reader.observed());
      acting?.looked();
      tellNews();
    },
    onProbed: (round) => probes.probed(round),
    onPartial: (message) => logger.warn(message),
    onConfig: (parsed) => {
      acting?.configured(parsed);
      configuration?.read(parsed);
    },
    watchConfig: () => configuration !== null && configuration.facts().revision !== null,
  });

  const publisher: Publisher = createPublisher({
    ...options.publishing,
    snapshot: () => {
      told = snapshot();
      return { ...told, uptime_seconds: Math.round((clock.monotonic() - startedAt) / 1000) };
    },
    onReply: (reply) => {
      if (reply.status === 'accepted') acceptedAt = clock.monotonic();
      configuration?.replied(reply);
    },
    logger,
    clock,
    ...(options.random && { random: options.random }),
  });
  const configuration = configSync();
  const acting = actingSide();

  function snapshot(): Snapshot {
    const reach = acting?.reach() ?? { capabilities: [], actionsAddress: null };
    const capabilities = [...reach.capabilities, ...(supervisor === null ? [] : [`supervisor:${supervisor.kind}`])];
    const metricsAddress =
      listener === null ? null : toldAddress(settings.metricsAddress, listener.bound, options.publishing);
    return snapshotOf(reader.observed(), identity, configuration?.facts() ?? UNMANAGED, {
      ...reach,
      capabilities,
      metricsAddress,
    });
  }

  function tellNews(): void {
    if (told !== null && changed(told, snapshot())) publisher.publishSoon();
  }

  /** Null: nothing is published, or no configuration can be read. */
  function configSync(): ConfigSync | null {
    const { publishing } = options;
    if ('disabled' in publishing || gatewayTokenFile === null) return null;
    const requests = createCollectorRequests(publishing, clock);
    if ('disabled' in requests) return null;
    return createConfigSync({
      nodeId: publishing.nodeId,
      pins: settings.actionsPins,
      requests,
      kept: keptRevision(settings.stateDir),
      refreshMs: REFRESH_BEATS * timings.beat,
      clock,
      random: options.random ?? Math.random,
      logger,
      onChange: tellNews,
    });
  }

  /** Null: no door is set, or nothing is published. */
  function actingSide(): Acting | null {
    const { publishing } = options;
    if ('disabled' in publishing) return null;
    return createActing({
      settings,
      publishing,
      reader,
      configuration,
      supervisor,
      readToken,
      readAdminToken,
      leave: options.leave ?? null,
      publishAll: () => publisher.publishSoon(true),
      lastAcceptedMs: () => (acceptedAt === null ? null : clock.monotonic() - acceptedAt),
      metricsOk: () => (listener === null ? Promise.resolve(false) : servesMetrics(listener.url)),
      bootId: randomUUID(),
      clock,
      random: options.random ?? Math.random,
      logger,
      onChange: tellNews,
    });
  }

  /** Each state and health once, when it begins. */
  function log(observed: Observed): void {
    const { status, reasons } = healthOf(observed);
    const { state } = observed.judgement;
    if (logged === `${state} ${status}`) return;
    logged = `${state} ${status}`;
    const message = `the gateway is ${state}, health ${status}${reasons.length === 0 ? '' : `: ${reasons.join('; ')}`}`;
    if (status === 'error') logger.error(message);
    else if (status === 'warn') logger.warn(message);
    else logger.info(message);
  }

  function trouble(): string | null {
    const sinceMs = clock.monotonic() - (reader.probedAt ?? clock.monotonic());
    return sinceMs > 3 * probeMs + PROBE_SLACK ? `no probe for ${Math.round(sinceMs / 1000)} s` : null;
  }

  async function open(): Promise<void> {
    if (gatewayTokenFile !== null) readToken();
    if (settings.stateDir !== null) release = holdStateDir(settings.stateDir, (message) => logger.warn(message));
    listener = await listen({
      ...settings.listen,
      trouble,
      metrics: () =>
        renderMetrics({
          observed: reader.observed(),
          bridgeVersion: VERSION,
          reconnects: reader.reconnects,
          probes,
          publisher: publisher.metrics(),
        }),
    });
    logger.info(`reads ${settings.gatewayUrl.href}, serves /healthz and /metrics on ${listener.url.href}`);
    supervisor?.start();
    const looked = reader.firstLook(FIRST_LOOK);
    reader.start();
    await looked;
    await acting?.open();
    publisher.start();
  }

  /** Lets go of everything, of what was begun as well. @param goodbye null: the collector was told nothing yet */
  async function close(goodbye: Goodbye | null): Promise<void> {
    await acting?.close();
    reader.stop();
    supervisor?.stop();
    configuration?.stop();
    if (goodbye !== null) await publisher.stop(goodbye);
    await listener?.close();
    release();
  }

  return {
    start: async () => {
      try {
        await open();
      } catch (error) {
        await close(null);
        throw error;
      }
    },
    stop: (goodbye = settings.goodbye) => close(goodbye),
    observed: () => reader.observed(),
    get url() {
      return listener?.url ?? null;
    },
  };
}
