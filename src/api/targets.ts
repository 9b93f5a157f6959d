import {
  adoptedConfigSchema,
  fleetTargetSchema,
  healthScoreSchema,
  holdListSchema,
  holdSchema,
  previewSchema,
  scoreHistorySchema,
  targetPageSchema,
  targetPolicySchema,
  timelinePageSchema,
} from '@openclaw-fleet/contract';
import type {
  AdoptedConfig,
  FleetTarget,
  HealthScore,
  PolicyPreview,
  ScoreHistory,
  TargetPage,
  TargetPolicyView,
  TimelinePage,
} from '@openclaw-fleet/contract';
import type { Query } from './client.ts';
import { keys } from './keys.ts';
import type { Shape } from './shape.ts';
import { usePages, useRead } from './use-read.ts';
import { useWrite } from './use-write.ts';

const of = (id: string): string => `fleet/targets/${encodeURIComponent(id)}`;
const asApprover = (id: string): string => `fleet/approver/targets/${encodeURIComponent(id)}`;

/** Targets in pages. @param query as `targetQuerySchema` of the contract has it, without the cursor */
export const useTargets = (query: Query, enabled = true) =>
  usePages<TargetPage>(keys.targets(query), 'fleet/targets', targetPageSchema, query, { enabled });

export const useTarget = (id: string) => useRead<FleetTarget>(keys.target(id), of(id), fleetTargetSchema);
export const useHealthScore = (id: string) =>
  useRead<HealthScore>(keys.score(id), `${of(id)}/health-score`, healthScoreSchema);
/** @param query `from` and `to` as instants; the last 24 h when they are left out */
export const useScoreHistory = (id: string, query: Query = {}) =>
  useRead<ScoreHistory>(keys.history(id, query), `${of(id)}/history`, scoreHistorySchema, query);
export const useTimeline = (id: string) =>
  usePages<TimelinePage>(keys.timeline(id), `${of(id)}/timeline`, timelinePageSchema);
/** What is expected of it, and where that comes from; its `version` goes with each change. */
export const useDesiredState = (id: string) =>
  useRead<TargetPolicyView>(keys.desired(id), `${of(id)}/desired-state`, targetPolicySchema);

/** What a change of the target's profile, desired state or overlay would do. Needs the role operator. */
export const usePreviewTarget = (id: string) =>
  useWrite<{ policyId?: string; desired?: Record<string, unknown>; overlay?: Record<string, unknown> }, PolicyPreview>(
    (body) => ({ path: `fleet/operator/targets/${encodeURIComponent(id)}/preview`, body, shape: previewSchema }),
    []
  );

const changesOf = (id: string) => [keys.target(id), ['targets'], ['map'], keys.summary, ['drift'], ['violations']];

/** Needs the role approver; `version` is that of `useDesiredState`. */
export const usePatchDesiredState = (id: string) =>
  useWrite<{ version: number; change: Record<string, unknown> }, TargetPolicyView>(
    ({ version, change }) => ({
      method: 'PATCH',
      path: `${asApprover(id)}/desired-state`,
      version,
      body: change,
      shape: targetPolicySchema,
    }),
    changesOf(id)
  );
export const useApplyPolicy = (id: string) =>
  useWrite<{ version: number; policyId: string; reason: string }, TargetPolicyView>(
    ({ version, ...body }) => ({ path: `${asApprover(id)}/apply-policy`, version, body, shape: targetPolicySchema }),
    changesOf(id)
  );
export const useAdoptConfig = (id: string) =>
  useWrite<{ title: string; paths?: string[]; reason: string }, AdoptedConfig>(
    (body) => ({ path: `${asApprover(id)}/adopt-config`, body, shape: adoptedConfigSchema }),
    [['configs']]
  );

/** What people decide about one target, with the role each needs. */
export const TARGET_DECISIONS = {
  pause: 'operator',
  resume: 'operator',
  cordon: 'operator',
  uncordon: 'operator',
  'clear-quarantine': 'approver',
  'lift-isolation': 'approver',
  retire: 'approver',
  reinstate: 'approver',
} as const;
export type TargetDecision = keyof typeof TARGET_DECISIONS;
/** What each is answered with; absent: nothing. */
const DECIDED: Partial<Record<TargetDecision, Shape<unknown>>> = {
  pause: holdSchema,
  resume: holdListSchema,
  cordon: holdSchema,
  uncordon: holdListSchema,
  'clear-quarantine': holdListSchema,
  'lift-isolation': fleetTargetSchema,
};

/** Carries out one of TARGET_DECISIONS. `fault` is for `clear-quarantine` alone: left out, every quarantine. */
export const useDecideTarget = (id: string) =>
  useWrite<{ decision: TargetDecision; reason: string; fault?: string }, unknown>(
    ({ decision, ...body }) => {
      const path = `fleet/${TARGET_DECISIONS[decision]}/targets/${encodeURIComponent(id)}/${decision}`;
      const shape = DECIDED[decision];
      return { path, body, ...(shape !== undefined && { shape }) };
    },
    [...changesOf(id), keys.repairs]
  );
