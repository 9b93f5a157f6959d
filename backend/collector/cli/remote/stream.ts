import type { IncomingMessage } from 'node:http';
import { setTimeout as timeout } from 'node:timers/promises';
import { EVENT_NAMES, STREAM_RESET } from '@openclaw-fleet/contract';
import { z } from 'zod';
import { CommandError } from '../command.ts';
import type { ApiClient } from './client.ts';
import { SseReader } from './sse.ts';
import type { SentEvent } from './sse.ts';

const streamedSchema = z.object({
  id: z.int(),
  name: z.enum([...EVENT_NAMES, STREAM_RESET]),
  data: z.record(z.string(), z.unknown()),
});
/** What the stream brings: an event, or word that events are missing between those before and those after. */
export type Streamed = z.infer<typeof streamedSchema>;

export interface FollowOptions {
  /** Goes on after this event; null: from now. */
  readonly after: number | null;
  /** Told of every event. @returns whether to go on */
  readonly onEvent: (event: Streamed) => boolean;
  /** Told when the connection is lost, in words with when it is tried again. */
  readonly onLost: (what: string) => void;
  /** A collector sends something at least every 15 s; after this it is taken for gone. Milliseconds. */
  readonly silenceMs?: number;
  /** Waited before connecting again where the collector does not say for how long, in milliseconds. */
  readonly retryMs?: number;
  readonly sleep?: (ms: number) => Promise<unknown>;
  /** Ends it from outside. */
  readonly signal?: AbortSignal;
}

const SILENCE_MS = 45_000;
const RETRY_MS = 3000;
const MOST_RETRY_MS = 30_000;

/**
 * Follows the event stream until it is told to stop, connecting again where it was cut, after the event it saw last.
 * @throws CommandError when it cannot be followed at all, or not any more, such as with a revoked token
 */
export async function follow(client: ApiClient, options: FollowOptions): Promise<void> {
  const { onEvent, onLost, silenceMs = SILENCE_MS, signal } = options;
  const { sleep = (ms: number) => timeout(ms, undefined, signal && { signal }) } = options;
  const stopped = (): boolean => signal?.aborted === true;
  let { after: last, retryMs = RETRY_MS } = options;
  let failures = 0;
  let followed = false;
  for (;;) {
    const silence = new Silence(silenceMs);
    let why = 'the collector ended the stream';
    try {
      const headers = { accept: 'text/event-stream', ...(last !== null && { 'last-event-id': String(last) }) };
      const ends = signal === undefined ? silence.signal : AbortSignal.any([silence.signal, signal]);
      const response = await client.open('/fleet/events', {}, headers, ends);
      if (response.statusCode !== 200) {
        const refusal = await client.refusal(response);
        if (!followed || response.statusCode !== 503) throw new FinalError(refusal.message);
        throw refusal;
      }
      followed = true;
      failures = 0;
      const reader = new SseReader();
      for await (const event of events(response, reader, silence)) {
        last = event.id;
        if (!onEvent(event)) return;
      }
      retryMs = reader.retryMs ?? retryMs;
    } catch (error) {
      if (stopped()) return;
      if (!followed || error instanceof FinalError) throw error;
      why = (error as Error).message;
    } finally {
      silence.end();
    }
    const waitMs = Math.min(retryMs * 2 ** failures++, Math.max(MOST_RETRY_MS, retryMs));
    const gap = last === null ? '; what happens until then is not shown' : '';
    onLost(`${why}; connecting again in ${Number((waitMs / 1000).toFixed(1))} s${gap}`);
    try {
      await sleep(waitMs);
    } catch (error) {
      if (stopped()) return;
      throw error;
    }
  }
}

/** Connecting again would not help. */
class FinalError extends CommandError {}

/** Ends a request on which nothing came for too long, or with which one is through. */
class Silence {
  readonly #controller = new AbortController();
  readonly #ms: number;
  #timer: NodeJS.Timeout;

  constructor(ms: number) {
    this.#ms = ms;
    this.#timer = this.#arm();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  broken(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#arm();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }

  #arm(): NodeJS.Timeout {
    return setTimeout(() => {
      this.#controller.abort(new DOMException('nothing came for too long', 'TimeoutError'));
    }, this.#ms);
  }
}

async function* events(
  response: IncomingMessage,
  reader: SseReader,
  silence: Silence
): AsyncGenerator<Streamed, void, void> {
  try {
    for await (const bytes of response as AsyncIterable<Buffer>) {
      silence.broken();
      for (const sent of reader.push(bytes)) yield understood(sent);
    }
  } catch (error) {
    if (error instanceof FinalError) throw error;
    throw new Error('the stream was cut', { cause: error });
  }
}

function understood({ id, event, data }: SentEvent): Streamed {
  try {
    return streamedSchema.parse({ id: Number(id), name: event, data: JSON.parse(data) as unknown });
  } catch {
    throw new FinalError(
      'the stream brings what a collector of this version does not send: use the command of its version (openclaw-fleet version)'
    );
  }
}
