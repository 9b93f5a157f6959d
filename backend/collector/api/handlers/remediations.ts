import type { DryRun } from '@openclaw-fleet/contract';
import type { Caller } from '../auth.ts';
import { failure, setCreated } from '../call.ts';
import type { BodyOf, Call, Handlers } from '../call.ts';
import { encodeCursor, positionOf } from '../cursor.ts';
import { deciding } from '../failures.ts';
import { idempotencyOf } from '../idempotency.ts';
import type { Parts } from '../parts.ts';
import type { BatchRequest, RepairRequest, Requester } from '../../remediation/types.ts';
import type { REMEDIATION_ROUTES } from '../routes/remediations.ts';
import { nodeOf } from './targets.ts';

const BY_AGE = 'created';
const RUN_ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;

export function requesterOf({ actor, person }: Caller): Requester {
  return { actor, person };
}

function noRun(): Error {
  return failure('not-found', 'No repair has this id. List them at /fleet/remediations/runs.');
}

function noBatch(): Error {
  return failure('not-found', 'No repair of several targets has this id. Its runs are at /fleet/remediations/runs.');
}

/** What a person saw before they asked. */
type Seen = Pick<Call<'reconcileTarget'>['body'], 'digest' | 'approvalsNeeded'>;

/** A part of what a key stands for; left out without one, as in the hashes stored before there was any. */
const seenAs = ({ digest, approvalsNeeded }: Seen): Pick<RepairRequest, 'digest' | 'approvalsNeeded'> => ({
  ...(digest !== undefined && { digest }),
  ...(approvalsNeeded !== undefined && { approvalsNeeded }),
});

function repairOf({ params, body, caller, idempotencyKey }: Call<'reconcileTarget'>): RepairRequest {
  const { targetId } = params;
  const { playbook = null, reason } = body;
  return {
    targetId,
    playbook,
    reason,
    by: requesterOf(caller),
    trigger: 'manual',
    ...seenAs(body),
    idempotency: idempotencyOf(idempotencyKey, body.idempotencyKey, {
      targetId,
      playbook,
      reason,
      ...seenAs(body),
    }),
  };
}

function batchOf({ body, caller, idempotencyKey }: Call<'createBatch'>): BatchRequest {
  const { playbook, reason, targetIds = null, selector = null } = body;
  if ((targetIds === null) === (selector === null) || (selector !== null && Object.keys(selector).length === 0)) {
    const message = 'must have one of targetIds and selector, and name something there';
    throw failure('invalid-body', `The body ${message}.`, [{ field: '(body)', message }]);
  }
  return {
    playbook,
    targetIds,
    selector,
    reason,
    by: requesterOf(caller),
    trigger: 'manual',
    ...seenAs(body),
    idempotency: idempotencyOf(idempotencyKey, body.idempotencyKey, {
      playbook,
      targetIds,
      selector,
      reason,
      ...seenAs(body),
    }),
  };
}

/** A dry run is no request that could be repeated: it answers how things are now. */
function answerDryRun({ response }: Pick<Call<'reconcileTarget'>, 'response'>, dryRun: DryRun): DryRun {
  response.status(200);
  return dryRun;
}

/** Repairs: asking for them, deciding about them, and seeing what becomes of them. */
export function remediationHandlers(parts: Parts): Handlers<keyof typeof REMEDIATION_ROUTES> {
  const { remediation } = parts;
  const approve = (id: string, { body, caller }: { body: BodyOf<'approveRun'>; caller: Caller }) => {
    const { reason, digest = null, breakGlass } = body;
    return deciding(remediation.approve(id, requesterOf(caller), { reason, digest, breakGlass }));
  };
  const deny = (id: string, { body: { reason }, caller }: { body: BodyOf<'denyRun'>; caller: Caller }) =>
    deciding(remediation.deny(id, requesterOf(caller), reason));
  const cancel = (id: string, { body: { reason }, caller }: { body: BodyOf<'cancelRun'>; caller: Caller }) =>
    deciding(remediation.cancel(id, requesterOf(caller), reason));
  const answerMade = (response: Call<'reconcileTarget'>['response'], address: string, created: boolean): void => {
    if (created) setCreated(response, address);
    else response.status(200);
  };
  const runOf = async (runId: string) => {
    const run = await remediation.run(runId);
    if (run === null) throw noRun();
    return run;
  };
  const batchWith = async (batchId: string) => {
    const batch = await remediation.batch(batchId);
    if (batch === null) throw noBatch();
    return batch;
  };

  return {
    async reconcileTarget(call) {
      nodeOf(parts, call.params);
      const request = repairOf(call);
      if (call.body.dryRun) return answerDryRun(call, remediation.dryRun(request));
      const { run, created } = await remediation.request(request);
      answerMade(call.response, `/fleet/remediations/runs/${run.id}`, created);
      return run;
    },
    getRemediations: () => remediation.status(),
    async listRuns({ query: { state, target, playbook, trigger, batch, limit, cursor } }) {
      const after = positionOf(BY_AGE, 'number', cursor, RUN_ID);
      const { runs, total } = await remediation.runs({
        ...(state && { states: state }),
        ...(target !== undefined && { targetId: target }),
        ...(playbook && { playbook }),
        ...(trigger && { trigger }),
        ...(batch !== undefined && { batchId: batch }),
        ...(after && { after: { createdMs: after.key, id: after.id } }),
        limit: limit + 1,
      });
      const items = runs.slice(0, limit);
      const last = items.at(-1);
      const more = runs.length > limit && last !== undefined;
      const nextCursor = more ? encodeCursor(BY_AGE, { key: Date.parse(last.createdAt), id: last.id }) : null;
      return { items, total, nextCursor };
    },
    getRun: ({ params: { runId } }) => runOf(runId),
    approveRun: (call) => approve(call.params.runId, call),
    denyRun: (call) => deny(call.params.runId, call),
    async cancelRun(call) {
      const { runId } = call.params;
      const runs = await cancel(runId, call);
      return runs.find(({ id }) => id === runId) ?? runOf(runId);
    },
    async createBatch(call) {
      const request = batchOf(call);
      if (call.body.dryRun) return answerDryRun(call, remediation.dryRunBatch(request));
      const { batch, created } = await remediation.requestBatch(request);
      answerMade(call.response, `/fleet/remediations/batches/${batch.id}`, created);
      return batch;
    },
    getBatch: ({ params: { batchId } }) => batchWith(batchId),
    approveBatch: (call) => approve(call.params.batchId, call),
    denyBatch: (call) => deny(call.params.batchId, call),
    async cancelBatch(call) {
      await cancel(call.params.batchId, call);
      return batchWith(call.params.batchId);
    },
  };
}
