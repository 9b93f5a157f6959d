import { driftPageSchema, violationPageSchema } from '@openclaw-fleet/contract';
import type { DriftPage, ViolationPage } from '@openclaw-fleet/contract';
import type { Query } from './client.ts';
import { keys } from './keys.ts';
import { usePages } from './use-read.ts';

/** Drift of the fleet, or with `target` of one. @param query `driftQuerySchema` of the contract, without the cursor */
export const useDrift = (query: Query) => usePages<DriftPage>(keys.drift(query), 'fleet/drift', driftPageSchema, query);

/** Violations of the fleet, or with `target` of one. @param query `violationQuerySchema` of the contract, without the cursor */
export const useViolations = (query: Query) =>
  usePages<ViolationPage>(keys.violations(query), 'fleet/violations', violationPageSchema, query);

/** Drift of one target; open drift of its configuration names the paths that differ. @param query `targetDriftQuerySchema` */
export const useTargetDrift = (targetId: string, query: Query) =>
  usePages<DriftPage>(
    keys.drift({ of: targetId, ...query }),
    `fleet/targets/${encodeURIComponent(targetId)}/drift`,
    driftPageSchema,
    query
  );
