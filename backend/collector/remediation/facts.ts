import type { DriftMode, FleetSummary, Timings, ZoneSummary } from '@openclaw-fleet/contract';
import type { Expectation } from '../assessment/types.ts';
import type { Clock } from '../clock.ts';
import type { FleetNode, FleetView } from '../fleet/types.ts';
import type { PolicyService } from '../policies/types.ts';
import { openFaultKeys, repairFaults } from './rules/faults.ts';
import type { FleetFacts, FleetStanding, TargetFacts } from './types.ts';

/** The fleet is summed up at most this often. Milliseconds. */
const SUMMARY_MS = 1000;
/** Who became expired or critical is counted at most this often. Milliseconds. */
const BLAST_MS = 2000;
/** Time of one turn of the event loop, with what whoever asks does with each candidate. Milliseconds. */
const TURN_MS = 3;

/** What remediation needs of the registry beyond what everybody reads. */
export interface RepairableFleet extends Pick<
  FleetView,
  'get' | 'nodes' | 'liveness' | 'fleetVerdict' | 'zoneVerdict'
> {
  summary(nowMs: number): FleetSummary;
  /** No new automation before this (domain-rules section 2). Milliseconds of our clock. */
  automationFromMs(): number;
}

interface Parts {
  readonly fleet: RepairableFleet;
  readonly policies: Pick<PolicyService, 'of' | 'window' | 'guardrails'>;
  readonly timings: Timings;
  readonly clock: Clock;
}

/** One target may be kept out of what its profile says. */
function driftModeOf({ driftMode, desired }: Expectation): DriftMode {
  return driftMode === 'ApplyAndAutoCorrect' && !desired.allowAutoRemediation ? 'ApplyAndMonitor' : driftMode;
}

/** The fleet, its policies and its verdicts, as the guardrails look at them. */
export function fleetFacts({ fleet, policies, timings, clock }: Parts): FleetFacts {
  let summary: { atMs: number; zones: ReadonlyMap<string, ZoneSummary>; expected: number } | null = null;
  let blast: { atMs: number; count: FleetStanding['blast'] } | null = null;

  function summed(nowMs: number): NonNullable<typeof summary> {
    if (summary === null || nowMs < summary.atMs || nowMs - summary.atMs >= SUMMARY_MS) {
      const { zones, expected } = fleet.summary(nowMs);
      summary = { atMs: nowMs, zones: new Map(zones.map((zone) => [zone.zone, zone])), expected };
    }
    return summary;
  }

  function factsOf(node: FleetNode, nowMs: number): TargetFacts {
    const { report } = node;
    const { faults } = node.assessment;
    const expectation = policies.of(node.id);
    const { state } = fleet.liveness(node, nowMs);
    const bridged = report.reported !== undefined;
    const jobs = report.jobs ?? null;
    const { open, reason, window } = policies.window(node.id, nowMs);
    const looked = { state, seenMs: node.seenMs, intervalMs: node.intervalMs, faults, jobs, bridged };
    return {
      id: node.id,
      name: report.hostname,
      zone: node.zone,
      zoneVerdict: fleet.zoneVerdict(node.zone),
      zoneExpected: summed(nowMs).zones.get(node.zone)?.expected ?? 0,
      owner: expectation.owner,
      tags: report.tags,
      profileId: expectation.profileId,
      state,
      seenMs: node.seenMs,
      intervalMs: node.intervalMs,
      bridged,
      capabilities: report.capabilities ?? [],
      isolated: node.isolated,
      reported: report.reported ?? null,
      jobs,
      openFaults: openFaultKeys(faults),
      repairable: repairFaults(looked, nowMs, timings),
      desiredRevision: expectation.revision,
      desiredConfigHash: expectation.desired.configHash,
      driftMode: driftModeOf(expectation),
      guardrails: policies.guardrails(node.id),
      windowOpen: open,
      windowReason: reason,
      window,
    };
  }

  /** Expected targets of normal zones, and those of them that became expired or critical lately. */
  function counted(nowMs: number): FleetStanding['blast'] {
    if (blast !== null && nowMs >= blast.atMs && nowMs - blast.atMs < BLAST_MS) return blast.count;
    let [of, became] = [0, 0];
    for (const { zone, verdict, expected } of summed(nowMs).zones.values()) {
      if (verdict === 'normal' && fleet.zoneVerdict(zone) === 'normal') of += expected;
    }
    const since = nowMs - timings.blastWindow;
    for (const node of fleet.nodes()) {
      if (node.state === 'retired' || node.state === 'stopped') continue;
      const expired = node.state === 'expired' && node.stateSinceMs >= since;
      const critical = node.assessment.band === 'critical' && node.bandSinceMs >= since;
      if ((expired || critical) && fleet.zoneVerdict(node.zone) === 'normal') became += 1;
    }
    blast = { atMs: nowMs, count: { of, became } };
    return blast.count;
  }

  return {
    get(targetId) {
      const node = fleet.get(targetId);
      return node === undefined ? null : factsOf(node, clock());
    },
    standing(nowMs) {
      const { zones, expected } = summed(nowMs);
      // A zone of which nothing is expected says nothing.
      const judged = [...zones.values()].filter((zone) => zone.expected > 0);
      return {
        verdict: fleet.fleetVerdict(),
        zones: judged.length,
        normalZones: judged.filter(({ zone }) => fleet.zoneVerdict(zone) === 'normal').length,
        expected,
        // Walks the fleet, and most who ask for the standing do not look at it.
        get blast() {
          return counted(nowMs);
        },
        automationFromMs: fleet.automationFromMs(),
      };
    },
    async *candidates() {
      let turnMs = performance.now();
      for (const node of fleet.nodes()) {
        if (performance.now() - turnMs > TURN_MS) {
          await new Promise(setImmediate);
          turnMs = performance.now();
        }
        const wrong = node.assessment.faults.length > 0 || node.state === 'expired' || node.report.jobs !== undefined;
        if (node.state === 'retired' || !wrong) continue;
        const facts = factsOf(node, clock());
        if (facts.repairable.length > 0) yield facts;
      }
    },
    resolve({ zone, tag, profile }) {
      const found: string[] = [];
      for (const node of fleet.nodes()) {
        if (node.state === 'retired') continue;
        if (zone !== undefined && !zone.includes(node.zone)) continue;
        if (tag !== undefined && !tag.every((one) => node.report.tags.includes(one))) continue;
        if (profile !== undefined && !profile.includes(policies.of(node.id).profileId)) continue;
        found.push(node.id);
      }
      return found.sort();
    },
  };
}
