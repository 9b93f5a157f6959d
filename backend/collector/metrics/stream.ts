import type { Writable } from 'node:stream';

/**
 * How long one turn of the event loop may be held before others get theirs, in milliseconds. A heartbeat waits for about
 * three turns (it comes in, its group commit begins, its commit is reported), and a turn costs microseconds.
 */
const SLICE_MS = 1;
/** Text is written in pieces of about this many characters, whatever the pieces it comes in. */
const WRITE_CHARS = 64 * 1024;

export interface StreamOptions {
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** A reader that takes nothing for this long is cut off, in milliseconds. */
  readonly stallMs?: number;
  readonly writeChars?: number;
  readonly setTimer?: (callback: () => void, ms: number) => NodeJS.Timeout;
  readonly clearTimer?: (timer: NodeJS.Timeout) => void;
}

/** How it ended: everything was handed over, the reader went away, or it took nothing for too long and was cut off. */
export type StreamEnd = 'done' | 'closed' | 'stalled';

/**
 * Writes pieces of text to `out` without holding the event loop: it yields between slices and waits for a slow reader. A
 * slice lasts a piece longer than its time at most, so pieces should be small; they are gathered before they are written.
 * Does not end `out`.
 */
export async function writeSliced(
  out: Writable,
  pieces: Iterable<string>,
  options: StreamOptions = {}
): Promise<StreamEnd> {
  const { now = () => performance.now(), writeChars = WRITE_CHARS } = options;
  let text = '';
  let sliceStart = now();
  for (const piece of pieces) {
    if (out.destroyed) return 'closed';
    text += piece;
    if (text.length >= writeChars) {
      const end = await write(out, text, options);
      if (end !== 'done') return end;
      text = '';
    }
    // Also after a drain: a socket that the kernel takes from at once drains without a turn of the loop.
    if (now() - sliceStart >= SLICE_MS) {
      await new Promise(setImmediate);
      sliceStart = now();
    }
  }
  return out.destroyed ? 'closed' : write(out, text, options);
}

async function write(out: Writable, text: string, options: StreamOptions): Promise<StreamEnd> {
  if (text !== '' && !out.write(Buffer.from(text))) return drained(out, options);
  return 'done';
}

function drained(out: Writable, options: StreamOptions): Promise<StreamEnd> {
  const { stallMs = 30_000, setTimer = setTimeout, clearTimer = clearTimeout } = options;
  return new Promise((resolve) => {
    const finish = (end: StreamEnd): void => {
      clearTimer(timer);
      out.off('drain', onDrain).off('close', onClose);
      if (end === 'stalled') out.destroy();
      resolve(end);
    };
    const onDrain = (): void => finish('done');
    const onClose = (): void => finish('closed');
    const timer = setTimer(() => finish('stalled'), stallMs);
    out.once('drain', onDrain).once('close', onClose);
  });
}
