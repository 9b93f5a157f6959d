import { LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { TargetPage, TargetQuery } from '@openclaw-fleet/contract';
import type { FleetNode, FleetView } from '../fleet/types.ts';
import { encodeCursor, positionOf } from './cursor.ts';
import { selectPage } from './select.ts';
import { isBridged, RISK_OF, toTarget } from './target.ts';

/** Answers `GET /fleet/targets`. */
export type ListTargets = (query: TargetQuery, nowMs: number) => Promise<TargetPage>;

type Fault = FleetNode['assessment']['faults'][number];

function among<T>(values: readonly T[] | undefined, value: T | null): boolean {
  return values === undefined || (value !== null && values.includes(value));
}

function hasFault(
  node: FleetNode,
  kind: Fault['kind'],
  codes?: readonly string[],
  severities?: readonly string[]
): boolean {
  if (codes === undefined && severities === undefined) return true;
  return node.assessment.faults.some(
    (fault) => fault.kind === kind && among<string>(codes, fault.code) && among<string>(severities, fault.severity)
  );
}

function filterOf(query: TargetQuery, fleet: FleetView, nowMs: number): (node: FleetNode) => boolean {
  const { state, zone, tag, bridged, band, risk, isolated, profile, owner } = query;
  const part = query.q?.toLowerCase() ?? '';
  return (node) =>
    among(zone, node.zone) &&
    among(band, node.assessment.band) &&
    among(risk, RISK_OF[node.assessment.band]) &&
    (isolated === undefined || String(node.isolated) === isolated) &&
    (bridged === undefined || String(isBridged(node)) === bridged) &&
    hasFault(node, 'drift', query.drift, query.driftSeverity) &&
    hasFault(node, 'violation', query.violation, query.violationSeverity) &&
    (profile === undefined || among(profile, fleet.expectation(node).profileId)) &&
    (owner === undefined || among(owner, fleet.expectation(node).owner)) &&
    (tag === undefined || tag.every((each) => node.report.tags.includes(each))) &&
    (part === '' || node.id.toLowerCase().includes(part) || node.report.hostname.toLowerCase().includes(part)) &&
    (state === undefined || state.includes(fleet.liveness(node, nowMs).state));
}

function keyOf(sort: string, fleet: FleetView, nowMs: number): (node: FleetNode) => string | number {
  switch (sort.replace('-', '')) {
    case 'zone':
      return (node) => node.zone;
    case 'state':
      return (node) => LIVENESS_STATES.indexOf(fleet.liveness(node, nowMs).state);
    case 'lastSeenAt':
      return (node) => node.seenMs ?? -1;
    case 'score':
      return (node) => node.assessment.score ?? -1;
    default:
      return (node) => node.report.hostname;
  }
}

/** Makes the one that lists the targets of `fleet`. */
export function targetLister(fleet: FleetView): ListTargets {
  return async (query, nowMs) => {
    const { sort, limit, cursor } = query;
    const { nodes, total, next } = await selectPage(fleet.nodes(), {
      keep: filterOf(query, fleet, nowMs),
      key: keyOf(sort, fleet, nowMs),
      descending: sort.startsWith('-'),
      after: positionOf(sort, cursor),
      limit,
    });
    return {
      items: nodes.map((node) => toTarget(node, fleet, nowMs)),
      total,
      nextCursor: next && encodeCursor(sort, next),
    };
  };
}
