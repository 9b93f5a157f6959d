import type { OverlayView, PolicyProfile, PolicyProposal, TargetPolicyView } from '@openclaw-fleet/contract';
import type { Proposed, Proposer } from '../../policies/proposals.ts';
import type { PolicyDraft, TargetPolicy } from '../../policies/types.ts';
import type { Caller } from '../auth.ts';
import { failure, setCreated, setVersion } from '../call.ts';
import type { BodyOf, Call, Handlers } from '../call.ts';
import type { Parts } from '../parts.ts';
import type { POLICY_ROUTES } from '../routes/policies.ts';
import { nodeOf } from './targets.ts';

type PolicyRoute = keyof typeof POLICY_ROUTES;

function decided({ targetId, rev, updatedMs, updatedBy }: TargetPolicy) {
  return {
    targetId,
    version: rev,
    updatedAt: updatedMs === null ? null : new Date(updatedMs).toISOString(),
    updatedBy,
  };
}

/** Only the fields that were sent: the schema leaves `undefined` where one was left out. */
function sent<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function nothingSent(takes: string): Error {
  const message = `names nothing to change: send at least one of ${takes}`;
  return failure('invalid-body', `The body ${message}.`, [{ field: '(body)', message }]);
}

/** The one draft that a body holds. @throws {ProblemError} when it holds none, or several */
function oneOf(drafts: readonly (PolicyDraft | null)[], takes: string): PolicyDraft {
  const [draft, ...others] = drafts.filter((each) => each !== null);
  if (draft !== undefined && others.length === 0) return draft;
  const message = `must have exactly one of ${takes}`;
  throw failure('invalid-body', `The body ${message}.`, [{ field: '(body)', message }]);
}

function profileDraft(profileId: string, { change, applyTo }: BodyOf<'previewPolicy'>): PolicyDraft {
  return oneOf(
    [
      change === undefined ? null : { kind: 'update', profileId, patch: sent(change) },
      applyTo === undefined ? null : { kind: 'apply', targetIds: applyTo, profileId },
    ],
    'change, applyTo'
  );
}

function targetDraft(targetId: string, { policyId, desired, overlay }: BodyOf<'previewTarget'>): PolicyDraft {
  const { inherit, ...patch } = desired ?? {};
  return oneOf(
    [
      policyId === undefined ? null : { kind: 'apply', targetIds: [targetId], profileId: policyId },
      desired === undefined
        ? null
        : { kind: 'patchDesired', targetId, patch: sent(patch), ...(inherit && { inherit }) },
      overlay === undefined ? null : { kind: 'setOverlay', targetId, overlay },
    ],
    'policyId, desired, overlay'
  );
}

const asker = ({ actor, person }: Caller): Pick<Proposer, 'actor' | 'person'> => ({ actor, person });

/** The profile as it is now, or the proposal that waits for another person. */
function shownChange(response: Call<'changePolicy'>['response'], changed: Proposed): PolicyProfile | PolicyProposal {
  if (changed.kind === 'proposed') {
    response.status(202).setHeader('location', `/fleet/policies/${changed.proposal.policyId}/proposals`);
    return changed.proposal;
  }
  setVersion(response, changed.profile.version);
  return changed.profile;
}

/** What is expected of targets, and who says so. */
export function policyHandlers(parts: Parts): Handlers<PolicyRoute> {
  const { policies, proposals } = parts;

  const targetView = (
    { response }: Pick<Call<'getDesiredState'>, 'response'>,
    target: TargetPolicy
  ): TargetPolicyView => {
    const { profileId, profileVersion, owner, driftMode, desired, revision } = policies.of(target.targetId);
    setVersion(response, target.rev);
    return {
      ...decided(target),
      policyProfileId: profileId,
      policyProfileVersion: profileVersion,
      provisioned: target.provisioned,
      owner,
      driftMode,
      own: target.desired,
      desired,
      configRevision: revision,
    };
  };

  const overlayView = ({ response }: Pick<Call<'getOverlay'>, 'response'>, target: TargetPolicy): OverlayView => {
    const { desired, revision } = policies.of(target.targetId);
    setVersion(response, target.rev);
    return { ...decided(target), values: target.overlay, configRevision: revision, configHash: desired.configHash };
  };

  return {
    listPolicies: () => ({ items: policies.list() }),
    async createPolicy({ body: { id, reason, ...spec }, caller: { actor }, response }) {
      const profile = await policies.create(id, spec, { actor, reason });
      setVersion(response, profile.version);
      setCreated(response, `/fleet/policies/${id}`);
      return profile;
    },
    getPolicy({ params: { policyId }, response }) {
      const profile = policies.get(policyId);
      if (profile === null)
        throw failure('not-found', 'No profile has this id. List them at /fleet/policies, or create it there.');
      setVersion(response, profile.version);
      return profile;
    },
    async changePolicy({ params: { policyId }, body: { reason, ...change }, version, caller, response }) {
      const patch = sent(change);
      if (Object.keys(patch).length === 0) throw nothingSent('the fields of a profile');
      return shownChange(response, await proposals.change(policyId, patch, version, { ...asker(caller), reason }));
    },
    listProposals({ params: { policyId } }) {
      if (policies.get(policyId) === null)
        throw failure('not-found', 'No profile has this id. List them at /fleet/policies.');
      return { items: proposals.list(policyId) };
    },
    async approveProposal({ params: { policyId, proposalId }, body: { reason }, caller, response }) {
      const profile = await proposals.approve(policyId, proposalId, { ...asker(caller), reason });
      setVersion(response, profile.version);
      return profile;
    },
    async denyProposal({ params: { policyId, proposalId }, body: { reason }, caller, response }) {
      await proposals.deny(policyId, proposalId, { ...asker(caller), reason });
      response.status(204).end();
      return undefined;
    },
    async deletePolicy({ params: { policyId }, body: { reason }, version, caller: { actor }, response }) {
      await policies.remove(policyId, version, { actor, reason });
      response.status(204).end();
      return undefined;
    },
    previewPolicy: ({ params: { policyId }, body }) => policies.preview(profileDraft(policyId, body)),
    async addWaiver({ params: { policyId }, body, version, caller: { actor }, response }) {
      const profile = await policies.addWaiver(policyId, body, version, { actor, reason: body.reason });
      setVersion(response, profile.version);
      return profile;
    },
    async removeWaiver({ params: { policyId, waiverId }, body: { reason }, version, caller, response }) {
      const by = { ...asker(caller), reason };
      return shownChange(response, await proposals.removeWaiver(policyId, waiverId, version, by));
    },
    getDesiredState(call) {
      nodeOf(parts, call.params);
      return targetView(call, policies.target(call.params.targetId));
    },
    async changeDesiredState(call) {
      const { targetId } = call.params;
      const { reason, inherit, ...change } = call.body;
      nodeOf(parts, call.params);
      const patch = sent(change);
      if (Object.keys(patch).length === 0 && (inherit ?? []).length === 0)
        throw nothingSent('the fields of a desired state, or inherit');
      const by = { actor: call.caller.actor, reason };
      return targetView(call, await policies.patchDesired(targetId, patch, call.version, by, inherit));
    },
    async applyPolicy(call) {
      const { targetId } = call.params;
      const { policyId, reason } = call.body;
      nodeOf(parts, call.params);
      const revs = call.version === null ? null : { [targetId]: call.version };
      await policies.apply([targetId], policyId, revs, { actor: call.caller.actor, reason });
      return targetView(call, policies.target(targetId));
    },
    previewTarget({ params, body }) {
      nodeOf(parts, params);
      return policies.preview(targetDraft(params.targetId, body));
    },
    getOverlay(call) {
      nodeOf(parts, call.params);
      return overlayView(call, policies.target(call.params.targetId));
    },
    async putOverlay(call) {
      const { values, reason } = call.body;
      nodeOf(parts, call.params);
      const by = { actor: call.caller.actor, reason };
      return overlayView(call, await policies.setOverlay(call.params.targetId, values, call.version, by));
    },
  };
}
