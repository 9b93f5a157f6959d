import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { X509Certificate } from 'node:crypto';
import { isProblemName, problem } from '@openclaw-fleet/contract';
import type { Logger } from 'pino';
import { createApi } from './api/app.ts';
import { EventStream } from './api/events.ts';
import { configureServer } from './api/server.ts';
import { createScrapeFinder } from './bridges/address.ts';
import { steadyClock, type Clock } from './clock.ts';
import { ConfigError, loadConfig, type Config, type Environment } from './config.ts';
import { Configurations } from './configurations/service.ts';
import { Fleet } from './fleet/registry.ts';
import { hourOf } from './hour.ts';
import { readPublic, readSecret } from './identity/files.ts';
import { loadPki, renewCollector, type CollectorCredentials } from './identity/pki.ts';
import { verifyApiToken } from './identity/tokens.ts';
import { Trust } from './identity/trust.ts';
import { createIntakeApp } from './intake/app.ts';
import { HeartbeatHandler, type IntakeCounters, type NodeTrust } from './intake/heartbeat.ts';
import { NodeLimits } from './intake/limits.ts';
import { IntakeServer, type ServerCredentials } from './intake/server.ts';
import { TokenVerifier } from './intake/token.ts';
import { configuredIssuers, ownIssuer } from './issuers.ts';
import { createLogger } from './logger.ts';
import { createGrafanaVerifier } from './identity/grafana.ts';
import { signHead } from './audit/head.ts';
import { lookAside } from './audit/look-aside.ts';
import { AuditWatch } from './audit/watch.ts';
import { createRepairs } from './repairs.ts';
import {
  createInstruments,
  registerCollectorSources,
  type CertificateExpiry,
  type Instruments,
} from './metrics/collector.ts';
import { registerAuditMetrics } from './metrics/audit.ts';
import { registerFleetMetrics } from './metrics/fleet.ts';
import { registerRepairMetrics } from './metrics/repairs.ts';
import { createMetricsHandler } from './metrics/handler.ts';
import { createTargetRenderer } from './metrics/render.ts';
import { PolicyFolder } from './policies/folder.ts';
import { Policies } from './policies/service.ts';
import { silenceRepairs } from './silencing.ts';
import { openStorage, type EmbeddedStorage } from './storage/index.ts';
import { startUpkeep } from './upkeep.ts';

export interface Collector {
  readonly intakePort: number;
  readonly apiPort: number;
  /** Stops listening, lets what is under way end, commits and closes. Call it once. */
  stop(): Promise<void>;
}

export const VERSION = (
  JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string }
).version;

/**
 * Puts the parts together and starts them.
 * @param onFatal told when the collector can no longer do its work; the process should end
 * @throws ConfigError, CredentialError, StorageError, or the listen error, each with words for a person
 */
export async function startCollector(config: Config, log: Logger, onFatal: (error: Error) => void): Promise<Collector> {
  // The fleet is not there yet when the clock is.
  const jumped: { tell?: () => void } = {};
  const clock = steadyClock({ onJump: () => jumped.tell?.() });
  const instruments = createInstruments();
  // First, so that what is missing is said once, in the words for it.
  loadPki(config.pkiDir);
  await renewCollector(config.pkiDir, config.credentials.collectorDays, Date.now()).catch((error: unknown) =>
    log.warn({ err: error }, 'the collector’s certificates are due and could not be renewed')
  );
  const credentials = loadPki(config.pkiDir);
  const storage = await openStorage({
    file: join(config.dataDir, 'fleet.db'),
    busyTimeoutMs: config.storage.busyTimeout,
    onCommit: (size, seconds) => {
      instruments.commitBeats.observe(size);
      instruments.commitSeconds.observe(seconds);
    },
    onFailure: onFatal,
  });
  try {
    return await compose({ config, log, onFatal, clock, jumped, instruments, credentials, storage });
  } catch (error) {
    await storage.close();
    throw error;
  }
}

interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly onFatal: (error: Error) => void;
  readonly clock: Clock;
  readonly jumped: { tell?: () => void };
  readonly instruments: Instruments;
  readonly credentials: CollectorCredentials;
  readonly storage: EmbeddedStorage;
}

async function compose({
  config,
  log,
  onFatal,
  clock,
  jumped,
  instruments,
  storage,
  ...parts
}: Parts): Promise<Collector> {
  const { durations } = config;
  let { credentials } = parts;
  const state = { epoch: 0, starts: 0, listening: false };
  const trust = new Trust(storage);
  await trust.refresh();
  const configurations: Configurations = new Configurations({
    store: storage,
    clock,
    actionsKey: () => credentials.actionsKey,
    desired: (nodeId) => policies.configuration(nodeId),
  });
  await configurations.load();
  const policies = new Policies({
    store: storage,
    configurations,
    flags: {
      maxSyncLagMs: config.smartFleet.maxSyncLagMs ?? null,
      minimumBridgeVersion: config.smartFleet.minBridgeVersion ?? null,
    },
    timings: durations,
    clock,
    onError: (error) => log.error({ err: error }, 'targets could not be assessed anew after a change of policy'),
  });
  await policies.load();
  const fleet = new Fleet({
    timings: durations,
    profile: config.timings,
    clock,
    store: storage,
    epoch: () => state.epoch,
    expectations: policies,
    signals: config.smartFleet.enabled,
    observer: instruments.health,
    publishing: instruments.publishing,
    log,
  });
  log.info({ targets: await fleet.load() }, 'the fleet is loaded');
  policies.attach(fleet);
  jumped.tell = () => fleet.awoke(Date.now());

  const onError = (error: unknown): void => {
    instruments.counts.storageFailures += error instanceof Error && error.name === 'StorageError' ? 1 : 0;
    log.error({ err: error }, 'a request failed');
  };
  const limits = new NodeLimits(
    {
      beatsPerInterval: config.intake.rateLimit.perInterval,
      burst: config.intake.rateLimit.burst,
      replays: config.intake.rateLimit.replays,
    },
    durations.replayWindow
  );
  const tokens = new TokenVerifier({
    audience: config.intake.audience,
    issuers: [ownIssuer(() => credentials.tokenKey), ...configuredIssuers(config.intake.issuers)],
  });
  const nodeTrust: NodeTrust = {
    standing: (id, fingerprint) => {
      const standing = trust.standing(id, fingerprint);
      return standing === 'not-enrolled' && !config.intake.requireEnrolment ? 'ok' : standing;
    },
    requiresSignature: (id) =>
      config.intake.requireSignature || policies.of(id).requireSignature || trust.requiresSignature(id),
  };
  const pace = (fingerprint: string): number => {
    const waitMs = limits.waitForRefusals(fingerprint, clock());
    limits.noteRefusal(fingerprint, clock());
    return waitMs;
  };
  const heartbeats = new HeartbeatHandler({
    clock,
    wallClock: Date.now,
    fleet,
    tokens,
    trust: nodeTrust,
    limits,
    defaultIntervalMs: durations.beat,
    futureLimitMs: durations.futureLimit,
    lingerMs: config.storage.linger,
    maxInFlight: config.intake.maxInFlight,
    canary: () => storage.check(),
    counters: intakeCounters(instruments),
    onError,
  });
  const intake = new IntakeServer({
    credentials: serverCredentials(credentials),
    heartbeats,
    trust: nodeTrust,
    rest: createIntakeApp({
      store: storage,
      trust,
      credentials: () => credentials,
      audience: config.intake.audience,
      requireEnrolment: config.intake.requireEnrolment,
      nodeDays: config.credentials.nodeDays,
      clock: Date.now,
      pace,
      revisions: { configurations, tokens, trust: nodeTrust, wallClock: Date.now },
      onError,
    }),
    keepAliveMs: 2.5 * durations.beatMax,
    maxConnections: config.intake.maxConnections,
    requestTimeoutMs: config.intake.bodyTimeout * 1000,
  });
  trust.onRevoked(({ nodeIds, fingerprints }) => {
    intake.dismiss((peer) => peer.kind === 'node' && trust.isRevoked(peer.id, peer.fingerprint));
    log.warn({ nodes: nodeIds, certificates: fingerprints }, 'revoked: their connections were closed');
  });

  const repairs = await createRepairs({
    config,
    log,
    clock,
    storage,
    fleet,
    policies,
    trust,
    credentials: () => credentials,
    epoch: () => state.epoch,
    observer: instruments.repairs,
  });
  const silencing = silenceRepairs({
    config,
    log,
    clock,
    fleet,
    remediation: repairs.remediation,
    state: instruments.alertmanager.silences,
  });
  const events = new EventStream({ store: storage, counts: instruments.counts, gauge: instruments.stream });
  registerFleetMetrics(instruments.registry, fleet, clock);
  registerCollectorSources(instruments, {
    version: VERSION,
    timings: config.timings,
    storageBytes: () => storage.sizes(),
    recentStarts: () => state.starts,
    certificates: () => expiries(credentials, apiCredentials(config)?.cert),
    tokens: () => trust.tokens(),
    wallClock: Date.now,
  });
  registerRepairMetrics(instruments.registry, {
    status: () => repairs.remediation.status(),
    open: () => repairs.remediation.open(),
    holds: () => repairs.remediation.holds(null),
    recent: (sinceMs) => repairs.remediation.recent(sinceMs),
    recentMs: hourOf(config.timings),
    auditHead: () => storage.auditHead(),
    perTarget: { level: config.metrics.perTarget, zone: (id) => fleet.get(id)?.zone },
    onFailure: () => instruments.counts.sourceFailures++,
    clock,
  });
  const auditWatch = new AuditWatch({
    look: lookAside(join(config.dataDir, 'fleet.db'), config.storage.busyTimeout),
    wallClock: Date.now,
    hourMs: hourOf(config.timings),
    after: (ms, what) => {
      const timer = setTimeout(what, ms);
      return () => clearTimeout(timer);
    },
    log,
    onFailure: () => instruments.counts.sourceFailures++,
  });
  registerAuditMetrics(instruments.registry, () => auditWatch.standing());
  const scrapeAddress = createScrapeFinder(config.bridges);
  const api = createApi({
    fleet,
    history: storage,
    policies,
    configurations,
    timings: durations,
    remediation: repairs.remediation,
    proposals: repairs.proposals,
    bridges: repairs.bridges,
    metricsOf: ({ id, report }) =>
      nodeTrust.standing(id, trust.node(id)?.fingerprint ?? '') === 'ok'
        ? scrapeAddress(report.reported?.metrics_address)
        : null,
    auditTrail: storage,
    signAuditHead: (head) => signHead(head, Date.now(), credentials.actionsKey),
    audit: (entry) => storage.appendAudit(entry),
    countAlert: (outcome) => instruments.alertmanager.alerts[outcome]++,
    smartFleet: config.smartFleet.enabled,
    clock,
    events,
    metrics: createMetricsHandler({
      instruments,
      fleet,
      clock,
      renderer: createTargetRenderer(config.metrics.perTarget, trust),
    }),
    authenticate: async (authorization) => {
      let verdict = verifyApiToken(authorization, trust, Date.now());
      if (!verdict.ok && verdict.problem === 'invalid-token') {
        await trust.refreshForUnknown(Date.now()).catch(onError);
        verdict = verifyApiToken(authorization, trust, Date.now());
      }
      return verdict.ok ? verdict : problem(verdict.problem, verdict.reason);
    },
    grafana: grafanaOf(config, log),
    ready: async () => {
      const failing = state.listening ? [] : ['the intake does not listen yet'];
      await storage.check().catch((error: unknown) => failing.push(`storage: ${(error as Error).message}`));
      return failing;
    },
    log,
    count: (route, status) => instruments.apiRequests.inc({ route, code: String(status) }),
    version: VERSION,
  });
  const tls = apiCredentials(config);
  const secured = tls && createTlsServer({ ...tls, minVersion: 'TLSv1.2' }, api);
  const apiServer = secured ?? createPlainServer(api);
  configureServer(apiServer);

  const intakePort = await intake.listen(config.intake.port, config.intake.host).catch(named('intake', config.intake));
  const apiPort = await listen(apiServer, config.api.port, config.api.host).catch(async (error: unknown) => {
    await intake.close(0);
    return named('api', config.api)(error);
  });
  // Not before the ports are ours: a second start by mistake must not depose the collector that runs.
  state.epoch = await storage.takeEpoch();
  state.starts = await storage.noteStart(clock(), clock() - durations.restartWindow);
  if (state.starts >= 3)
    log.warn({ starts: state.starts }, 'the collector was started again and again: look for what ends it');
  const policyFolder = await PolicyFolder.start({
    dir: config.policies.dir ?? null,
    policies: policies.provisioned,
    configurations,
    clock,
    log,
  });
  state.listening = true;

  const reloadCredentials = (): void => {
    const before = credentials.ca;
    credentials = loadPki(config.pkiDir);
    intake.reload(serverCredentials(credentials));
    // What an authority vouched for that is not trusted any more.
    if (credentials.ca !== before) intake.dismiss(() => true);
    const renewed = apiCredentials(config);
    if (secured && renewed) secured.setSecureContext(renewed);
    log.info('the credentials were reloaded');
  };
  const stopUpkeep = startUpkeep({
    config,
    clock,
    log,
    fleet,
    remediation: repairs.remediation,
    storage,
    trust,
    limits,
    intakePort,
    credentials: () => credentials,
    reloadCredentials,
    onFatal,
  });

  silencing.start();
  auditWatch.start();

  return {
    intakePort,
    apiPort,
    async stop() {
      silencing.stop();
      stopUpkeep();
      repairs.close();
      await policyFolder.stop();
      await auditWatch.stop();
      const deadline = config.shutdown.deadline * 1000;
      events.close();
      const apiClosed = new Promise((resolve) => apiServer.close(resolve));
      apiServer.closeIdleConnections();
      const cut = setTimeout(() => apiServer.closeAllConnections(), deadline).unref();
      await Promise.all([intake.close(deadline), apiClosed]);
      clearTimeout(cut);
      await storage.close();
    },
  };
}

/** Who asks through Grafana; null where it is not set up. Throws ConfigError naming the setting, or CredentialError. */
function grafanaOf({ grafana }: Config, log: Logger): ReturnType<typeof createGrafanaVerifier> | null {
  const { url, secretFile } = grafana;
  if (url === undefined && secretFile === undefined) return null;
  if (url === undefined || secretFile === undefined) {
    const [missing, other] = url === undefined ? ['url', 'secretFile'] : ['secretFile', 'url'];
    throw new ConfigError([
      {
        setting: `grafana.${missing}`,
        message: `is missing: grafana.${other} is set, and one does nothing without the other`,
      },
    ]);
  }
  return createGrafanaVerifier({ ...grafana, url, secretFile, clock: Date.now, log });
}

/** What the API shows; null where it listens on loopback without TLS. Throws CredentialError naming the file and the fix. */
function apiCredentials({ api: { tls } }: Config): { cert: string; key: string } | null {
  if (tls.certFile === undefined || tls.keyFile === undefined) return null;
  return { cert: readPublic(tls.certFile), key: readSecret(tls.keyFile) };
}

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Turns a listen error into one that names the setting. */
function named(section: 'intake' | 'api', { host, port }: { host: string; port: number }): (error: unknown) => never {
  return (error) => {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${code ?? message})`;
    throw new ConfigError([
      { setting: `${section}.port`, message: `${host}:${port} ${why}: stop what uses it, or set another port` },
    ]);
  };
}

function serverCredentials({ server, ca }: CollectorCredentials): ServerCredentials {
  return { certificate: server.certificate, key: server.privateKey, authority: ca };
}

function expiries({ ca, server, client }: CollectorCredentials, api: string | undefined): CertificateExpiry[] {
  const end = (pem: string): number => new X509Certificate(pem).validToDate.getTime();
  return [
    { name: 'authority', notAfterMs: end(ca) },
    { name: 'server', notAfterMs: end(server.certificate) },
    { name: 'client', notAfterMs: end(client.certificate) },
    ...(api === undefined ? [] : [{ name: 'api' as const, notAfterMs: end(api) }]),
  ];
}

function intakeCounters({
  heartbeats,
  heartbeatSeconds,
  countRefused,
  counts,
  tokenCache,
}: Instruments): IntakeCounters {
  return {
    answered(outcome, seconds) {
      heartbeatSeconds.observe(seconds);
      if (outcome === 'accepted' || outcome === 'duplicate' || outcome === 'superseded') heartbeats[outcome]++;
      else if (outcome === 'heartbeat-conflict') heartbeats.conflict++;
      else if (isProblemName(outcome)) countRefused(outcome);
    },
    droppedFields(count) {
      counts.unknownFields += count;
    },
    tokenCache(hit) {
      tokenCache[hit ? 'hit' : 'miss']++;
    },
  };
}

/**
 * Runs the collector until it is told to stop (SIGTERM, SIGINT) or can no longer do its work; then the process ends.
 * @param env settings, as in docs/settings.md
 */
export async function main(env: Environment): Promise<void> {
  const { config } = loadConfig(env, (path) => readFileSync(path, 'utf8'));
  const log = createLogger(config.logging.level);
  let ending = false;
  const end = (collector: Collector | null, code: number): void => {
    if (ending) return;
    ending = true;
    setTimeout(() => process.exit(1), (config.shutdown.deadline + 5) * 1000).unref();
    void Promise.resolve(collector?.stop())
      .catch((error: unknown) => log.error({ err: error }, 'the stop failed'))
      .then(() => process.exit(code));
  };
  const running: { collector: Collector | null } = { collector: null };
  running.collector = await startCollector(config, log, (error) => {
    log.fatal({ err: error }, 'the collector cannot go on');
    end(running.collector, 1);
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      log.info({ signal }, 'stopping');
      end(running.collector, 0);
    });
  }
  const { intakePort, apiPort } = running.collector;
  const { timings, intake, api } = config;
  if (timings === 'demo') log.warn('demo timings: twenty times as fast as production, for demonstrations alone');
  const scheme = api.tls.certFile === undefined ? 'http' : 'https';
  log.info(
    { intake: `https://${intake.host}:${intakePort}`, api: `${scheme}://${api.host}:${apiPort}`, timings },
    'the collector is ready'
  );
}
