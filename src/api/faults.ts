import type { DriftPage, ViolationPage } from '@openclaw-fleet/contract';
import type { Query } from './client.ts';
import { keys } from './keys.ts';
import { usePages, useRead } from './use-read.ts';

/** Drift of the fleet, or with `target` of one. @param query `driftQuerySchema` of the contract, without the cursor */
export const useDrift = (query: Query) => usePages<DriftPage>(keys.drift(query), 'fleet/drift', query);

/** Open drift of one target's configuration, with the paths that differ: the fleet's list is without them. */
export const useConfigDrift = (targetId: string) =>
  useRead<DriftPage>(
    keys.drift({ of: targetId, category: 'config' }),
    `fleet/targets/${encodeURIComponent(targetId)}/drift`,
    { category: 'config' }
  );

/** Violations of the fleet, or with `target` of one. @param query `violationQuerySchema` of the contract, without the cursor */
export const useViolations = (query: Query) =>
  usePages<ViolationPage>(keys.violations(query), 'fleet/violations', query);
