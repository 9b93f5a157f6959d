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
const BATCH = 200;
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

/** Waits until the reader takes more. @returns false when it is gone */
async function takes(response: Response): Promise<boolean> {
  if (response.writableNeedDrain && !response.destroyed) {
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        response.off('drain', settle).off('close', settle);
        resolve();
      };
      response.once('drain', settle).once('close', settle);
    });
  }
  return !response.destroyed;
}

/** Waits until the reader has everything, or is gone. */
async function ended(response: Response): Promise<void> {
  if (!response.destroyed)
    await new Promise((resolve) => response.once('close', resolve).once('finish', resolve).end());
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
      const part = { ...filter, afterSeq, beforeSeq: last + 1, newestFirst: false, limit: BATCH };
      rows = await auditTrail.auditRecords(part);
      for (const row of rows) {
        if (!(await takes(response))) return;
        response.write(`${auditLine(row)}\n`);
        afterSeq = row.seq;
      }
    } while (rows.length === BATCH);
    await ended(response);
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
