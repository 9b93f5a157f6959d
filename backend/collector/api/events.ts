import type { ServerResponse } from 'node:http';
import { problem, STREAM_RESET } from '@openclaw-fleet/contract';
import type { FleetEvent, Problem } from '@openclaw-fleet/contract';
import type { EventStore } from '../storage/types.ts';

export interface EventStreamOptions {
  readonly store: EventStore;
  /** Counters this stream adds to (`Instruments` has them). */
  readonly counts: { streamEvents: number; streamDropped: number; streamRefused: number; storageFailures: number };
  /** Where the number of subscribers is told. */
  readonly gauge: { subscribers: number };
  readonly timers?: {
    readonly setInterval: (callback: () => void, ms: number) => NodeJS.Timeout;
    readonly clearInterval: (timer: NodeJS.Timeout) => void;
  };
  readonly maxSubscribers?: number;
  /** Of these, one reader may have so many. */
  readonly maxPerReader?: number;
  /** A subscriber with more bytes than this waiting in memory is cut off. */
  readonly maxBufferedBytes?: number;
}

export interface Subscription {
  /** Who reads: the name of its token. */
  readonly reader: string;
  /** The id the reader saw last; null: it wants what comes from now on. */
  readonly lastEventId: number | null;
  /** Asked now and then: false ends the stream, as when the reader's token was revoked. */
  readonly stillAllowed: () => Promise<boolean>;
}

/** A comment is sent this often, so that proxies and readers know the stream lives. Milliseconds. */
export const COMMENT_INTERVAL_MS = 15_000;
/** Told to readers as `retry:`, in milliseconds. */
const RETRY_MS = 3000;
/** Events read from the log at a time. */
const BATCH = 500;
/** A reader found with full buffers at this many comments in a row is cut off. */
const MAX_BLOCKED_TICKS = 2;

interface Subscriber extends Subscription {
  readonly response: ServerResponse;
  /** Everything up to this id was written. */
  cursor: number;
  /** There may be more to write. */
  pending: boolean;
  blockedTicks: number;
}

export const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  'x-accel-buffering': 'no',
} as const;

function eventText({ id, name, data }: FleetEvent): string {
  return `id: ${id}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Why a reader that saw `lastEventId` cannot be served without a gap; null when it can. */
export function whyReset(lastEventId: number, { first, last }: { first: number; last: number }): string | null {
  if (lastEventId === last) return null;
  if (lastEventId > last) return 'The event log starts anew: it has not come to the id you asked for.';
  if (lastEventId < first - 1) return `Events up to ${first - 1} are no longer kept.`;
  return null;
}

/**
 * The event stream: every subscriber has a place of its own in the log, which is read from storage as far as the
 * subscriber takes it. So no more than one event past a full socket waits in memory, however slow a reader is.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #subscribers = new Set<Subscriber>();
  readonly #unsubscribe: () => void;
  #timer: NodeJS.Timeout | null = null;
  #pumping = false;
  #closed = false;

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#unsubscribe = options.store.onEvents(() => {
      for (const subscriber of this.#subscribers) subscriber.pending = true;
      void this.#pump();
    });
  }

  /**
   * Turns a response into a subscription, until its reader or `close` ends it.
   * @returns the problem to answer with when it cannot; null when the stream has begun
   */
  async subscribe(response: ServerResponse, subscription: Subscription): Promise<Problem | null> {
    const { maxSubscribers = 200, maxPerReader = 20, counts, store } = this.#options;
    if (this.#closed) return problem('overloaded', 'The collector is stopping; connect again in a few seconds.');
    if (this.#subscribers.size >= maxSubscribers) {
      counts.streamRefused++;
      return problem('overloaded', `All ${maxSubscribers} places on the event stream are taken; try again later.`);
    }
    const { reader } = subscription;
    const own = [...this.#subscribers].filter((each) => each.reader === reader).length;
    if (own >= maxPerReader) {
      counts.streamRefused++;
      const detail = `${reader} has ${own} event streams open, as many as one token may: close one, or use another token.`;
      return problem('overloaded', detail);
    }
    const subscriber: Subscriber = { ...subscription, response, cursor: 0, pending: false, blockedTicks: 0 };
    this.#join(subscriber);
    let bounds;
    try {
      bounds = await store.eventBounds();
    } catch (error) {
      this.#leave(subscriber);
      throw error;
    }
    if (response.destroyed || !this.#subscribers.has(subscriber)) return null;
    response.writeHead(200, EVENT_STREAM_HEADERS);
    response.write(`retry: ${RETRY_MS}\n\n`);
    const { lastEventId } = subscription;
    const reset = lastEventId === null ? null : whyReset(lastEventId, bounds);
    if (reset !== null) {
      const data = { reason: `${reset} Read the fleet's state again; this stream goes on from now.` };
      response.write(`id: ${bounds.last}\nevent: ${STREAM_RESET}\ndata: ${JSON.stringify(data)}\n\n`);
    }
    subscriber.cursor = lastEventId === null || reset !== null ? bounds.last : lastEventId;
    subscriber.pending = true;
    response.on('drain', () => void this.#pump());
    void this.#pump();
    return null;
  }

  /** Ends every subscription and takes no further one. */
  close(): void {
    this.#closed = true;
    this.#unsubscribe();
    for (const subscriber of this.#subscribers) {
      subscriber.response.end();
      this.#leave(subscriber);
    }
  }

  #join(subscriber: Subscriber): void {
    this.#subscribers.add(subscriber);
    this.#options.gauge.subscribers = this.#subscribers.size;
    subscriber.response.once('close', () => this.#leave(subscriber));
    this.#timer ??= (this.#options.timers ?? globalThis).setInterval(() => this.#tick(), COMMENT_INTERVAL_MS);
  }

  #leave(subscriber: Subscriber): void {
    this.#subscribers.delete(subscriber);
    this.#options.gauge.subscribers = this.#subscribers.size;
    if (this.#subscribers.size === 0 && this.#timer !== null) {
      (this.#options.timers ?? globalThis).clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  /** One that does not read would keep its end waiting, and what is written after an end would end the collector. */
  #dismiss(subscriber: Subscriber): void {
    if (subscriber.response.writableNeedDrain) subscriber.response.destroy();
    else subscriber.response.end();
    this.#leave(subscriber);
  }

  #drop(subscriber: Subscriber): void {
    this.#options.counts.streamDropped++;
    subscriber.response.destroy();
    this.#leave(subscriber);
  }

  #tick(): void {
    for (const subscriber of [...this.#subscribers]) {
      const { response } = subscriber;
      if (!response.headersSent) continue;
      subscriber.pending = true;
      if (response.writableNeedDrain) {
        if (++subscriber.blockedTicks >= MAX_BLOCKED_TICKS) this.#drop(subscriber);
      } else {
        subscriber.blockedTicks = 0;
        response.write(': keep-alive\n\n');
      }
      subscriber.stillAllowed().then(
        (allowed) => {
          if (!allowed) this.#dismiss(subscriber);
        },
        () => this.#dismiss(subscriber)
      );
    }
    void this.#pump();
  }

  /** Writes what there is to every subscriber that takes it. One runs at a time; those at the same place share a read. */
  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      for (let ready = this.#ready(); ready.size > 0; ready = this.#ready()) {
        for (const [cursor, subscribers] of ready) await this.#serve(cursor, subscribers);
      }
    } catch {
      // The next comment tries again; readers see a late event rather than a lost one.
      this.#options.counts.storageFailures++;
    } finally {
      this.#pumping = false;
    }
  }

  #ready(): Map<number, Subscriber[]> {
    const ready = [...this.#subscribers].filter(
      ({ pending, response }) => pending && response.headersSent && !response.writableNeedDrain
    );
    return Map.groupBy(ready, ({ cursor }) => cursor);
  }

  async #serve(cursor: number, subscribers: readonly Subscriber[]): Promise<void> {
    // Cleared before the read: an event that commits while it is under way sets it again.
    for (const subscriber of subscribers) subscriber.pending = false;
    const events = await this.#options.store.eventsAfter(cursor, BATCH);
    const texts = events.map(eventText);
    for (const subscriber of subscribers) {
      if (!this.#subscribers.has(subscriber)) continue;
      const taken = this.#write(subscriber, events, texts);
      if (taken < events.length || events.length === BATCH) subscriber.pending = true;
    }
  }

  #write(subscriber: Subscriber, events: readonly FleetEvent[], texts: readonly string[]): number {
    const { maxBufferedBytes = 1024 * 1024, counts } = this.#options;
    const { response } = subscriber;
    let taken = 0;
    for (const event of events) {
      if (response.writableNeedDrain || response.destroyed) break;
      response.write(texts[taken] ?? '');
      subscriber.cursor = event.id;
      taken++;
      counts.streamEvents++;
    }
    if (response.writableLength > maxBufferedBytes) this.#drop(subscriber);
    return taken;
  }
}
