import { getBackendSrv, isFetchError } from '@grafana/runtime';
import { useMutation } from '@tanstack/react-query';
import { auditHeadReplySchema, auditPageSchema } from '@openclaw-fleet/contract';
import type { AuditPage } from '@openclaw-fleet/contract';
import { lastValueFrom } from 'rxjs';
import { PROXY_URL } from '../constants.ts';
import { failureOf, queryString } from './client.ts';
import type { FleetError, Query } from './client.ts';
import { keys } from './keys.ts';
import { usePages, useRead } from './use-read.ts';

/** Needs the role approver. @param query `auditQuerySchema` of the contract, without the cursor */
export const useAudit = (query: Query, enabled = true) =>
  usePages<AuditPage>(keys.audit(query), 'fleet/audit', auditPageSchema, query, { enabled });
/** The signed head of the chain: what an auditor keeps elsewhere. */
export const useAuditHead = (enabled = true) =>
  useRead<{ seq: number; hash: string; jws: string }>(
    keys.auditHead,
    'fleet/audit/head',
    auditHeadReplySchema,
    {},
    { enabled }
  );
/** Where the records that match can be loaded as JSON lines. */
export const auditExportUrl = (query: Query): string =>
  `${PROXY_URL}/fleet/audit${queryString({ ...query, format: 'jsonl' })}`;

export interface AuditExport {
  /** JSON lines, oldest first, byte for byte as they are verified. */
  readonly lines: Blob;
  /** The head as it was signed when the export began; null: it did not come along. */
  readonly head: string | null;
}

/** Reads all records that match. Needs the role approver. */
export const useAuditExport = () =>
  useMutation<AuditExport, FleetError, Query>({
    mutationFn: async (query) => {
      try {
        const { data, headers } = await lastValueFrom(
          getBackendSrv().fetch<Blob>({
            url: auditExportUrl(query),
            method: 'GET',
            responseType: 'blob',
            showErrorAlert: false,
          })
        );
        return { lines: data, head: headers.get('audit-head') };
      } catch (error) {
        throw failureOf(await withWords(error));
      }
    },
  });

/** What refuses a blob is a blob, too: its words are in it. */
async function withWords(error: unknown): Promise<unknown> {
  if (!isFetchError<unknown>(error) || !(error.data instanceof Blob)) return error;
  try {
    return { ...error, data: JSON.parse(await error.data.text()) as unknown };
  } catch {
    return error;
  }
}
