import type { Availability } from '@openclaw-fleet/contract';
import { explain } from '../../assessment/explain.ts';
import type { FleetNode } from '../../fleet/types.ts';
import { failure, noTarget, ProblemError } from '../call.ts';
import type { Handlers } from '../call.ts';
import { encodeCursor, positionOf } from '../cursor.ts';
import { targetLister } from '../list-targets.ts';
import { mapHandler } from '../map.ts';
import type { Parts } from '../parts.ts';
import { selectPage } from '../select.ts';
import { ageSeconds, toTarget } from '../target.ts';

/** The registered target of that id. @throws {ProblemError} when there is none */
export function nodeOf({ fleet }: Pick<Parts, 'fleet'>, { targetId }: { readonly targetId: string }): FleetNode {
  const node = fleet.get(targetId);
  if (node === undefined) throw noTarget();
  return node;
}

const BY_ID = 'node_id';

type TargetRoute =
  'listTargets' | 'getFleetMap' | 'getTarget' | 'getHealthScore' | 'getSummary' | 'confirmOutage' | 'listAvailable';

/** How the fleet and its targets are doing now. */
export function targetHandlers(parts: Parts): Handlers<TargetRoute> {
  const { fleet, clock, timings, audit } = parts;
  const list = targetLister(fleet);
  const map = mapHandler(fleet, clock);
  return {
    listTargets: ({ query }) => list(query, clock()),
    async getFleetMap({ query, response }) {
      const refused = await map(query, response);
      if (refused) throw new ProblemError(refused);
      return undefined;
    },
    getTarget({ params }) {
      const target = toTarget(nodeOf(parts, params), fleet, clock());
      const bridge = parts.bridges.link(target.id);
      return bridge === null ? target : { ...target, bridge };
    },
    getHealthScore({ params }) {
      const node = nodeOf(parts, params);
      const { assessment, bandSinceMs } = node;
      return explain(fleet.subject(node, assessment.atMs), fleet.expectation(node), assessment, bandSinceMs, timings);
    },
    getSummary: () => fleet.summary(clock()),
    async confirmOutage({ body: { reason }, caller: { actor } }) {
      const nowMs = clock();
      const notBlind = failure(
        'conflict',
        'The fleet is not blind: expiry goes on already, nothing is to be confirmed.'
      );
      if (fleet.fleetVerdict() !== 'blind') throw notBlind;
      await audit({ actor, action: 'fleet.outage-confirmed', subject: 'fleet', reason, atMs: nowMs, data: {} });
      try {
        fleet.confirmOutage(reason, actor.name, nowMs);
      } catch (error) {
        // It saw again while that was written.
        throw error instanceof RangeError ? notBlind : error;
      }
      return fleet.summary(nowMs);
    },
    async listAvailable({ query }): Promise<Availability> {
      const { tag, min_slots, limit, cursor } = query;
      const nowMs = clock();
      const slots = (node: FleetNode): number | null => node.report.capacity['available_slots'] ?? null;
      const { nodes, total, next } = await selectPage(fleet.nodes(), {
        keep: (node) =>
          fleet.available(node, nowMs) &&
          (tag === undefined || tag.every((each) => node.report.tags.includes(each))) &&
          (min_slots === undefined || (slots(node) ?? -1) >= min_slots),
        key: (node) => node.id,
        descending: false,
        after: positionOf(BY_ID, 'string', cursor),
        limit,
      });
      return {
        nodes: nodes.map((node) => ({
          node_id: node.id,
          hostname: node.report.hostname,
          version: node.report.version,
          capacity: node.report.capacity,
          queue_depth: node.report.queue_depth,
          available_slots: slots(node),
          tags: node.report.tags,
          age_seconds: ageSeconds(node, nowMs) ?? 0,
        })),
        total,
        next_cursor: next && encodeCursor(BY_ID, next),
      };
    },
  };
}
