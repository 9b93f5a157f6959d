import { once } from 'node:events';
import type { AuditPage } from '@openclaw-fleet/contract';
import type { Request, Response } from 'express';
import { auditLine } from '../../audit/lines.ts';
import type { AuditQuery, AuditRow } from '../../storage/types.ts';
import { badQuery, failure } from '../call.ts';
import type { Handlers, QueryOf } from '../call.ts';
import { encodeCursor, positionOf } from '../cursor.ts';
import type { Parts } from '../parts.ts';
import { AUDIT_ROUTES, LINES_TYPE } from '../routes/audit.ts';

const BY_PLACE = 'seq';
/** Records read at a time for an export. */
const BATCH = 500;
/** Exports under way at once. */
const MOST_EXPORTS = 4;
const LINES_HEADERS = { 'content-type': `${LINES_TYPE}; charset=utf-8` } as const;

function filterOf({
  actor,
  action,
  subject,
  from,
  to,
}: QueryOf<'readAudit'>): Omit<AuditQuery, 'newestFirst' | 'limit'> {
  const fromMs = from === undefined ? undefined : Date.parse(from);
  const toMs = to === undefined ? undefined : Date.parse(to);
  if (fromMs !== undefined && toMs !== undefined && fromMs >= toMs) throw badQuery('from', 'must be before `to`');
  return {
    ...(actor !== undefined && { actor }),
    ...(action !== undefined && { action }),
    ...(subject !== undefined && { subject }),
    ...(fromMs !== undefined && { fromMs }),
    ...(toMs !== undefined && { toMs }),
  };
}

function wantsLines({ format }: QueryOf<'readAudit'>, request: Request): boolean {
  if (format !== undefined) return format === 'jsonl';
  return request.accepts(['application/json', LINES_TYPE]) === LINES_TYPE;
}

/** Waits until the reader took what was written. @returns false when it is gone */
async function taken(response: Response): Promise<boolean> {
  if (response.writableNeedDrain && !response.destroyed) {
    const gone = new AbortController();
    const leave = (): void => gone.abort();
    response.once('close', leave);
    try {
      await once(response, 'drain', { signal: gone.signal });
    } catch (error) {
      if (!gone.signal.aborted) throw error;
    } finally {
      response.off('close', leave);
    }
  }
  return !response.destroyed;
}

/** Who did what, and why. */
export function auditHandlers({ auditTrail, signAuditHead }: Parts): Handlers<keyof typeof AUDIT_ROUTES> {
  let exports = 0;

  async function exportLines(filter: ReturnType<typeof filterOf>, response: Response): Promise<void> {
    // The head first: what is written while the export runs is not in it, and is not missing either.
    const head = await auditTrail.auditHead();
    const last = head.seq;
    response.writeHead(200, { ...LINES_HEADERS, 'audit-head': await signAuditHead(head) });
    let rows: AuditRow[] = [];
    let afterSeq = 0;
    do {
      if (!(await taken(response))) return;
      rows = await auditTrail.auditRecords({
        ...filter,
        afterSeq,
        beforeSeq: last + 1,
        newestFirst: false,
        limit: BATCH,
      });
      response.write(rows.map((row) => `${auditLine(row)}\n`).join(''));
      afterSeq = rows.at(-1)?.seq ?? last;
    } while (rows.length === BATCH);
    response.end();
  }

  return {
    async getAuditHead() {
      const { seq, hash } = await auditTrail.auditHead();
      return { seq, hash, jws: await signAuditHead({ seq, hash }) };
    },
    async readAudit({ query, response }): Promise<AuditPage | undefined> {
      const filter = filterOf(query);
      if (!wantsLines(query, response.req)) {
        const before = positionOf(BY_PLACE, 'number', query.cursor);
        const rows = await auditTrail.auditRecords({
          ...filter,
          ...(before && { beforeSeq: before.key }),
          newestFirst: true,
          limit: query.limit + 1,
        });
        const items = rows.slice(0, query.limit);
        const lastItem = items.at(-1);
        const more = rows.length > query.limit && lastItem !== undefined;
        return { items, nextCursor: more ? encodeCursor(BY_PLACE, { key: lastItem.seq, id: 'audit' }) : null };
      }
      if (query.cursor !== undefined) throw badQuery('cursor', 'is for pages: an export has everything that matches');
      if (response.req.method === 'HEAD') {
        response.writeHead(200, LINES_HEADERS).end();
        return undefined;
      }
      if (exports >= MOST_EXPORTS)
        throw failure(
          'overloaded',
          `${MOST_EXPORTS} exports of the audit are under way: try again when one has ended.`
        );
      exports++;
      try {
        await exportLines(filter, response);
      } finally {
        exports--;
      }
      return undefined;
    },
  };
}
