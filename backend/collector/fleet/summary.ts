import { LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { FleetSummary, Timings, TimingsProfile } from '@openclaw-fleet/contract';
import { isFlapping } from './flapping.ts';
import type { Judge } from './judge.ts';
import { PHASES, stateOf } from './liveness.ts';
import type { Roster } from './roster.ts';

/** The fleet in numbers, as of the last tick. It costs by zones and by nodes that ever departed, not by nodes. */
export function summarize(
  roster: Roster,
  judge: Judge,
  timings: Timings,
  profile: TimingsProfile,
  startedMs: number,
  nowMs: number
): FleetSummary {
  const states = Object.fromEntries(LIVENESS_STATES.map((state) => [state, 0])) as FleetSummary['states'];
  const zones: FleetSummary['zones'] = [];
  let expected = 0;
  let online = 0;
  for (const zone of roster.zones.values()) {
    const { name, verdict, total } = zone;
    zones.push({
      zone: name,
      verdict,
      expected: zone.expected,
      online: zone.online,
      total,
      bands: { ...zone.scores.bands },
      scores: zone.scores.scores(),
    });
    expected += zone.expected;
    online += zone.online;
    const held = zone.due.size > 0 && judge.zoneHeld(zone, nowMs) !== null;
    for (const phase of PHASES) states[stateOf(phase, held)] += zone.phases[phase];
  }
  let flapping = 0;
  for (const { departures } of roster.departed) if (isFlapping(departures, nowMs, timings.flapWindow)) flapping++;
  return {
    at: new Date(nowMs).toISOString(),
    timings: profile,
    verdict: { value: judge.verdict, reason: judge.reason(nowMs), since: new Date(judge.sinceMs).toISOString() },
    total: roster.nodes.size,
    expected,
    online,
    states,
    bridged: roster.bridged,
    flapping,
    ...roster.health.summary(),
    zones,
    expiryHeld: judge.fleetHeld(nowMs),
    startedAt: new Date(startedMs).toISOString(),
  };
}
