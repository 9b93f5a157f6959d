import type { FleetEvent } from '@openclaw-fleet/contract';
import type { TestCollector } from './collector.ts';

/** Reads the collector's event stream from its first event on. */
export class EventReader {
  readonly seen: FleetEvent[] = [];
  readonly #abort = new AbortController();
  #reading: Promise<void> = Promise.resolve();

  static async open(collector: TestCollector): Promise<EventReader> {
    const reader = new EventReader();
    const response = await fetch(`http://127.0.0.1:${collector.apiPort}/fleet/events`, {
      headers: { authorization: `Bearer ${collector.token}`, 'last-event-id': '0' },
      signal: reader.#abort.signal,
    });
    if (!response.ok || !response.body) throw new Error(`the event stream answered ${response.status}`);
    reader.#reading = reader.#read(response.body.pipeThrough(new TextDecoderStream())).catch(() => undefined);
    return reader;
  }

  async close(): Promise<void> {
    this.#abort.abort();
    await this.#reading;
  }

  async #read(texts: ReadableStream<string>): Promise<void> {
    let rest = '';
    for await (const text of texts) {
      const blocks = (rest + text).split('\n\n');
      rest = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, id, name, data] = /^id: (\d+)\nevent: (.+)\ndata: (.+)$/.exec(block) ?? [];
        if (id !== undefined && name !== undefined && data !== undefined)
          this.seen.push({ id: Number(id), name, data: JSON.parse(data) as FleetEvent['data'] } as FleetEvent);
      }
    }
  }
}
