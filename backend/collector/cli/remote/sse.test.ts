import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SseReader } from './sse.ts';

const STREAM =
  'retry: 3000\n\n: a comment\n\nid: 7\nevent: drift-detected\ndata: {"a":"ä😀"}\n\n' +
  'id: 8\r\ndata: one\r\ndata:two\r\n\r\ndata\rid: 9\revent: x\rdata: y\r\rid: 10\n\n';

const EVENTS = [
  { id: '7', event: 'drift-detected', data: '{"a":"ä😀"}' },
  { id: '8', event: '', data: 'one\ntwo' },
  { id: '9', event: 'x', data: '\ny' },
];

describe('SseReader', () => {
  it('reads the same events however their bytes are cut', () => {
    const bytes = Buffer.from(STREAM);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), (cuts) => {
        const reader = new SseReader();
        const ends = [...cuts, bytes.length].sort((a, b) => a - b);
        const events = ends.flatMap((end, at) => reader.push(bytes.subarray(ends[at - 1] ?? 0, end)));
        expect(events).toEqual(EVENTS);
        expect(reader.retryMs).toBe(3000);
      })
    );
  });

  it('takes no event without an end for ever', () => {
    const endless = (chunk: string) => () => {
      const reader = new SseReader();
      for (let at = 0; at < 2000; at++) reader.push(Buffer.from(chunk));
    };
    expect(endless('x'.repeat(1000))).toThrow(RangeError);
    expect(endless(`data: ${'x'.repeat(1000)}\n`)).toThrow(RangeError);
    expect(endless(`data: ${'x'.repeat(1000)}\n\n`)).not.toThrow();
  });
});
