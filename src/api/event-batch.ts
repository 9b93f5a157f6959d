import { STREAM_RESET } from '@openclaw-fleet/contract';
import type { DriftDetected, FleetHealthChanged, FleetMap, TargetOffline } from '@openclaw-fleet/contract';
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import type { Query } from './client.ts';
import { keys } from './keys.ts';
import { POLL } from './poll.ts';

/** What came of some events: parts of keys that they make stale, and changes of the map that need no reading. */
export interface Batch {
  readonly stale: Map<string, QueryKey>;
  readonly health: Map<string, FleetHealthChanged>;
  readonly offline: Map<string, TargetOffline>;
}
type Changes = Pick<Batch, 'health' | 'offline'>;

export const emptyBatch = (): Batch => ({ stale: new Map(), health: new Map(), offline: new Map() });
export const isEmpty = ({ stale, health, offline }: Batch): boolean => stale.size + health.size + offline.size === 0;

/** Adds an event to what the next flush will do. Events that this version does not know are left out. */
export function take(batch: Batch, name: string, data: unknown): void {
  const stale = (key: QueryKey): void => void batch.stale.set(JSON.stringify(key), key);
  if (name === STREAM_RESET) {
    stale([]);
    return;
  }
  const { targetId } = (data ?? {}) as Partial<DriftDetected>;
  if (typeof targetId !== 'string') return;
  switch (name) {
    case 'fleet-health-changed':
      batch.health.set(targetId, data as FleetHealthChanged);
      stale(['targets']);
      break;
    case 'target-offline':
      batch.offline.set(targetId, data as TargetOffline);
      stale(['targets']);
      break;
    case 'drift-detected':
      stale(['drift']);
      break;
    case 'policy-violation':
      stale(['violations']);
      break;
    case 'remediation-status':
      stale(keys.repairs);
      break;
    default:
      return;
  }
  stale(keys.target(targetId));
  stale(keys.summary);
}

/** The map with what events said of its targets; the same object when nothing changed. */
export function withEvents(map: FleetMap, { health, offline }: Changes): FleetMap {
  if (health.size === 0 && offline.size === 0) return map;
  const items = map.items.map((item) => {
    const { band, score } = health.get(item.id)?.after ?? item;
    const state = offline.has(item.id) ? ('expired' as const) : item.state;
    if (band === item.band && score === item.score && state === item.state) return item;
    return { ...item, state, band, score };
  });
  return items.some((item, index) => item !== map.items[index]) ? { ...map, items } : map;
}

/**
 * Whether events leave open what a map is now: who was silent may report again, who is not on it may be new, and a filter may
 * have another answer. What no event tells (who is stale, who is isolated) must not grow old either: each patch begins the
 * interval of the polling anew.
 */
export function leavesOpen(map: FleetMap, query: Query, { health, offline }: Changes): boolean {
  if (Object.keys(query).length > 0) return true;
  const freshUntilMs = Date.parse(map.at) + POLL.live;
  for (const { at } of [...health.values(), ...offline.values()]) if (Date.parse(at) > freshUntilMs) return true;
  const unknown = new Set(health.keys());
  for (const { id, state } of map.items) {
    if (!unknown.delete(id)) continue;
    if (state !== 'online' && !offline.has(id)) return true;
  }
  return unknown.size > 0 && !map.truncated;
}

/**
 * Carries out what events made of the cache: patches maps in place, and has the rest read anew.
 * @returns settles when all of that was read
 */
export async function flush(client: QueryClient, batch: Batch): Promise<void> {
  const stale = new Map(batch.stale);
  if (batch.health.size > 0 || batch.offline.size > 0) {
    for (const [key, map] of client.getQueriesData<FleetMap>({ queryKey: ['map'] })) {
      if (map === undefined) continue;
      if (leavesOpen(map, key[1] as Query, batch)) stale.set(JSON.stringify(key), key);
      client.setQueryData(key, withEvents(map, batch));
    }
  }
  await Promise.all([...stale.values()].map((queryKey) => client.invalidateQueries({ queryKey })));
}

/** How long an event may be younger than an answer that comes after it: the collector gives a map again for a second. */
const RECENT_MS = 10_000;

/** The changes of the last seconds, for a map that was made before them and comes after them. */
export interface RecentChanges {
  add(batch: Changes): void;
  /** The map with every change that is younger than it. */
  onto(map: FleetMap): FleetMap;
}

export function recentChanges(): RecentChanges {
  const kept = { health: new Map<string, FleetHealthChanged>(), offline: new Map<string, TargetOffline>() };
  const since = <T extends { readonly at: string }>(events: ReadonlyMap<string, T>, ms: number): Map<string, T> =>
    new Map([...events].filter(([, { at }]) => Date.parse(at) >= ms));
  return {
    add({ health, offline }) {
      const newest = Math.max(...[...health.values(), ...offline.values()].map(({ at }) => Date.parse(at)));
      if (!Number.isFinite(newest)) return;
      kept.health = since(new Map([...kept.health, ...health]), newest - RECENT_MS);
      kept.offline = since(new Map([...kept.offline, ...offline]), newest - RECENT_MS);
    },
    onto(map) {
      const ms = Date.parse(map.at);
      return withEvents(map, { health: since(kept.health, ms), offline: since(kept.offline, ms) });
    },
  };
}
