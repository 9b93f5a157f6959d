import { join } from 'node:path';
import type { Clock, Logger, PublisherSettings } from '@openclaw-fleet/client';
import { TIMINGS } from '@openclaw-fleet/contract';
import { createActuator } from './actions/actuator/index.ts';
import type { GatewayActuator } from './actions/actuator/index.ts';
import { observe } from './actions/actuator/observe.ts';
import { createThrottled } from './actions/actuator/throttled.ts';
import { readCredentials, watchCredentials } from './actions/credentials.ts';
import { createActionsDoor } from './actions/door.ts';
import type { ActionsDoor } from './actions/door.ts';
import { FileReceipts } from './actions/receipts.ts';
import { createConfigApplier } from './configuration/apply.ts';
import type { ConfigApplier } from './configuration/apply.ts';
import { createGoodCopy } from './configuration/good-copy.ts';
import type { ConfigSync } from './configuration/sync.ts';
import { UNMANAGED } from './configuration/sync.ts';
import { createAdmin } from './gateway/admin.ts';
import { probe } from './gateway/probe.ts';
import type { GatewayReader } from './gateway/reader.ts';
import { RpcError } from './gateway/socket.ts';
import type { Reach } from './report.ts';
import type { BridgeSettings } from './settings.ts';
import type { Supervisor } from './supervisor/index.ts';
import { doorFor } from './tunnel/arguments.ts';
import { createTunnel } from './tunnel/tunnel.ts';
import type { Tunnel } from './tunnel/tunnel.ts';
import { VERSION } from './version.ts';

export interface ActingOptions {
  readonly settings: BridgeSettings;
  readonly publishing: PublisherSettings;
  readonly reader: GatewayReader;
  /** Null: no configuration can be read, or none is published. */
  readonly configuration: ConfigSync | null;
  readonly supervisor: Supervisor | null;
  readonly readToken: () => string;
  readonly readAdminToken: () => string;
  /** Ends the process with a goodbye; null: nobody would start it anew. */
  readonly leave: (() => void) | null;
  readonly publishAll: () => void;
  readonly lastAcceptedMs: () => number | null;
  readonly metricsOk: () => Promise<boolean>;
  /** Changes with every start of the bridge. */
  readonly bootId: string;
  readonly clock: Clock;
  /** From 0 to under 1. */
  readonly random: () => number;
  readonly logger: Logger;
  /** What can be done here is another than before. */
  readonly onChange: () => void;
}

/** The acting side of a bridge: its door, and what stands behind it. */
export interface Acting {
  /** Opens the door. @throws Error naming the setting */
  open(): Promise<void>;
  close(): Promise<void>;
  /** The gateway was looked at: it may let us do more, or less, than before. */
  looked(): void;
  /** The gateway's configuration was read. */
  configured(parsed: Readonly<Record<string, unknown>>): void;
  reach(): Reach;
}

/** The answer to `POST` is on its way before the bridge ends. Milliseconds. */
const BEFORE_LEAVING = 500;
/** Refusals that mean that the token gives no operator.admin. */
const NO_ADMIN: ReadonlySet<string> = new Set(['NO_ADMIN', 'FORBIDDEN', 'NOT_PAIRED', 'INVALID_REQUEST']);

/** @throws Error when what is kept in OPENCLAW_BRIDGE_STATE_DIR is damaged */
export function createActing(options: ActingOptions): Acting | null {
  const { settings, reader, clock, logger, supervisor } = options;
  const { actions, stateDir } = settings;
  if (actions === null || stateDir === null) return null;
  const timings = TIMINGS[settings.timings];
  const hasToken = settings.gatewayTokenFile !== null;
  const withAdmin = hasToken
    ? createAdmin({ url: settings.gatewayUrl, token: options.readAdminToken, version: VERSION })
    : null;
  const throttled = createThrottled(join(stateDir, 'throttled.json'));
  const good = createGoodCopy(stateDir, (message) => logger.warn(message));
  const leave = settings.supervised ? options.leave : null;
  const managed = (): ReturnType<ConfigSync['facts']> => options.configuration?.facts() ?? UNMANAGED;

  let isAdmin = false;
  /** Connections that were asked with full rights; the read connection's count when it last was. */
  let askedAt = -1;
  let asking = false;
  let door: ActionsDoor | null = null;
  let tunnel: Tunnel | null = null;
  let unwatch: () => void = () => undefined;

  const applier = createApplier();
  const actuator: GatewayActuator = createActuator({
    reader,
    withAdmin,
    isAdmin: () => isAdmin,
    supervisor,
    leave: leave && (() => void clock.after(BEFORE_LEAVING, leave, true)),
    applier,
    throttled,
    doctor: hasToken ? { url: settings.gatewayUrl, token: options.readToken, version: VERSION } : null,
    snapshot: { managed, publishAll: options.publishAll, clock },
    observe: () =>
      observe({
        reader,
        throttled,
        managed,
        version: VERSION,
        bootId: options.bootId,
        lastAcceptedMs: options.lastAcceptedMs,
        metricsOk: options.metricsOk,
        capabilities: () => reach().capabilities,
      }),
    bootId: options.bootId,
    clock,
    gatewayStartMs: timings.gatewayStart,
  });

  function createApplier(): ConfigApplier | null {
    const { configuration } = options;
    if (configuration === null || withAdmin === null || stateDir === null) return null;
    return createConfigApplier({
      withAdmin,
      ready: async () => {
        const outcome = await probe(settings.gatewayUrl, 'readyz');
        return outcome.kind === 'answer' && outcome.status === 200;
      },
      sync: configuration,
      good,
      stateDir,
      clock,
      logger,
      convergenceMs: timings.convergence,
      mayRestart: () => actuator.mayRestart(),
    });
  }

  function tunnelTo(port: number): Tunnel | null {
    const { ssh } = settings;
    if (ssh === null || actions === null || stateDir === null) return null;
    const door = doorFor(actions.listen, port);
    return createTunnel({ ssh, door, stateDir, clock, random: options.random, logger, onChange: options.onChange });
  }

  /** Once for each read connection: the token may be another, and what cannot be done must not be declared. */
  async function ask(): Promise<void> {
    if (withAdmin === null || asking || !reader.connected || askedAt === reader.reconnects) return;
    asking = true;
    const connection = reader.reconnects;
    const before = isAdmin;
    try {
      await withAdmin(() => Promise.resolve());
      [isAdmin, askedAt] = [true, connection];
    } catch (error) {
      // A gateway that is busy is asked again with the next look.
      if (!(error instanceof RpcError) || NO_ADMIN.has(error.code)) {
        [isAdmin, askedAt] = [false, connection];
        const why = error instanceof Error ? error.message : 'an unknown error';
        logger.warn(`the gateway cannot be acted on (${why}); see OPENCLAW_BRIDGE_GATEWAY_ADMIN_TOKEN_FILE`);
      }
    } finally {
      asking = false;
    }
    if (before !== isAdmin) options.onChange();
  }

  function reach(): Reach {
    if (door === null || actions === null) return { capabilities: [], actionsAddress: null };
    const { address } = actions;
    const port = address?.port === 0 ? door.port : address?.port;
    const host = address?.host.includes(':') ? `[${address.host}]` : address?.host;
    return {
      capabilities: [...actuator.verbs(), ...(isAdmin && applier !== null ? ['config'] : [])],
      actionsAddress: address === null ? null : `${host ?? ''}:${port ?? 0}`,
      tunnelPort: tunnel?.port ?? null,
    };
  }

  return {
    open: async () => {
      const credentials = readCredentials(options.publishing);
      const opened = await createActionsDoor({
        nodeId: options.publishing.nodeId,
        listen: actions.listen,
        credentials,
        clientPins: actions.clientPins,
        actionsPins: settings.actionsPins,
        actuator,
        receipts: new FileReceipts(join(stateDir, 'actions')),
        limits: { gapMs: timings.restartGap, hourMs: timings.restartHour },
        clock,
        logger,
      });
      door = opened;
      unwatch = watchCredentials(options.publishing, credentials, (next) => opened.reload(next), { clock, logger });
      logger.info(`takes signed actions on ${actions.listen.host}, port ${opened.port}`);
      tunnel = tunnelTo(opened.port);
      tunnel?.start();
      await ask();
    },
    close: async () => {
      unwatch();
      await tunnel?.stop();
      await door?.close();
      door = null;
    },
    looked: () => {
      if (door !== null) void ask();
    },
    configured: (parsed) => {
      const { config } = reader.observed();
      if (config?.valid === true && config.converged && config.fullHash !== null) good.offer(parsed, config.fullHash);
    },
    reach,
  };
}
