/** One event of a stream, as it was sent. */
export interface SentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: string;
}

/** No event of a collector comes near it; what does is not one. Characters. */
const MOST_CHARS = 1024 * 1024;

/** Reads server-sent events from the bytes they come in (WHATWG HTML, 9.2.6). */
export class SseReader {
  readonly #decoder = new TextDecoder();
  #rest = '';
  #id = '';
  #event = '';
  #data: string[] = [];
  /** How long the sender wants to be left alone before a reader connects again, in milliseconds; null: it did not say. */
  retryMs: number | null = null;

  /** Takes some bytes. @returns the events that they complete @throws RangeError when an event does not end */
  push(bytes: Uint8Array): SentEvent[] {
    this.#rest += this.#decoder.decode(bytes, { stream: true });
    // A line may end with CR LF, and the LF may still be on its way.
    const lines = this.#rest.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    const events = lines.flatMap((line) => this.#line(line) ?? []);
    const held = this.#data.reduce((sum, { length }) => sum + length, this.#rest.length);
    if (held > MOST_CHARS) throw new RangeError('an event of the stream does not end');
    return events;
  }

  #line(line: string): SentEvent | null {
    if (line === '') return this.#dispatch();
    const [, field, value] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? [];
    if (field === 'id' && value?.includes('\0') === false) this.#id = value;
    else if (field === 'event') this.#event = value ?? '';
    else if (field === 'data') this.#data.push(value ?? '');
    else if (field === 'retry' && /^\d{1,9}$/.test(value ?? '')) this.retryMs = Number(value);
    return null;
  }

  #dispatch(): SentEvent | null {
    const sent = { id: this.#id, event: this.#event, data: this.#data.join('\n') };
    const empty = this.#data.length === 0;
    this.#event = '';
    this.#data = [];
    return empty ? null : sent;
  }
}
