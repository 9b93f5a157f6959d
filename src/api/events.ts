import { EVENT_NAMES, STREAM_RESET } from '@openclaw-fleet/contract';
import type { FleetMap } from '@openclaw-fleet/contract';
import type { Query, QueryClient } from '@tanstack/react-query';
import { PROXY_URL } from '../constants.ts';
import { emptyBatch, flush, isEmpty, recentChanges, take } from './event-batch.ts';

/** How often events are carried out, at the most: what changes faster nobody can read. Milliseconds. */
export const FLUSH_MS = 1000;
/** How long the next flush waits for what the last one has read anew. Milliseconds. */
const MOST_FLUSH_MS = 10_000;
/** How long to wait before a stream that Grafana or the collector ended is opened again. Milliseconds. */
export const REOPEN_MS = [1000, 2000, 5000, 15_000, 60_000] as const;

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
  const flusher = createFlusher(client);
  let source: EventSource | null = null;
  let reopening: ReturnType<typeof setTimeout> | null = null;
  let failures = 0;
  let lastId = '';

  const onEvent = ({ type, data, lastEventId }: MessageEvent<string>): void => {
    if (lastEventId !== '') lastId = lastEventId;
    try {
      flusher.take(type, JSON.parse(data));
    } catch {
      // Nothing can be made of it; polling brings what it was about.
    }
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
    flusher.end();
    close();
  };
}

interface Flusher {
  take(name: string, data: unknown): void;
  end(): void;
}

/** Gathers events and carries them out: a second after the first, and not before the last ones were carried out. */
function createFlusher(client: QueryClient): Flusher {
  const recent = recentChanges();
  let batch = emptyBatch();
  let timer: ReturnType<typeof setTimeout> | null = null;
  let busy = false;
  let ended = false;

  const run = async (): Promise<void> => {
    timer = null;
    busy = true;
    const due = batch;
    batch = emptyBatch();
    recent.add(due);
    // A reading that begins anew every second, under a steady stream of events, would never come to its end.
    await Promise.race([flush(client, due), new Promise((resolve) => setTimeout(resolve, MOST_FLUSH_MS))]);
    busy = false;
    plan();
  };
  const plan = (): void => {
    if (!ended && !busy && !isEmpty(batch)) timer ??= setTimeout(() => void run(), FLUSH_MS);
  };
  const unsubscribe = client.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated' || event.action.type !== 'success' || event.action.manual === true) return;
    const query = event.query as Query;
    if (query.queryKey[0] !== 'map') return;
    const read = query.state.data as FleetMap;
    const now = recent.onto(read);
    if (now !== read) client.setQueryData(query.queryKey, now);
  });
  return {
    take(name, data) {
      take(batch, name, data);
      plan();
    },
    end() {
      ended = true;
      unsubscribe();
      if (timer !== null) clearTimeout(timer);
    },
  };
}
