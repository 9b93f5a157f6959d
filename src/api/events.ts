import { EVENT_NAMES, STREAM_RESET } from '@openclaw-fleet/contract';
import type { DriftDetected, FleetHealthChanged, FleetMap, TargetOffline } from '@openclaw-fleet/contract';
import type { QueryClient, QueryKey } from '@tanstack/react-query';
import { PROXY_URL } from '../constants.ts';
import { keys } from './keys.ts';

/** What came of one event: parts of keys that it makes stale, or a change of the map that needs no reading. */
export interface Batch {
  readonly stale: Map<string, QueryKey>;
  readonly health: Map<string, FleetHealthChanged>;
  readonly offline: Map<string, TargetOffline>;
}

const emptyBatch = (): Batch => ({ stale: new Map(), health: new Map(), offline: new Map() });

/** Adds an event to what the next flush will do. Events of names that this version does not know are left out. */
export function take(batch: Batch, name: string, data: unknown): void {
  const { targetId } = data as DriftDetected;
  const stale = (key: QueryKey): void => void batch.stale.set(JSON.stringify(key), key);
  switch (name) {
    case 'fleet-health-changed':
      batch.health.set(targetId, data as FleetHealthChanged);
      break;
    case 'target-offline':
      batch.offline.set(targetId, data as TargetOffline);
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
    case STREAM_RESET:
      stale([]);
      return;
    default:
      return;
  }
  stale(keys.target(targetId));
  stale(keys.summary);
}

/** The map with what events said of its targets; the same object when nothing changed. */
export function withEvents(map: FleetMap, { health, offline }: Pick<Batch, 'health' | 'offline'>): FleetMap {
  if (health.size === 0 && offline.size === 0) return map;
  const items = map.items.map((item) => {
    const after = health.get(item.id)?.after;
    const state = offline.has(item.id) ? ('expired' as const) : item.state;
    if (after === undefined && state === item.state) return item;
    return { ...item, state, ...(after && { band: after.band, score: after.score }) };
  });
  return items.some((item, index) => item !== map.items[index]) ? { ...map, items } : map;
}

/** Carries out what events made of the cache: patches maps in place, and has the rest read anew. */
export function flush(client: QueryClient, batch: Batch): void {
  if (batch.health.size > 0 || batch.offline.size > 0) {
    for (const [key, map] of client.getQueriesData<FleetMap>({ queryKey: ['map'] })) {
      if (map !== undefined) client.setQueryData(key, withEvents(map, batch));
    }
  }
  for (const queryKey of batch.stale.values()) void client.invalidateQueries({ queryKey });
}

/** How often events are carried out, at the most: what changes faster nobody can read. Milliseconds. */
const FLUSH_MS = 1000;
/** How long to wait before a stream that Grafana or the collector ended is opened again. Milliseconds. */
const REOPEN_MS = [1000, 2000, 5000, 15_000, 60_000] as const;

export interface StreamOptions {
  readonly client: QueryClient;
  /** Told whether events come. */
  readonly onLive: (live: boolean) => void;
  readonly document?: Document;
  readonly open?: (url: string) => EventSource;
}

/**
 * Follows the collector's events as long as the tab is visible, and has what they concern read anew, at most once a second.
 * EventSource gives up on its own after an answer other than 200 (an expired session, a full collector): it is opened again,
 * later each time, and until then everything is polled.
 * @returns ends it
 */
export function followEvents({ client, onLive, document: doc = document, open }: StreamOptions): () => void {
  const connect = open ?? ((url: string) => new EventSource(url, { withCredentials: true }));
  let source: EventSource | null = null;
  let batch = emptyBatch();
  let flushing: ReturnType<typeof setTimeout> | null = null;
  let reopening: ReturnType<typeof setTimeout> | null = null;
  let failures = 0;
  let lastId = '';

  const onEvent = ({ type, data, lastEventId }: MessageEvent<string>): void => {
    if (lastEventId !== '') lastId = lastEventId;
    try {
      take(batch, type, JSON.parse(data));
    } catch {
      return;
    }
    flushing ??= setTimeout(() => {
      flushing = null;
      const due = batch;
      batch = emptyBatch();
      flush(client, due);
    }, FLUSH_MS);
  };
  const close = (): void => {
    source?.close();
    source = null;
    if (reopening !== null) clearTimeout(reopening);
    reopening = null;
    onLive(false);
  };
  const start = (): void => {
    close();
    const since = lastId === '' ? '' : `?lastEventId=${encodeURIComponent(lastId)}`;
    const opened = connect(`${PROXY_URL}/fleet/events${since}`);
    source = opened;
    opened.onopen = () => {
      failures = 0;
      onLive(true);
    };
    opened.onerror = () => {
      onLive(false);
      // While it is CONNECTING it tries again by itself.
      if (opened.readyState !== 2) return;
      const wait = REOPEN_MS[Math.min(failures, REOPEN_MS.length - 1)] ?? 60_000;
      failures += 1;
      if (reopening !== null) clearTimeout(reopening);
      reopening = setTimeout(start, wait);
    };
    for (const name of [...EVENT_NAMES, STREAM_RESET]) opened.addEventListener(name, onEvent as EventListener);
  };
  const onVisible = (): void => {
    if (doc.visibilityState === 'hidden') close();
    else if (source === null) start();
  };

  doc.addEventListener('visibilitychange', onVisible);
  onVisible();
  return () => {
    doc.removeEventListener('visibilitychange', onVisible);
    if (flushing !== null) clearTimeout(flushing);
    close();
  };
}
