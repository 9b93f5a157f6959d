import type { Clock } from '@openclaw-fleet/client';
import type { GatewayReader } from '../../gateway/reader.ts';
import type { ManagedFacts } from '../../configuration/sync.ts';
import type { ActionOutcome, ActionProgress, Measurements } from '../types.ts';
import { ended, Refused } from './outcome.ts';

export interface SnapshotParts {
  readonly reader: Pick<GatewayReader, 'observed' | 'look' | 'renew'>;
  readonly managed: () => ManagedFacts;
  /** Sends a heartbeat with everything in it. */
  readonly publishAll: () => void;
  readonly clock: Clock;
}

/** How long the gateway may take to let us in again, in milliseconds. */
const LET_IN = 45_000;
const PACE = 250;

/** Forgets what it knows: a new connection, everything read again, and a heartbeat with all of it. */
export async function snapshot(parts: SnapshotParts, progress: ActionProgress): Promise<ActionOutcome> {
  const { reader, clock } = parts;
  const before = measured(parts);
  await reader.look();
  const { state } = reader.observed().judgement;
  if (state !== 'running') throw new Refused('gateway-unavailable', `the gateway is ${state}.`);
  reader.renew();
  const deadline = clock.monotonic() + LET_IN;
  do {
    await new Promise<void>((resolve) => clock.after(PACE, resolve, true));
  } while (!reader.observed().connected && clock.monotonic() < deadline);
  await reader.look();
  const { connected, readTroubles } = reader.observed();
  for (const trouble of readTroubles) progress.note(trouble);
  if (!connected) return ended('failed', 'The gateway did not let the bridge in again. See the bridge’s log.', before);
  parts.publishAll();
  progress.note('everything was read anew, and a heartbeat with all of it is on its way');
  return ended('succeeded', 'Everything was read anew and is told with the next heartbeat.', before, measured(parts));
}

function measured({ reader, managed }: SnapshotParts): Measurements {
  const { bootId, config, jobs, syncLagMs } = reader.observed();
  return {
    gateway_boot_id: bootId,
    full_config_hash: config?.fullHash ?? null,
    config_hash: managed().configHash,
    config_valid: config?.valid ?? null,
    config_converged: config?.converged ?? null,
    jobs: jobs?.list.total ?? null,
    sync_lag_ms: Math.round(syncLagMs),
  };
}
