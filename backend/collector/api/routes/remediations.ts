import {
  approveSchema,
  batchSchema,
  decideSchema,
  dryRunSchema,
  newBatchSchema,
  planSchema,
  reconcileSchema,
  remediationStatusSchema,
  repairIdSchema,
  RUN_STATES,
  runDetailSchema,
  runPageSchema,
  runQuerySchema,
  runSchema,
} from '@openclaw-fleet/contract';
import { z } from 'zod';
import { json, noQuery } from '../route.ts';
import type { Route } from '../route.ts';
import { ofTarget } from './schemas.ts';

const run = runSchema.meta({ id: 'Run' });
const runDetail = runDetailSchema.meta({ id: 'RunDetail' });
const plan = planSchema.meta({ id: 'Plan' });
const batch = batchSchema.meta({ id: 'Batch' });
const dryRun = dryRunSchema.meta({ id: 'DryRun' });

const ofRun = z.object({ runId: repairIdSchema });
const ofBatch = z.object({ batchId: repairIdSchema });

const APPROVE =
  'For the plan as it is: `digest` says which plan was seen, and another one is not approved. The requester never approves, but for break-glass: alone, with a reason, and everything marks it. Approving twice counts once.';
const CANCEL =
  'What has not begun ends at once; what runs ends after the step under way, and is rolled back where its playbook can. What is being verified is not cancelled: nothing is left to stop.';

/** Repairs: asking for them, deciding about them, and seeing what becomes of them. */
export const REMEDIATION_ROUTES = {
  reconcileTarget: {
    method: 'post',
    path: '/fleet/targets/:targetId/reconcile',
    role: 'operator',
    summary: 'Ask for a repair of one target',
    description:
      'By the playbook that is named, or the one that its worst open fault suggests. Minor and major drift begin at once; what needs an approval waits for it. With `dryRun` nothing begins; with the `digest` of its plan, only that plan does. `Idempotency-Key` outranks the key in the body.',
    query: noQuery,
    params: ofTarget,
    body: { schema: reconcileSchema.meta({ id: 'Reconcile' }) },
    idempotent: true,
    replies: [
      json(run, 'The run', { status: 201, headers: ['location'] }),
      json(z.union([run, dryRun]), 'The run that this key asked for before; or what would happen, for a dry run'),
    ],
    problems: ['not-found', 'conflict', 'repair-refused', 'not-ready'],
  },
  getRemediations: {
    method: 'get',
    path: '/fleet/remediations',
    role: 'viewer',
    summary: 'Show how repairs stand',
    description:
      'Whether automation may begin anything and why not, what is in flight against its cap, what waits for an approval, what is held back, and how each playbook did.',
    query: noQuery,
    replies: [json(remediationStatusSchema.meta({ id: 'RemediationStatus' }), 'How they stand')],
    problems: [],
  },
  listRuns: {
    method: 'get',
    path: '/fleet/remediations/runs',
    role: 'viewer',
    summary: 'List repairs',
    description: 'Newest first, refused ones (`blocked`) among them. Several `state` match any of them.',
    query: runQuerySchema,
    documentedQuery: runQuerySchema.extend({ state: z.array(z.enum(RUN_STATES)).optional() }),
    replies: [json(runPageSchema.extend({ items: z.array(run) }).meta({ id: 'RunPage' }), 'The page')],
    problems: ['storage-unavailable'],
  },
  getRun: {
    method: 'get',
    path: '/fleet/remediations/runs/:runId',
    role: 'viewer',
    summary: 'Show one repair',
    description: 'With its plan, and each step with its evidence.',
    query: noQuery,
    params: ofRun,
    replies: [json(runDetail, 'The run')],
    problems: ['not-found', 'storage-unavailable'],
  },
  approveRun: {
    method: 'post',
    path: '/fleet/remediations/runs/:runId/approve',
    role: 'approver',
    person: true,
    summary: 'Approve a repair',
    description: APPROVE,
    query: noQuery,
    params: ofRun,
    body: { schema: approveSchema.meta({ id: 'Approve' }) },
    replies: [json(plan, 'The plan as it is now')],
    problems: ['not-found', 'approval-refused', 'repair-refused', 'not-ready'],
  },
  denyRun: {
    method: 'post',
    path: '/fleet/remediations/runs/:runId/deny',
    role: 'approver',
    person: true,
    summary: 'Deny a repair',
    description: 'One denial ends everything of its plan that has not begun.',
    query: noQuery,
    params: ofRun,
    body: { schema: decideSchema },
    replies: [json(plan, 'The plan as it is now')],
    problems: ['not-found', 'approval-refused', 'not-ready'],
  },
  cancelRun: {
    method: 'post',
    path: '/fleet/remediations/runs/:runId/cancel',
    role: 'operator',
    summary: 'Cancel a repair',
    description: CANCEL,
    query: noQuery,
    params: ofRun,
    body: { schema: decideSchema },
    replies: [json(run, 'The run as it is now')],
    problems: ['not-found', 'approval-refused', 'not-ready'],
  },
  createBatch: {
    method: 'post',
    path: '/fleet/remediations/batches',
    role: 'operator',
    summary: 'Ask for a repair of several targets',
    description:
      'Of the targets in `targetIds`, or of those that `selector` finds with a fault of the playbook: the plan lists them, and an empty list is an error. Canaries first, then waves; too many failures halt it. With `dryRun` nothing begins; with the `digest` of its plan, only that plan does.',
    query: noQuery,
    body: { schema: newBatchSchema.meta({ id: 'NewBatch' }) },
    idempotent: true,
    replies: [
      json(batch, 'The batch', { status: 201, headers: ['location'] }),
      json(z.union([batch, dryRun]), 'The batch that this key asked for before; or what would happen, for a dry run'),
    ],
    problems: ['not-found', 'conflict', 'repair-refused', 'not-ready'],
  },
  getBatch: {
    method: 'get',
    path: '/fleet/remediations/batches/:batchId',
    role: 'viewer',
    summary: 'Show a repair of several targets',
    description: 'With its plan, how far it is, and its runs.',
    query: noQuery,
    params: ofBatch,
    replies: [json(batch, 'The batch')],
    problems: ['not-found', 'storage-unavailable'],
  },
  approveBatch: {
    method: 'post',
    path: '/fleet/remediations/batches/:batchId/approve',
    role: 'approver',
    person: true,
    summary: 'Approve a repair of several targets',
    description: APPROVE,
    query: noQuery,
    params: ofBatch,
    body: { schema: approveSchema.meta({ id: 'Approve' }) },
    replies: [json(plan, 'The plan as it is now')],
    problems: ['not-found', 'approval-refused', 'repair-refused', 'not-ready'],
  },
  denyBatch: {
    method: 'post',
    path: '/fleet/remediations/batches/:batchId/deny',
    role: 'approver',
    person: true,
    summary: 'Deny a repair of several targets',
    description: 'One denial ends everything of it that has not begun.',
    query: noQuery,
    params: ofBatch,
    body: { schema: decideSchema },
    replies: [json(plan, 'The plan as it is now')],
    problems: ['not-found', 'approval-refused', 'not-ready'],
  },
  cancelBatch: {
    method: 'post',
    path: '/fleet/remediations/batches/:batchId/cancel',
    role: 'operator',
    summary: 'Cancel a repair of several targets',
    description: CANCEL,
    query: noQuery,
    params: ofBatch,
    body: { schema: decideSchema },
    replies: [json(batch, 'The batch as it is now')],
    problems: ['not-found', 'approval-refused', 'not-ready'],
  },
} as const satisfies Record<string, Route>;
