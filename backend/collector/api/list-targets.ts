import { BANDS, LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { Band, TargetPage, TargetQuery } from '@openclaw-fleet/contract';
import type { FleetNode, FleetView, Selection } from '../fleet/types.ts';
import { encodeCursor, positionOf } from './cursor.ts';
import { RISK_OF, toTarget } from './target.ts';

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

/** What a list asks of the nodes themselves; null: nothing. */
function keepOf(query: TargetQuery, fleet: FleetView): ((node: FleetNode) => boolean) | null {
  const { tag, profile, owner } = query;
  const part = query.q?.toLowerCase() ?? '';
  const faults = [query.drift, query.driftSeverity, query.violation, query.violationSeverity];
  if ([...faults, tag, profile, owner].every((asked) => asked === undefined) && part === '') return null;
  return (node) =>
    hasFault(node, 'drift', query.drift, query.driftSeverity) &&
    hasFault(node, 'violation', query.violation, query.violationSeverity) &&
    (profile === undefined || among(profile, fleet.expectation(node).profileId)) &&
    (owner === undefined || among(owner, fleet.expectation(node).owner)) &&
    (tag === undefined || tag.every((each) => node.report.tags.includes(each))) &&
    (part === '' || node.id.toLowerCase().includes(part) || node.report.hostname.toLowerCase().includes(part));
}

/** The bands that a list asks for, by name or by risk; null: any. */
function bandsOf({ band, risk }: TargetQuery): Band[] | null {
  if (band === undefined && risk === undefined) return null;
  return BANDS.filter((each) => among(band, each) && among(risk, RISK_OF[each]));
}

const asked = (flag: 'true' | 'false' | undefined): boolean | null => (flag === undefined ? null : flag === 'true');

/** What `keyOf` gives in each order. */
const KEY_KINDS = {
  name: 'string',
  zone: 'string',
  state: 'number',
  lastSeenAt: 'number',
  score: 'number',
} as const satisfies Record<Selection['sort'], string>;

/** What a cursor holds of a node, in an order. */
function keyOf(sort: Selection['sort'], node: FleetNode, fleet: FleetView, nowMs: number): string | number {
  switch (sort) {
    case 'zone':
      return node.zone;
    case 'state':
      return LIVENESS_STATES.indexOf(fleet.liveness(node, nowMs).state);
    case 'lastSeenAt':
      return node.seenMs ?? -1;
    case 'score':
      return node.assessment.score ?? -1;
    case 'name':
      return node.report.hostname;
  }
}

/** Makes the one that lists the targets of `fleet`. */
export function targetLister(fleet: FleetView): ListTargets {
  return async (query, nowMs) => {
    const sort = query.sort.replace('-', '') as Selection['sort'];
    const { nodes, total, more } = await fleet.select(
      {
        zones: query.zone ?? null,
        bands: bandsOf(query),
        states: query.state ?? null,
        bridged: asked(query.bridged),
        isolated: asked(query.isolated),
        drifted: query.drift !== undefined || query.driftSeverity !== undefined,
        violating: query.violation !== undefined || query.violationSeverity !== undefined,
        keep: keepOf(query, fleet),
        sort,
        descending: query.sort.startsWith('-'),
        after: positionOf(query.sort, KEY_KINDS[sort], query.cursor),
        limit: query.limit,
      },
      nowMs
    );
    const last = nodes.at(-1);
    return {
      items: nodes.map((node) => toTarget(node, fleet, nowMs)),
      total,
      nextCursor: more && last ? encodeCursor(query.sort, { key: keyOf(sort, last, fleet, nowMs), id: last.id }) : null,
    };
  };
}
