import { request } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { auditHeadReplySchema, auditPageSchema } from '@openclaw-fleet/contract';
import type { AuditPage } from '@openclaw-fleet/contract';
import { verifyHead } from '../audit/head.ts';
import { readAuditLines } from '../audit/lines.ts';
import { verifyChain } from '../audit/verify.ts';
import { START, startApi, waitFor } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;
/** Records that a start writes. */
let before: number;
async function start(): Promise<void> {
  api = await startApi();
  before = (await api.storage.auditHead()).seq;
}
const stop = (): Promise<void> => api.stop();

const MINUTE = 60_000;
/** `count` records, one a minute, of two people by turns. */
async function note(count: number, size = 0): Promise<void> {
  for (let index = 0; index < count; index++) {
    await api.storage.appendAudit({
      actor: { name: index % 2 === 0 ? 'grafana:ada' : 'token:0123', via: 'grafana-id-token' },
      action: index % 3 === 0 ? 'repair.approved' : 'repair.requested',
      subject: `run-${index % 5}`,
      reason: 'because',
      atMs: START + index * MINUTE,
      data: { index, padding: 'x'.repeat(size) },
    });
  }
}
const page = async (query: string): Promise<AuditPage> => {
  const response = await api.ask(`/fleet/audit${query}`, 'approver');
  if (response.status !== 200) throw new Error(await response.text());
  return auditPageSchema.parse(await response.json());
};
const indexOf = ({ data }: { data: string }): number | undefined => (JSON.parse(data) as { index?: number }).index;

describe('GET /fleet/audit', () => {
  beforeEach(start);
  afterEach(stop);

  it('has everything, newest first, page by page', async () => {
    await note(23);
    const seen: (number | undefined)[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null; pages++) {
      expect(pages).toBeLessThan(4);
      const { items, nextCursor }: AuditPage = await page(`?limit=10${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...items.map(indexOf));
      cursor = nextCursor;
      // What is written meanwhile shifts no page.
      await note(1);
    }
    const written = Array.from({ length: 23 }, (_, index) => 22 - index);
    expect(seen).toEqual([...written, ...Array.from({ length: before }, () => undefined)]);
  });

  it('is searched by who, what, on what and when', async () => {
    await note(12);
    const found = async (query: string): Promise<(number | undefined)[]> => (await page(query)).items.map(indexOf);
    expect(await found('?actor=grafana:ada')).toEqual([10, 8, 6, 4, 2, 0]);
    expect(await found('?action=repair.approved')).toEqual([9, 6, 3, 0]);
    expect(await found('?subject=run-2')).toEqual([7, 2]);
    const at = (minute: number): string => new Date(START + minute * MINUTE).toISOString();
    expect(await found(`?from=${at(3)}&to=${at(5)}`)).toEqual([4, 3]);
    expect(await found(`?actor=grafana:ada&action=repair.approved&from=${at(1)}`)).toEqual([6]);
    expect(await found('?actor=nobody')).toEqual([]);
  });
});

describe('an export', () => {
  beforeEach(start);
  afterEach(stop);

  it.each([
    ['by its address', '?format=jsonl', {}],
    ['by Accept', '', { accept: 'application/x-ndjson' }],
    ['by Accept among others', '', { accept: 'application/x-ndjson, application/json;q=0.5' }],
  ])('asked for %s is the whole chain, and verifies against its signed head', async (_case, query, headers) => {
    await note(450);
    const response = await api.ask(`/fleet/audit${query}`, 'approver', { headers });
    expect(response.headers.get('content-type')).toBe('application/x-ndjson; charset=utf-8');
    const head = await verifyHead(response.headers.get('audit-head') ?? '', () => true);
    const bytes = new Uint8Array(await response.arrayBuffer());
    const verdict = await verifyChain(readAuditLines(chunks(bytes)), { head });
    expect(verdict).toMatchObject({
      ok: true,
      sound: { records: before + 450, begins: 'genesis', provenTo: before + 450 },
    });
    expect(head).toMatchObject({ seq: before + 450, atMs: START });
  });

  it('has only what matches, when it is searched', async () => {
    await note(12);
    const text = await (await api.ask('/fleet/audit?format=jsonl&actor=grafana:ada', 'approver')).text();
    const lines = text.trimEnd().split('\n');
    expect(lines.map((line) => indexOf(JSON.parse(line) as { data: string }))).toEqual([0, 2, 4, 6, 8, 10]);
  });

  it('is JSON for those who take anything, unless they say otherwise', async () => {
    for (const headers of [{}, { accept: '*/*' }, { accept: 'application/json' }]) {
      const response = await api.ask('/fleet/audit', 'approver', { headers });
      expect(response.headers.get('content-type')).toContain('application/json');
    }
  });

  it('waits for a slow reader, is given to four at a time, and gives the place back when one leaves', async () => {
    // More than the sockets of both sides hold.
    await note(150, 100_000);
    const slow = await Promise.all(
      Array.from({ length: 4 }, () => {
        const asked = request(`${api.origin}/fleet/audit?format=jsonl`, {
          headers: { authorization: `Bearer ${api.tokenOf.approver}` },
        });
        asked.end();
        return new Promise<typeof asked>((resolve) => asked.once('response', () => resolve(asked)));
      })
    );
    const fifth = await api.ask('/fleet/audit?format=jsonl', 'approver');
    expect([fifth.status, fifth.headers.get('retry-after')]).toEqual([503, '5']);
    for (const asked of slow) asked.on('error', () => undefined).destroy();
    await waitFor(async () => {
      const response = await api.ask('/fleet/audit?format=jsonl&actor=nobody', 'approver');
      return response.status === 200;
    }, 'a free place');
    expect(api.logged).toEqual([]);
  });
});

describe('GET /fleet/audit/head', () => {
  beforeEach(start);
  afterEach(stop);

  it('is the newest record, signed with the time', async () => {
    await note(3);
    const reply = auditHeadReplySchema.parse(await (await api.ask('/fleet/audit/head')).json());
    expect(await verifyHead(reply.jws, () => true)).toEqual({ seq: reply.seq, hash: reply.hash, atMs: START });
    expect(reply).toMatchObject({ seq: before + 3, hash: (await page('?limit=1')).items[0]?.hash });
  });
});

describe('a reader of the audit', () => {
  beforeAll(start);
  afterAll(stop);

  it.each([
    ['?from=2026-02-06T12:00:00Z&to=2026-02-06T12:00:00Z', 'from'],
    ['?from=yesterday', 'from'],
    ['?limit=0', 'limit'],
    ['?cursor=x', 'cursor'],
    ['?actor=', 'actor'],
    ['?format=csv', 'format'],
    ['?format=jsonl&cursor=abcd', 'cursor'],
  ])('refuses %s', async (query, field) => {
    const response = await api.ask(`/fleet/audit${query}`, 'approver');
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ errors: [expect.objectContaining({ field })] }),
    ]);
  });

  it('is for approvers: who did what is not for everybody', async () => {
    expect((await api.ask('/fleet/audit', 'operator')).status).toBe(403);
    expect((await api.ask('/fleet/audit', 'viewer')).status).toBe(403);
  });
});

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  await Promise.resolve();
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}
