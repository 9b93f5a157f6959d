import type { Logger } from 'pino';
import { createBridgeClient } from './bridges/client.ts';
import type { BridgeTransports } from './bridges/client.ts';
import type { BridgeObserver } from './bridges/types.ts';
import type { Clock } from './clock.ts';
import type { Config } from './config.ts';
import type { Fleet } from './fleet/registry.ts';
import type { CollectorCredentials } from './identity/pki.ts';
import type { Trust } from './identity/trust.ts';
import { Proposals } from './policies/proposals.ts';
import type { Policies } from './policies/service.ts';
import { fleetFacts } from './remediation/facts.ts';
import { Remediation } from './remediation/orchestrator.ts';
import { inRollout } from './remediation/rules/rollout.ts';
import type { RemediationObserver } from './remediation/types.ts';
import type { EmbeddedStorage } from './storage/index.ts';

export interface RepairParts {
  readonly config: Config;
  readonly log: Logger;
  readonly clock: Clock;
  readonly storage: EmbeddedStorage;
  readonly fleet: Fleet;
  readonly policies: Policies;
  readonly trust: Trust;
  readonly credentials: () => CollectorCredentials;
  /** The epoch under which this collector decides. */
  readonly epoch: () => number;
  readonly observer: RemediationObserver & BridgeObserver;
}

export interface Repairs {
  readonly remediation: Remediation;
  readonly proposals: Proposals;
  /** How bridges are reached. */
  readonly bridges: Pick<BridgeTransports, 'link'>;
  /** Nothing new begins, and connections to bridges are closed. What a node does goes on, and is asked about after a start. */
  close(): void;
}

/** The acting side: reads what is stored, and gives what carries repairs out. Nothing begins before its first tick. */
export async function createRepairs(parts: RepairParts): Promise<Repairs> {
  const { config, log, clock, storage, fleet, policies, trust, credentials } = parts;
  const { percent, runbookUrl } = config.automation;
  // Nobody could see, pause or cancel what it does while the addresses for that are switched off.
  const enabled = config.automation.enabled && config.smartFleet.enabled;
  const bridges = createBridgeClient({
    reported: (targetId) => fleet.get(targetId)?.report.reported ?? null,
    settings: config.bridges,
    timeoutMs: config.bridges.timeout * 1000,
    credentials,
    standing: (nodeId, fingerprint) => {
      const standing = trust.standing(nodeId, fingerprint);
      return standing === 'not-enrolled' && !config.intake.requireEnrolment ? 'ok' : standing;
    },
    observer: parts.observer,
    log,
    clock,
    random: Math.random,
  });
  const forget = trust.onRevoked(({ nodeIds }) => bridges.dismiss(nodeIds));
  const remediation = new Remediation({
    store: storage,
    epoch: parts.epoch,
    fleet: fleetFacts({ fleet, policies, timings: config.durations, clock }),
    acts: fleet,
    bridges,
    timings: config.durations,
    automation: () => ({ enabled, percent }),
    clock,
    runbookUrl: runbookUrl ?? 'docs/repairs.md',
    observer: parts.observer,
    log,
  });
  await remediation.load();
  const proposals = new Proposals({
    policies,
    store: storage,
    automation: (targetId) => enabled && inRollout(targetId, percent),
    timings: config.durations,
    clock,
  });
  await proposals.load();
  return {
    remediation,
    proposals,
    bridges,
    close() {
      forget();
      remediation.stop();
      bridges.close();
    },
  };
}
