import { LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { TargetPage, TargetQuery } from '@openclaw-fleet/contract';
import type { FleetNode, FleetView, Selection } from '../fleet/types.ts';
import { encodeCursor, positionOf } from './cursor.ts';
import { filterOf } from './target-filter.ts';
import { toTarget } from './target.ts';

/** Answers `GET /fleet/targets`. */
export type ListTargets = (query: TargetQuery, nowMs: number) => Promise<TargetPage>;

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
        ...filterOf(query, fleet),
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
