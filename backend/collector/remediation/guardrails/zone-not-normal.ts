import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic, isApproved } from './binds.ts';
import { instant } from './words.ts';

/** A partial zone must be larger than this for automation to go on in it, at a slow pace. */
const LARGE_ZONE = 50;

/**
 * Binds automation: none in a `full` zone, and in a `partial` one 1 per 100 s above 50 nodes, else none. Binds persons
 * without an approval.
 */
export const zoneNotNormal: Guardrail = (context) => {
  const { target, nowMs, timings, lastAutomaticInZoneMs, fleet } = context;
  const { zone, zoneVerdict, zoneExpected } = target;
  if (zoneVerdict === 'normal' && (isAutomatic(context) || fleet.verdict === 'normal')) return null;
  const silent = `Too many targets of zone ${zone} or of the fleet are silent (${zoneVerdict}, ${fleet.verdict}).`;
  if (!isAutomatic(context)) {
    if (isApproved(context)) return null;
    return refuse('zone-not-normal', `${silent} Ask again for a plan that another person approves.`);
  }
  if (zoneVerdict !== 'partial' || zoneExpected <= LARGE_ZONE) {
    return refuse(
      'zone-not-normal',
      `${silent} Automation waits until the zone is normal; a person may act with an approval.`
    );
  }
  const nextMs = (lastAutomaticInZoneMs ?? -Infinity) + timings.partialPace;
  if (nowMs >= nextMs) return null;
  return refuse('zone-not-normal', `${silent} Automation repairs one at a time there, the next at ${instant(nextMs)}.`);
};
