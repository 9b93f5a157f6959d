import { auditHeadReplySchema, auditPageSchema, auditQuerySchema } from '@openclaw-fleet/contract';
import { z } from 'zod';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';

/** Type of an export: one JSON value in each line. */
export const LINES_TYPE = 'application/x-ndjson';

/** Who did what, and why. */
export const AUDIT_ROUTES = {
  readAudit: {
    method: 'get',
    path: '/fleet/audit',
    role: 'approver',
    summary: 'Read the audit',
    description:
      'Newest first. `from` on and before `to`; `actor`, `action` and `subject` as they are written. With `format=jsonl` (or `Accept: application/x-ndjson`) all that matches, oldest first, as JSON lines, and the header `Audit-Head` is the signed head of the chain as it was when the export began. `openclaw-fleet audit verify` checks an export that leaves nothing out.',
    query: auditQuerySchema,
    replies: [
      {
        ...json(auditPageSchema.meta({ id: 'AuditPage' }), 'The page, or the lines'),
        also: { type: LINES_TYPE, schema: z.string() },
      },
    ],
    problems: ['storage-unavailable', 'overloaded'],
  },
  getAuditHead: {
    method: 'get',
    path: '/fleet/audit/head',
    role: 'viewer',
    summary: 'Get the signed head of the audit',
    description:
      'Number and hash of the newest record, and both signed with the time (a compact JWS, ES256, type `openclaw-audit-head+jws`, by the key that signs actions). Kept elsewhere, it proves later that nothing before it was cut off or rewritten.',
    query: noQuery,
    replies: [json(auditHeadReplySchema.meta({ id: 'AuditHead' }), 'The head')],
    problems: ['storage-unavailable'],
  },
} as const satisfies Record<string, Route>;
