import { LIVENESS_STATES, problem } from '@openclaw-fleet/contract';
import type { Availability, Problem, TargetPage, TargetQuery } from '@openclaw-fleet/contract';
import type { Response } from 'express';
import type { Clock } from '../clock.ts';
import type { FleetNode, FleetView } from '../fleet/types.ts';
import type { Caller } from './auth.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { Position } from './cursor.ts';
import type { QueryOf, RouteId } from './routes.ts';
import { selectPage } from './select.ts';
import { ageSeconds, isBridged, toTarget } from './target.ts';
import type { Profile } from './target.ts';

/** One admitted request: its caller may ask for this, and its query is valid. */
export interface Call<K extends RouteId> {
  readonly query: QueryOf<K>;
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller | null;
  readonly response: Response;
}

/** Answers a call: with JSON for what it returns, or as it did itself when it returns undefined. */
export type Handler<K extends RouteId> = (call: Call<K>) => Promise<object | undefined> | object | undefined;

/** Thrown by a handler to answer with problem details. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;
  constructor(body: Problem) {
    super(body.detail);
    this.problem = body;
  }
}

function positionOf(sort: string, cursor: string | undefined): Position | null {
  if (cursor === undefined) return null;
  const position = decodeCursor(sort, cursor);
  if (position !== null) return position;
  const message = 'is not a cursor of this list in this order: leave it out to start at the first page';
  throw new ProblemError(
    problem('bad-request', `The query is not valid: cursor ${message}.`, [{ field: 'cursor', message }])
  );
}

function hasTags(node: FleetNode, tags: readonly string[] | undefined): boolean {
  return tags === undefined || tags.every((tag) => node.report.tags.includes(tag));
}

function targetFilter(query: TargetQuery, fleet: FleetView, nowMs: number): (node: FleetNode) => boolean {
  const { state, zone, tag, bridged } = query;
  const part = query.q?.toLowerCase() ?? '';
  return (node) =>
    (zone === undefined || zone.includes(node.zone)) &&
    (bridged === undefined || String(isBridged(node)) === bridged) &&
    hasTags(node, tag) &&
    (part === '' || node.id.toLowerCase().includes(part) || node.report.hostname.toLowerCase().includes(part)) &&
    (state === undefined || state.includes(fleet.liveness(node, nowMs).state));
}

function targetKey(sort: string, fleet: FleetView, nowMs: number): (node: FleetNode) => string | number {
  switch (sort.replace('-', '')) {
    case 'zone':
      return (node) => node.zone;
    case 'state':
      return (node) => LIVENESS_STATES.indexOf(fleet.liveness(node, nowMs).state);
    case 'lastSeenAt':
      return (node) => node.seenMs ?? -1;
    default:
      return (node) => node.report.hostname;
  }
}

export interface FleetHandlerOptions {
  readonly fleet: FleetView;
  readonly clock: Clock;
  readonly profile: Profile;
}

/** `GET /fleet/targets`. */
export function listTargets({ fleet, clock, profile }: FleetHandlerOptions): Handler<'listTargets'> {
  return async ({ query }): Promise<TargetPage> => {
    const { sort, limit, cursor } = query;
    const nowMs = clock();
    const { nodes, total, next } = await selectPage(fleet.nodes(), {
      keep: targetFilter(query, fleet, nowMs),
      key: targetKey(sort, fleet, nowMs),
      descending: sort.startsWith('-'),
      after: positionOf(sort, cursor),
      limit,
    });
    return {
      items: nodes.map((node) => toTarget(node, fleet, profile, nowMs)),
      total,
      nextCursor: next && encodeCursor(sort, next),
    };
  };
}

/** `GET /fleet/targets/:id`. */
export function getTarget({ fleet, clock, profile }: FleetHandlerOptions): Handler<'getTarget'> {
  return ({ params }) => {
    const node = fleet.get(params['id'] ?? '');
    if (node === undefined) {
      throw new ProblemError(
        problem(
          'not-found',
          'No target has this id: it never reported, or it was retired. List them at /fleet/targets.'
        )
      );
    }
    return toTarget(node, fleet, profile, clock());
  };
}

const BY_ID = 'node_id';

/** `GET /openclaw/availability` (domain-rules section 1). */
export function listAvailable({ fleet, clock }: FleetHandlerOptions): Handler<'listAvailable'> {
  return async ({ query }): Promise<Availability> => {
    const { tag, min_slots, limit, cursor } = query;
    const nowMs = clock();
    const slots = (node: FleetNode): number | null => node.report.capacity['available_slots'] ?? null;
    const { nodes, total, next } = await selectPage(fleet.nodes(), {
      keep: (node) =>
        fleet.available(node, nowMs) &&
        hasTags(node, tag) &&
        (min_slots === undefined || (slots(node) ?? -1) >= min_slots),
      key: (node) => node.id,
      descending: false,
      after: positionOf(BY_ID, cursor),
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
  };
}
