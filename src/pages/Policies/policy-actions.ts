import type { Me, PolicyProfile, PolicyProposal } from '@openclaw-fleet/contract';
import { DEFAULT_PROFILE_ID } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

/** Why a person cannot do each thing to a policy now; null: it can be done, as far as the policy goes. */
export interface PolicyActions {
  readonly edit: string | null;
  readonly remove: string | null;
  readonly apply: string | null;
}

export function policyActions({
  id,
  provisioned,
  targets,
}: Pick<PolicyProfile, 'id' | 'provisioned' | 'targets'>): PolicyActions {
  const fromFile = provisioned
    ? t(
        'policies.why.provisioned',
        'This policy comes from a file, which alone can change it: edit the file in the folder policies.dir of the collector.'
      )
    : null;
  return { edit: fromFile, remove: fromFile ?? whyKept(id, targets), apply: null };
}

function whyKept(id: string, targets: number): string | null {
  if (id === DEFAULT_PROFILE_ID)
    return t('policies.why.default', 'This is the policy of every target that has no other, so it stays.');
  return targets > 0
    ? t(
        'policies.why.in-use',
        'Its targets ({{targets}}) need another policy first: apply another one to them, then delete this one.',
        {
          targets,
        }
      )
    : null;
}

/** Why a person cannot decide about a proposal; null: the person can. */
export interface ProposalActions {
  readonly approve: string | null;
  readonly deny: string | null;
}

/** @param me undefined while it is not known who looks */
export function proposalActions(
  {
    requestedBy,
    person,
    version,
    approveBefore,
  }: Pick<PolicyProposal, 'requestedBy' | 'person' | 'version' | 'approveBefore'>,
  me: Me | undefined,
  current: number,
  nowMs: number
): ProposalActions {
  const over =
    Date.parse(approveBefore) <= nowMs
      ? t('policies.why.proposal-over', 'Its time is over: ask for the change again.')
      : null;
  return { approve: over ?? whyNotApproved(requestedBy, person, version, current, me), deny: over };
}

function whyNotApproved(
  requestedBy: string,
  person: string | null,
  version: number,
  current: number,
  me: Me | undefined
): string | null {
  if (version !== current)
    return t(
      'policies.why.proposal-void',
      'The policy was changed since, so this proposal is void: ask for the change again.'
    );
  if (me === undefined) return t('policies.why.who', 'The collector has not said yet who you are.');
  if (me.kind !== 'person')
    return t('policies.why.no-person', 'Only a person may approve, and the collector does not take you for one.');
  return me.actor === requestedBy || (person !== null && me.person === person)
    ? t('policies.why.own', 'You asked for this yourself, so another person must approve it.')
    : null;
}
