import { statSync } from 'node:fs';
import { schedule } from 'node-cron';
import type { Logger } from 'pino';
import { canaryBeat } from './canary.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Fleet } from './fleet/registry.ts';
import { pkiFiles, renewCollector, type CollectorCredentials } from './identity/pki.ts';
import type { Trust } from './identity/trust.ts';
import type { NodeLimits } from './intake/limits.ts';
import type { Remediation } from './remediation/orchestrator.ts';
import { FencedError, IDEMPOTENCY_KEPT_MS, type EmbeddedStorage } from './storage/index.ts';

/** How often liveness is brought up to date, as a part of the beat; never slower than twice a second. */
const TICKS_PER_BEAT = 120;
/** How often repairs are looked at, as a part of the beat; never slower than once a second. */
const REPAIR_TICKS_PER_BEAT = 12;
const MOST_REPAIR_TICK = 1000;
/** Retention and renewal are looked at once an hour, at a minute when nobody else's jobs run. */
const HOURLY = '23 * * * *';

/** What the clock's jobs work on. */
export interface Upkeep {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  readonly fleet: Fleet;
  readonly remediation: Remediation;
  readonly storage: EmbeddedStorage;
  readonly trust: Trust;
  readonly limits: NodeLimits;
  readonly intakePort: number;
  readonly credentials: () => CollectorCredentials;
  readonly reloadCredentials: () => void;
  readonly onFatal: (error: Error) => void;
}

/** Starts everything that runs by the clock. @returns what stops it */
export function startUpkeep(upkeep: Upkeep): () => void {
  const { config, clock, log, fleet, storage, trust, limits } = upkeep;
  const { durations } = config;
  const tick = setInterval(
    () => {
      fleet.tick(clock()).catch((error: unknown) => {
        if (error instanceof FencedError) upkeep.onFatal(error);
        else log.error({ err: error }, 'liveness could not be brought up to date; it is tried again');
      });
    },
    Math.min(500, durations.beat / TICKS_PER_BEAT)
  );
  const repairs = setInterval(
    () => {
      upkeep.remediation
        .tick()
        .catch((error: unknown) =>
          log.error({ err: error }, 'repairs could not be looked at; they are with the next tick')
        );
    },
    Math.min(MOST_REPAIR_TICK, durations.beat / REPAIR_TICKS_PER_BEAT)
  );
  const canary = setInterval(() => {
    const { host } = config.intake;
    void canaryBeat({
      host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host,
      port: upkeep.intakePort,
      audience: config.intake.audience,
      credentials: upkeep.credentials(),
      nowMs: Date.now(),
      timeoutMs: Math.max(1000, durations.canary / 2),
    }).then((ok) => {
      if (!ok) log.warn('the collector’s own heartbeat through its public listener failed');
      fleet.canary(ok, clock());
    });
  }, durations.canary);
  const unwatchTrust = trust.watch(config.credentials.checkInterval * 1000, (error) =>
    log.error({ err: error }, 'revocations could not be read')
  );
  const unwatchFiles = watchCredentials(upkeep);
  const hourly = schedule(HOURLY, async () => {
    try {
      const nowMs = clock();
      const retired = nowMs - durations.retireAfter;
      const swept = await storage.sweep({
        eventsBeforeMs: nowMs - durations.eventRetention,
        retiredBeforeMs: retired,
        historyBeforeMs: nowMs - durations.historyRetention,
        runsBeforeMs: nowMs - durations.runRetention,
        keysBeforeMs: nowMs - IDEMPOTENCY_KEPT_MS,
      });
      fleet.forgetRetired(retired);
      limits.sweep(nowMs, durations.expectedWindow);
      log.info({ swept }, 'retention swept');
      if (await renewCollector(config.pkiDir, config.credentials.collectorDays, Date.now())) upkeep.reloadCredentials();
    } catch (error) {
      log.error({ err: error }, 'hourly upkeep failed; it is tried again in an hour');
    }
  });
  return () => {
    clearInterval(tick);
    clearInterval(repairs);
    clearInterval(canary);
    unwatchTrust();
    unwatchFiles();
    void hourly.stop();
  };
}

/** Reloads the credentials when their files change; a pair that is half written is tried again at the next look. */
function watchCredentials({ config, log, reloadCredentials }: Upkeep): () => void {
  const { bundle, server, client, tokensKey, actionsKey } = pkiFiles(config.pkiDir);
  const { certFile, keyFile } = config.api.tls;
  const api = certFile === undefined || keyFile === undefined ? [] : [certFile, keyFile];
  const files = [bundle, server.certificate, server.key, client.certificate, client.key, tokensKey, actionsKey, ...api];
  const state = (): string => files.map((file) => `${statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0}`).join();
  let known = state();
  const timer = setInterval(() => {
    try {
      const now = state();
      if (now === known) return;
      reloadCredentials();
      known = now;
    } catch (error) {
      log.warn({ err: error }, 'the credentials changed and cannot be used yet; the old ones stay');
    }
  }, config.credentials.checkInterval * 1000);
  return () => clearInterval(timer);
}
