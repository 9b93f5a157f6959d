import type { Logger } from 'pino';
import { createSilencing, runLink, type Silencing } from './alertmanager/index.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Fleet } from './fleet/registry.ts';
import type { Remediation } from './remediation/orchestrator.ts';
import { isInFlight } from './remediation/run-machine.ts';

export interface SilencingParts {
  readonly config: Pick<Config, 'alertmanager' | 'durations' | 'grafana'>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly fleet: Pick<Fleet, 'get'>;
  readonly remediation: Pick<Remediation, 'open' | 'run'>;
  /** Written for metrics. */
  readonly state: { held: number; failures: number };
}

/**
 * Silences symptoms of each target in Alertmanager while a repair acts on it, where `alertmanager.url` is set.
 * @throws CredentialError when a file of the settings cannot be used
 */
export function silenceRepairs({ config, log, clock, fleet, remediation, state }: SilencingParts): Silencing {
  return createSilencing(config.alertmanager, {
    acting: () =>
      remediation
        .open()
        .filter((run) => isInFlight(run.state))
        .map(({ id, targetId }) => ({
          id,
          targetId,
          name: fleet.get(targetId)?.report.hostname ?? targetId,
          url: runLink(config.grafana, id),
        })),
    known: async (runId) => (await remediation.run(runId)) !== null,
    lastsMs: config.durations.silence,
    lookMs: config.durations.beat,
    clock,
    wallClock: Date.now,
    random: Math.random,
    state,
    log,
  });
}
