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
 * Whether the answer asks for every optional block: the beat is one of our publishers' and leaves the reported state out,
 * and a block may have been in a beat that was never seen (domain-rules section 1).
 * @param decision on this beat, which was accepted
 */
export function asksFullState(beat: Heartbeat, last: Report | null, decision: Decision): boolean {
  if (beat.seq === undefined || beat.seq === 0 || beat.reported !== undefined || beat.goodbye !== undefined)
    return false;
  if (last === null || decision.missed > 0) return true;
  return beat.boot_id !== last.boot_id && beat.seq > 1;
}
