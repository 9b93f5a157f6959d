import { Writable } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import { writeSliced } from './stream.ts';

/** A writer that takes a piece only when told. */
function gate() {
  const taken: string[] = [];
  let release: (() => void) | null = null;
  const out = new Writable({
    highWaterMark: 10,
    write(piece: Buffer, _encoding, done) {
      taken.push(piece.toString());
      release = done;
    },
  });
  return {
    out,
    taken,
    /** Lets the writer take the next piece. */
    open: async (): Promise<void> => {
      const next = release;
      release = null;
      next?.();
      await new Promise(setImmediate);
    },
  };
}

const pieces = Array.from({ length: 5 }, (_, at) => `piece number ${at}`);

describe('writeSliced', () => {
  it('asks for no further piece while the reader is slow', async () => {
    const { out, taken, open } = gate();
    let made = 0;
    const counted = (function* () {
      for (const piece of pieces) {
        made++;
        yield piece;
      }
    })();
    const end = writeSliced(out, counted, { writeChars: 1 });
    await open();
    expect(made).toBeLessThanOrEqual(2);
    for (let step = 0; step < 10; step++) await open();
    expect(await end).toBe('done');
    expect(taken).toEqual(pieces);
  });

  it.each([
    ['has room for everything', 1e9],
    ['is full after each piece and empty at once', 1],
  ])('gives the event loop its turn once a slice is over, when the reader %s', async (_case, highWaterMark) => {
    let clock = 0;
    let turns = 0;
    let counting = true;
    const out = new Writable({ highWaterMark, write: (_piece, _encoding, done) => done() });
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    const slow = (function* () {
      for (let at = 0; at < 20; at++) {
        clock += 1;
        yield 'x';
      }
    })();
    await writeSliced(out, slow, { now: () => clock });
    counting = false;
    expect(turns).toBeGreaterThanOrEqual(15);
  });

  it('gathers small pieces, and loses none', async () => {
    const taken: string[] = [];
    const out = new Writable({
      write(piece: Buffer, _encoding, done) {
        taken.push(piece.toString());
        done();
      },
    });
    const small = Array.from({ length: 1000 }, (_, at) => `${at};`);
    expect(await writeSliced(out, small, { writeChars: 100 })).toBe('done');
    expect(taken.join('')).toBe(small.join(''));
    expect(Math.max(...taken.map(({ length }) => length))).toBeLessThan(110);
    expect(taken.length).toBeLessThan(50);
  });

  it('stops when the reader goes away', async () => {
    const { out, taken } = gate();
    const end = writeSliced(out, pieces, { writeChars: 1 });
    out.destroy();
    expect(await end).toBe('closed');
    expect(taken.length).toBe(1);
    expect(await writeSliced(out, pieces)).toBe('closed');
  });

  it('cuts off a reader that takes nothing for too long', async () => {
    const { out } = gate();
    let fire: (() => void) | null = null;
    const end = writeSliced(out, pieces, {
      stallMs: 1234,
      setTimer: (callback, ms) => {
        expect(ms).toBe(1234);
        fire = callback;
        return setTimeout(() => undefined, 0);
      },
    });
    await new Promise(setImmediate);
    fire!();
    expect(await end).toBe('stalled');
    expect(out.destroyed).toBe(true);
  });
});
