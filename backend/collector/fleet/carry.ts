import type { Heartbeat } from '@openclaw-fleet/contract';
import type { Report } from '../assessment/types.ts';
import type { Decision } from './ordering.ts';

/**
 * A beat with the blocks it leaves out taken over from the last one: absent means unchanged, never unknown (domain-rules
 * section 1).
 * @param last what the node reported before; null when it is new
 */
export function carryOver(beat: Heartbeat, last: Report | null): Report {
  if (last === null || !leavesOut(beat, last)) return beat;
  const { reported, capabilities, jobs, publisher } = last;
  return {
    ...(reported && { reported }),
    ...(capabilities && { capabilities }),
    ...(jobs && { jobs }),
    ...(publisher && { publisher }),
    ...beat,
  };
}

function leavesOut(beat: Heartbeat, last: Report): boolean {
  return (
    (last.reported !== undefined && beat.reported === undefined) ||
    (last.capabilities !== undefined && beat.capabilities === undefined) ||
    (last.jobs !== undefined && beat.jobs === undefined) ||
    (last.publisher !== undefined && beat.publisher === undefined)
  );
}

/**
 * Whether the answer asks for every optional block, and with them for the configuration report: the beat is one of our
 * publishers', and something was said that was never seen here, be it lost on its way or with a database that was restored
 * from an older backup (domain-rules section 1). A beat with the reported state leaves only the report in doubt, and that
 * only where the configuration is another than the one known.
 * @param decision on this beat, which was accepted
 */
export function asksFullState(beat: Heartbeat, last: Report | null, decision: Decision): boolean {
  if (beat.seq === undefined || beat.seq === 0 || beat.goodbye !== undefined) return false;
  const unseen = decision.missed > 0 || (beat.boot_id !== last?.boot_id && beat.seq > 1);
  if (beat.reported === undefined) return unseen || last === null;
  return unseen && beat.reported.full_config_hash !== last?.reported?.full_config_hash;
}
