import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_CURSOR_LENGTH } from '@openclaw-fleet/contract';
import { UNASSESSED } from '../assessment/assess.ts';
import type { FleetNode } from '../fleet/types.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import { selectPage } from './select.ts';
import { beat } from './testing/harness.ts';

function node(id: string, hostname: string): FleetNode {
  return {
    id,
    rev: 1,
    markMs: 0,
    seenMs: 0,
    firstSeenMs: 0,
    state: 'live',
    stateSinceMs: 0,
    stoppedUntilMs: null,
    report: beat(id, 0, { hostname }),
    zone: 'none',
    intervalMs: 60_000,
    skewMs: 0,
    missedBeats: 0,
    isolated: false,
    assessment: UNASSESSED,
    bandSinceMs: 0,
    seriesLabels: null,
  };
}

const anyText = fc.string({
  unit: fc.oneof(fc.constantFrom('a', 'b', '\n', '"', '\ud800', 'ß', '😀'), fc.string({ maxLength: 1 })),
  maxLength: 4,
});

describe('selectPage', () => {
  it('gives every node once and in order, page by page, whatever the names and the page size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyText, { maxLength: 60 }),
        fc.integer({ min: 1, max: 7 }),
        fc.boolean(),
        async (names, limit, descending) => {
          const nodes = names.map((name, at) => node(`n${String(at * 7919).slice(-3)}-${at}`, name));
          const seen: FleetNode[] = [];
          let cursor: string | null = null;
          do {
            const page = await selectPage(nodes, {
              keep: () => true,
              key: ({ report }) => report.hostname,
              descending,
              after: cursor === null ? null : decodeCursor('name', cursor),
              limit,
            });
            expect(page.total).toBe(nodes.length);
            expect(page.nodes.length).toBeLessThanOrEqual(limit);
            seen.push(...page.nodes);
            cursor = page.next && encodeCursor('name', page.next);
          } while (cursor !== null);
          const rank = (a: FleetNode, b: FleetNode): number =>
            a.report.hostname === b.report.hostname
              ? a.id < b.id
                ? -1
                : 1
              : a.report.hostname < b.report.hostname
                ? -1
                : 1;
          const sorted = nodes.toSorted(rank);
          expect(seen.map(({ id }) => id)).toEqual((descending ? sorted.reverse() : sorted).map(({ id }) => id));
        }
      )
    );
  });

  it('lets the event loop go on while it goes through a large fleet', async () => {
    const nodes = Array.from({ length: 100_000 }, (_, at) => node(`n${at}`, `host-${(at * 7919) % 100_000}`));
    let turns = 0;
    const ticking = setInterval(() => turns++, 0);
    const spin = (): boolean => {
      for (let left = 200; left > 0; left--) turns += 0;
      return true;
    };
    const { nodes: page } = await selectPage(nodes, {
      keep: spin,
      key: ({ report }) => report.hostname,
      descending: false,
      after: null,
      limit: 50,
    });
    clearInterval(ticking);
    expect(page[0]?.report.hostname).toBe('host-0');
    expect(turns).toBeGreaterThan(0);
  });
});

describe('a cursor', () => {
  it('comes back as it was, and is never too long to be sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 126 }), (name) => {
        const position = { key: name.slice(0, 253), id: 'x'.repeat(64) };
        const cursor = encodeCursor('-lastSeenAt', position);
        expect(decodeCursor('-lastSeenAt', cursor)).toEqual(position);
        expect(cursor.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
      })
    );
    const longest = encodeCursor('-lastSeenAt', { key: '\ud800'.repeat(253), id: 'x'.repeat(64) });
    expect(longest.length).toBeLessThanOrEqual(MAX_CURSOR_LENGTH);
    expect(decodeCursor('lastSeenAt', encodeCursor('lastSeenAt', { key: -1, id: 'a' }))).toEqual({ key: -1, id: 'a' });
  });

  it.each([
    ['of another order', encodeCursor('zone', { key: 'eu', id: 'a' })],
    ['with a bad id', encodeCursor('name', { key: 'eu', id: '../a' })],
    ['with a bad number', Buffer.from('name\na\nnNaN', 'utf16le').toString('base64url')],
    ['without a key', Buffer.from('name\na', 'utf16le').toString('base64url')],
    ['in another alphabet', '####'],
    ['of nothing', ''],
  ])('%s is none', (_case, cursor) => {
    expect(decodeCursor('name', cursor)).toBeNull();
  });
});
