import { systemClock } from './clock.ts';
import { createCredentialStore } from './credentials.ts';
import { createDelivery } from './delivery.ts';
import { createQuietLog, stderrLogger } from './log.ts';
import type { QuietLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import { createRunningPublisher } from './publisher.ts';
import { createRenewal } from './renewal.ts';
import { resolveSettings } from './settings.ts';
import type { ResolvedSettings } from './settings.ts';
import { beside, tokenSource } from './token-source.ts';
import { createTransport } from './transport.ts';
import type { Publisher, PublisherHost, PublisherOptions } from './types.ts';

export { applyBackpressure } from './backpressure.ts';
export { systemClock } from './clock.ts';
export { stderrLogger } from './log.ts';
export { createCollectorRequests } from './requests.ts';
export type { CollectorReply, CollectorRequest, CollectorRequests } from './requests.ts';
export { isInRollout, rolloutPosition } from './rollout.ts';
export { isLoopback, optionsFromEnv } from './settings.ts';
export type {
  Clock,
  Disabled,
  Logger,
  Publisher,
  PublisherHost,
  PublisherOptions,
  PublisherSettings,
  PublisherStats,
  Snapshot,
  SnapshotFunction,
  TokenMode,
} from './types.ts';

const NO_OPTIONS: PublisherOptions = {
  disabled: 'createPublisher() was called without options; pass those of optionsFromEnv() and a snapshot function',
  snapshot: () => ({}),
};

/**
 * Makes the publisher of one node; `start()` begins. With bad settings, or none, it is a publisher that does nothing and
 * says why in the log and in `disabledReason`. Never throws.
 */
export function createPublisher(options: PublisherOptions = NO_OPTIONS): Publisher {
  const log = createQuietLog(options.logger ?? stderrLogger);
  const settings = 'disabled' in options ? options : resolveSettings(options);
  if ('disabled' in settings) {
    const message = `publishing is off: ${settings.disabled}`;
    if (settings.byChoice) log.info(message);
    else log.warn('settings', message);
    return disabledPublisher(settings.disabled);
  }
  return assemble(settings, options, log);
}

function assemble(settings: ResolvedSettings, host: PublisherHost, log: QuietLog): Publisher {
  const { endpoint, clientTimings: timings } = settings;
  const clock = host.clock ?? systemClock;
  const random = host.random ?? Math.random;
  const metrics = createMetrics();
  const transport = createTransport(endpoint, settings.serverPins, clock);
  const store = createCredentialStore(settings, {
    onTrouble: (trouble) => {
      if (trouble !== null) log.warn('credentials', trouble);
      else if (log.clear('credentials')) log.info('the new credentials are in use');
    },
    onExposedKey: (exposure) => {
      if (exposure !== null) log.warn('key-mode', exposure);
      else log.clear('key-mode');
    },
  });
  return createRunningPublisher({
    settings,
    snapshot: host.snapshot,
    onReply: host.onReply,
    clock,
    random,
    log,
    metrics,
    delivery: createDelivery({
      endpoint,
      store,
      tokens: tokenSource(settings, transport, clock),
      transport,
      signPayload: settings.signPayload,
      timeoutMs: timings.requestTimeout,
      metrics,
    }),
    renewal: createRenewal({
      nodeId: settings.nodeId,
      files: settings,
      path: beside(endpoint, 'renew'),
      wanted: settings.renew,
      transport,
      clock,
      random,
      timings,
      log,
    }),
    disconnect: () => transport.close(),
  });
}

function disabledPublisher(reason: string): Publisher {
  return {
    disabledReason: reason,
    start: () => undefined,
    publishSoon: () => undefined,
    stop: () => Promise.resolve(),
    metrics: () => createMetrics().render(0),
    stats: () => ({ success: 0, failures: {}, dropped: 0, buffered: 0, intervalSeconds: 0 }),
  };
}
