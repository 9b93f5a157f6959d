import {
  policyListSchema,
  policyProfileSchema,
  policyProposalListSchema,
  policyProposalSchema,
  previewSchema,
} from '@openclaw-fleet/contract';
import type { PolicyPreview, PolicyProfile, PolicyProposal, Waiver } from '@openclaw-fleet/contract';
import { keys } from './keys.ts';
import { useRead } from './use-read.ts';
import { useWrite } from './use-write.ts';

const of = (id: string): string => `policies/${encodeURIComponent(id)}`;

export const usePolicies = () => useRead<{ items: PolicyProfile[] }>(keys.policies, 'fleet/policies', policyListSchema);
/** One profile; its `version` goes with each change. */
export const usePolicy = (id: string) =>
  useRead<PolicyProfile>(keys.policy(id), `fleet/${of(id)}`, policyProfileSchema);
/** Changes that wait for a second person. */
export const useProposals = (id: string) =>
  useRead<{ items: PolicyProposal[] }>(keys.proposals(id), `fleet/${of(id)}/proposals`, policyProposalListSchema);

const changed = [keys.policies, keys.summary, ['targets'], ['target'], ['map'], ['drift'], ['violations']];

type Change = Record<string, unknown>;
const profileOrProposal = policyProfileSchema.or(policyProposalSchema);

/** Who changes band, what opens and closes. `change` of the profile, or `applyTo` targets. Needs the role operator. */
export const usePreviewPolicy = (id: string) =>
  useWrite<{ change?: Change; applyTo?: string[] }, PolicyPreview>(
    (body) => ({ path: `fleet/operator/${of(id)}/preview`, body, shape: previewSchema }),
    []
  );
/** The rest needs the role approver. Each `version` is that of `usePolicy`. */
export const useCreatePolicy = () =>
  useWrite<Change, PolicyProfile>(
    (body) => ({ path: 'fleet/approver/policies', body, shape: policyProfileSchema }),
    changed
  );
/** Answers with the profile; or with a proposal (it has a `requestedBy`), when another person must agree. */
export const useChangePolicy = (id: string) =>
  useWrite<{ version: number; change: Change }, PolicyProfile | PolicyProposal>(
    ({ version, change }) => ({
      method: 'PATCH',
      path: `fleet/approver/${of(id)}`,
      version,
      body: change,
      shape: profileOrProposal,
    }),
    changed
  );
export const useDeletePolicy = (id: string) =>
  useWrite<{ version: number; reason: string }, unknown>(
    ({ version, reason }) => ({ method: 'DELETE', path: `fleet/approver/${of(id)}`, version, body: { reason } }),
    changed
  );
export const useAddWaiver = (id: string) =>
  useWrite<{ version: number; waiver: Waiver }, PolicyProfile>(
    ({ version, waiver }) => ({
      path: `fleet/approver/${of(id)}/waivers`,
      version,
      body: waiver,
      shape: policyProfileSchema,
    }),
    changed
  );
/** Answers as a change does: what was waived may be what automation would begin on. */
export const useRemoveWaiver = (id: string) =>
  useWrite<{ version: number; waiverId: string; reason: string }, PolicyProfile | PolicyProposal>(
    ({ version, waiverId, reason }) => ({
      method: 'DELETE',
      path: `fleet/approver/${of(id)}/waivers/${encodeURIComponent(waiverId)}`,
      version,
      body: { reason },
      shape: profileOrProposal,
    }),
    changed
  );
export const useDecideProposal = (id: string) =>
  useWrite<{ proposalId: string; decision: 'approve' | 'deny'; reason: string }, unknown>(
    ({ proposalId, decision, reason }) => ({
      path: `fleet/approver/${of(id)}/proposals/${encodeURIComponent(proposalId)}/${decision}`,
      body: { reason },
      ...(decision === 'approve' && { shape: policyProfileSchema }),
    }),
    changed
  );
