import type { ServerResponse } from 'node:http';
import { MAX_MAP_TARGETS, problem } from '@openclaw-fleet/contract';
import type { FleetMap, FleetMapQuery, MapTarget, Problem } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { FleetNode, FleetView } from '../fleet/types.ts';
import { writeSliced } from '../metrics/stream.ts';
import { JSON_TYPE } from './route.ts';
import { filterOf } from './target-filter.ts';

/** An answer is given again for this long, to whoever asks for the same. Milliseconds. */
const KEPT_MS = 1000;
/** Answers that are kept: each has up to 5 MB. */
const MAX_KEPT = 4;
/** Each reader holds an answer until it took it. */
const MAX_READERS = 32;
/** The event loop is held for about this long at a time, in milliseconds. */
const SLICE_MS = 1;
const TARGETS_PER_PIECE = 64;
const TARGETS_PER_LOOK = 1024;

interface Kept {
  readonly atMs: number;
  readonly pieces: Promise<readonly string[]>;
}

/**
 * Answers `GET /fleet/map` and HEAD.
 * @returns the problem to answer with when too many are being answered; null once it has answered
 */
export type MapHandler = (query: FleetMapQuery, response: ServerResponse) => Promise<Problem | null>;

/** Makes the one that shows the map of `fleet`: one map is made at a time, in slices, for all that ask for the same. */
export function mapHandler(fleet: FleetView, clock: Clock): MapHandler {
  const kept = new Map<string, Kept>();
  let last: Promise<unknown> = Promise.resolve();
  let readers = 0;

  const make = (query: FleetMapQuery): Promise<readonly string[]> => {
    const pieces = last.then(() => gathered(fleet, query, clock()));
    last = pieces.catch(() => undefined);
    return pieces;
  };
  const answerTo = (query: FleetMapQuery): Promise<readonly string[]> => {
    const nowMs = clock();
    for (const [key, { atMs }] of kept) if (nowMs - atMs >= KEPT_MS) kept.delete(key);
    const key = JSON.stringify(Object.entries(query).sort());
    const known = kept.get(key);
    if (known !== undefined) return known.pieces;
    const pieces = make(query);
    kept.set(key, { atMs: nowMs, pieces });
    pieces.catch(() => kept.delete(key));
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return pieces;
  };

  return async (query, response) => {
    if (readers >= MAX_READERS)
      return problem('overloaded', `${MAX_READERS} maps are being answered already; ask again in a few seconds.`);
    readers++;
    try {
      const pieces = response.req.method === 'HEAD' ? [] : await answerTo(query);
      response.setHeader('content-type', `${JSON_TYPE}; charset=utf-8`);
      if ((await writeSliced(response, pieces)) === 'done') response.end();
    } finally {
      readers--;
    }
    return null;
  };
}

/** The text of a map, made without holding the event loop. */
async function gathered(fleet: FleetView, query: FleetMapQuery, nowMs: number): Promise<readonly string[]> {
  const { keep, ...filter } = filterOf(query, fleet);
  // A selection that looks at the nodes lets the event loop go on meanwhile.
  const looks = keep ?? (() => true);
  const { nodes } = await fleet.select(
    { ...filter, keep: looks, sort: 'name', descending: false, after: null, limit: Infinity },
    nowMs
  );
  const pieces: string[] = [];
  let sliceStart = performance.now();
  for (const piece of mapText(nodes, fleet, nowMs)) {
    pieces.push(piece);
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await new Promise(setImmediate);
    sliceStart = performance.now();
  }
  return pieces;
}

/**
 * `fleetMapSchema` as JSON, in small pieces.
 * @param nodes those that match, by name
 */
function* mapText(nodes: readonly FleetNode[], fleet: FleetView, nowMs: number): Generator<string> {
  const total = nodes.length;
  const head = {
    at: new Date(nowMs).toISOString(),
    total,
    truncated: total > MAX_MAP_TARGETS,
  } satisfies Omit<FleetMap, 'items'>;
  yield `${JSON.stringify(head).slice(0, -1)},"items":[`;
  const byZone = new Map<string, FleetNode[]>();
  for (const [index, node] of nodes.entries()) {
    const inZone = byZone.get(node.zone);
    if (inZone === undefined) byZone.set(node.zone, [node]);
    else inZone.push(node);
    if (index % TARGETS_PER_LOOK === 0) yield '';
  }
  let left = MAX_MAP_TARGETS;
  for (const [zone, inZone] of [...byZone].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const shown = inZone.slice(0, left);
    for (let from = 0; from < shown.length; from += TARGETS_PER_PIECE) {
      const piece = shown.slice(from, from + TARGETS_PER_PIECE).map((node) => mapTarget(node, zone, fleet, nowMs));
      yield `${left < MAX_MAP_TARGETS || from > 0 ? ',' : ''}${JSON.stringify(piece).slice(1, -1)}`;
    }
    left -= shown.length;
  }
  yield ']}';
}

function mapTarget(node: FleetNode, zone: string, fleet: FleetView, nowMs: number): MapTarget {
  const { id, report, assessment, isolated } = node;
  return {
    id,
    name: report.hostname,
    zone,
    state: fleet.liveness(node, nowMs).state,
    band: assessment.band,
    score: assessment.score,
    isolated,
    flapping: fleet.flapping(node, nowMs),
    owner: fleet.expectation(node).owner,
  };
}
