import { Fleet } from '../../fleet/registry.ts';
import { HealthTally, ScoreTally } from '../../fleet/health-tally.ts';
import type { FleetNode, FleetView } from '../../fleet/types.ts';
import type { Assessment, DriftFault, Expectation, ViolationFault } from '../../assessment/types.ts';

type Health = Pick<FleetNode, 'assessment' | 'isolated'>;

/** An assessment of one who is fine, but for `more`. */
export function assessment(more: Partial<Assessment> = {}): Assessment {
  return { atMs: 0, score: 100, band: 'healthy', points: [20, 20, 20, 20, 20], faults: [], nextMs: Infinity, ...more };
}

const base = { id: 'x', openedMs: 0, message: 'a message', playbook: null, liftedMs: null };

export function drift(code: DriftFault['code'], severity: DriftFault['severity']): DriftFault {
  return { ...base, kind: 'drift', code, severity, expected: 'secret-expected', actual: 'secret-actual' };
}

export function violation(code: ViolationFault['code'], severity: ViolationFault['severity']): ViolationFault {
  return { ...base, kind: 'violation', code, severity, expected: null, actual: null };
}

/** A view of a real fleet in which targets are as assessed as a test says, and belong to the owner it names. */
export function viewOf(
  fleet: Fleet,
  health: Readonly<Record<string, Partial<Health>>> = {},
  expectation: Partial<Expectation> = {}
): FleetView {
  const shown = (node: FleetNode): FleetNode =>
    Object.assign(node, { assessment: assessment(), isolated: false, ...health[node.id] });
  return {
    get size() {
      return fleet.size;
    },
    get: (id) => fleet.get(id),
    nodes: () => [...fleet.nodes()].map(shown),
    liveness: (node, nowMs) => fleet.liveness(node, nowMs),
    flapping: (node, nowMs) => fleet.flapping(node, nowMs),
    available: (node, nowMs) => fleet.available(node, nowMs),
    zoneVerdict: (zone) => fleet.zoneVerdict(zone),
    fleetVerdict: () => fleet.fleetVerdict(),
    subject: (node, nowMs) => fleet.subject(node, nowMs),
    expectation: () => ({ profileId: 'default', owner: null, ...expectation }) as Expectation,
    summary(nowMs) {
      const all = new HealthTally();
      const zones = new Map<string, ScoreTally>();
      for (const node of this.nodes()) {
        all.count(node, 1);
        const zone = zones.get(node.zone) ?? new ScoreTally();
        zone.count(node, 1);
        zones.set(node.zone, zone);
      }
      const summary = fleet.summary(nowMs);
      return {
        ...summary,
        ...all.summary(),
        zones: summary.zones.map((zone) => {
          const tally = zones.get(zone.zone) ?? new ScoreTally();
          return { ...zone, bands: tally.bands, scores: tally.scores() };
        }),
      };
    },
  };
}
