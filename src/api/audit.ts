import type { AuditPage } from '@openclaw-fleet/contract';
import { PROXY_URL } from '../constants.ts';
import { queryString } from './client.ts';
import type { Query } from './client.ts';
import { keys } from './keys.ts';
import { usePages, useRead } from './use-read.ts';

/** Needs the role approver. @param query `auditQuerySchema` of the contract, without the cursor */
export const useAudit = (query: Query) => usePages<AuditPage>(keys.audit(query), 'fleet/audit', query);
/** The signed head of the chain: what an auditor keeps elsewhere. */
export const useAuditHead = () =>
  useRead<{ seq: number; hash: string; jws: string }>(keys.auditHead, 'fleet/audit/head');
/** Where the records that match can be loaded as JSON lines. */
export const auditExportUrl = (query: Query): string =>
  `${PROXY_URL}/fleet/audit${queryString({ ...query, format: 'jsonl' })}`;
