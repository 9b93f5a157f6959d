import {
  batchSchema,
  dryRunSchema,
  holdListSchema,
  holdSchema,
  planSchema,
  remediationStatusSchema,
  runDetailSchema,
  runPageSchema,
  runSchema,
} from '@openclaw-fleet/contract';
import type {
  Batch,
  DryRun,
  Hold,
  HoldList,
  PlaybookId,
  RemediationStatus,
  Run,
  RunDetail,
  RunPage,
  RunState,
} from '@openclaw-fleet/contract';
import type { FleetError, Query } from './client.ts';
import { keys } from './keys.ts';
import { usePages, useRead } from './use-read.ts';
import { useWrite } from './use-write.ts';

/** What goes on, what holds back, and how playbooks have done. */
export const useRepairStatus = (enabled = true) =>
  useRead<RemediationStatus>(keys.status, 'fleet/remediations', remediationStatusSchema, {}, { enabled });
export const useHolds = (query: Query = {}) =>
  useRead<HoldList>(keys.holds(query), 'fleet/holds', holdListSchema, query);
/** @param query `runQuerySchema` of the contract, without the cursor */
export const useRuns = (query: Query, enabled = true) =>
  usePages<RunPage>(keys.runs(query), 'fleet/remediations/runs', runPageSchema, query, { enabled });
/** How often somebody who looks on sees what is under way. Milliseconds. */
const LOOKING_ON = 1500;
const UNDER_WAY: readonly RunState[] = ['approved', 'running', 'verifying'];

export const runAt = (id: string): string => `fleet/remediations/runs/${encodeURIComponent(id)}`;
export const batchAt = (id: string): string => `fleet/remediations/batches/${encodeURIComponent(id)}`;
/** @param closely the page is about it: each step is seen as it happens */
export const useRun = (id: string, closely = false) =>
  useRead<RunDetail>(
    keys.run(id),
    runAt(id),
    runDetailSchema,
    {},
    { every: (run) => (closely && run !== undefined && UNDER_WAY.includes(run.state) ? LOOKING_ON : null) }
  );
export const useBatch = (id: string, closely = false) =>
  useRead<Batch>(
    keys.batch(id),
    batchAt(id),
    batchSchema,
    {},
    { every: (batch) => (closely && batch?.state === 'running' ? LOOKING_ON : null) }
  );

const changed = [keys.repairs, keys.summary, ['target']];

interface Reconcile {
  readonly targetId: string;
  readonly playbook?: PlaybookId;
  readonly reason: string;
}
/** What a request has that a dry run has not. */
interface Asked {
  readonly idempotencyKey: string;
  /** That of the plan that the person saw. */
  readonly digest: string;
}
const reconcileAt = (targetId: string): string => `fleet/operator/targets/${encodeURIComponent(targetId)}/reconcile`;

/** Shows the plan for one target and what would hold it back; nothing begins. Needs the role operator. */
export const usePlanRepair = () =>
  useWrite<Reconcile, DryRun>(
    ({ targetId, ...body }) => ({ path: reconcileAt(targetId), body: { ...body, dryRun: true }, shape: dryRunSchema }),
    []
  );
/**
 * Asks for the repair of one target. A guardrail's refusal, and that of a plan that is another by now (`isOtherPlan`), is a
 * FleetError of kind `refused`. Needs the role operator.
 */
export const useRequestRepair = () =>
  useWrite<Reconcile & Asked, Run>(
    ({ targetId, idempotencyKey, ...body }) => ({
      path: reconcileAt(targetId),
      idempotencyKey,
      body,
      shape: runSchema,
    }),
    changed
  );

interface NewBatch {
  readonly playbook: PlaybookId;
  readonly targetIds: readonly string[];
  readonly reason: string;
}
export const usePlanBatch = () =>
  useWrite<NewBatch, DryRun>(
    (body) => ({ path: 'fleet/operator/remediations/batches', body: { ...body, dryRun: true }, shape: dryRunSchema }),
    []
  );
export const useRequestBatch = () =>
  useWrite<NewBatch & Asked, Batch>(
    ({ idempotencyKey, ...body }) => ({
      path: 'fleet/operator/remediations/batches',
      idempotencyKey,
      body,
      shape: batchSchema,
    }),
    changed
  );

/** A request was refused because what would be done is not what its digest stands for: the plan must be looked at again. */
export const isOtherPlan = ({ problem }: FleetError): boolean =>
  problem?.type === 'urn:openclaw-fleet:problem:conflict';

/** Of a run or a batch: its address has the plural. */
export type PlanKind = 'runs' | 'batches';
interface Decision {
  readonly kind: PlanKind;
  readonly id: string;
  readonly reason: string;
}
const decisionAt = (role: string, { kind, id }: Decision, verb: string): string =>
  `fleet/${role}/remediations/${kind}/${encodeURIComponent(id)}/${verb}`;

/** `digest`: that of the plan that the person saw. Needs the role approver, and a person other than the requester. */
export const useApprove = () =>
  useWrite<Decision & { digest: string; breakGlass?: boolean }, unknown>(
    (it) => ({
      path: decisionAt('approver', it, 'approve'),
      body: { reason: it.reason, digest: it.digest, breakGlass: it.breakGlass ?? false },
      shape: planSchema,
    }),
    changed
  );
export const useDeny = () =>
  useWrite<Decision, unknown>(
    (it) => ({ path: decisionAt('approver', it, 'deny'), body: { reason: it.reason }, shape: planSchema }),
    changed
  );
export const useCancel = () =>
  useWrite<Decision, unknown>(
    (it) => ({
      path: decisionAt('operator', it, 'cancel'),
      body: { reason: it.reason },
      shape: it.kind === 'runs' ? runSchema : batchSchema,
    }),
    changed
  );

/** Pauses or resumes all repairs. Needs the role operator. */
export const usePauseAll = () =>
  useWrite<{ pause: boolean; reason: string }, Hold | HoldList>(
    ({ pause, reason }) => ({
      path: `fleet/operator/${pause ? 'pause' : 'resume'}`,
      body: { reason },
      shape: pause ? holdSchema : holdListSchema,
    }),
    changed
  );
/** Closes the breaker of a playbook on a fault. Needs the role approver. */
export const useCloseBreaker = () =>
  useWrite<{ playbook: PlaybookId; fault: string; reason: string }, HoldList>(
    (body) => ({ path: 'fleet/approver/breakers/close', body, shape: holdListSchema }),
    changed
  );
