import { randomUUID } from 'node:crypto';
import type { PolicyProfile, PolicyProposal, PreviewItem, Timings } from '@openclaw-fleet/contract';
import type { Actor, PolicyStore } from '../storage/types.ts';
import { PolicyError, type PolicyService, type PolicySpecPatch } from './types.ts';

/** Who asks or decides, and why. `person`: the Grafana identifier; null: no person. */
export interface Proposer {
  readonly actor: Actor;
  readonly person: string | null;
  readonly reason: string;
}

/** The change took effect, or waits for a second person. */
export type Proposed =
  | { readonly kind: 'changed'; readonly profile: PolicyProfile }
  | { readonly kind: 'proposed'; readonly proposal: PolicyProposal };

type Starts = Pick<PolicyProposal, 'targets' | 'playbooks'>;

interface Parts {
  readonly policies: Pick<PolicyService, 'preview' | 'update' | 'removeWaiver' | 'get'>;
  readonly store: Pick<PolicyStore, 'proposals' | 'putProposal' | 'dropProposal'>;
  /** Whether automation may act on a target at all: it is switched on, and the target is in its rollout. */
  readonly automation: (targetId: string) => boolean;
  readonly timings: Pick<Timings, 'approvalExpiry'>;
  readonly clock: () => number;
}

const COLLECTOR: Pick<Proposer, 'actor' | 'person'> = { actor: { name: 'system', via: 'system' }, person: null };

/**
 * Changes of profiles that would have automation begin on more than one target wait for a second person (domain-rules
 * section 5): one approver alone cannot rewrite the fleet by editing a profile. Every other change takes effect at once.
 */
export class Proposals {
  readonly #parts: Parts;
  readonly #open = new Map<string, PolicyProposal>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Takes what is stored into memory. */
  async load(): Promise<void> {
    for (const { id, doc } of await this.#parts.store.proposals()) {
      const proposal = JSON.parse(doc) as PolicyProposal;
      // One that was stored before names were kept has none.
      this.#open.set(id, { ...proposal, requestedByName: proposal.requestedByName ?? null });
    }
    await this.#expire();
  }

  /** Ends those whose time is over. */
  async #expire(): Promise<void> {
    const nowMs = this.#parts.clock();
    for (const proposal of [...this.#open.values()]) {
      if (Date.parse(proposal.approveBefore) > nowMs) continue;
      await this.#drop('policy.proposal-expired', proposal, { ...COLLECTOR, reason: 'nobody approved it in time' });
    }
  }

  /** Of one profile, oldest first; those whose time is over are not among them. */
  list(policyId: string): PolicyProposal[] {
    const nowMs = this.#parts.clock();
    return [...this.#open.values()]
      .filter((one) => one.policyId === policyId && Date.parse(one.approveBefore) > nowMs)
      .sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  }

  /** As PolicyService.update, or a proposal of it. */
  async change(profileId: string, patch: PolicySpecPatch, version: number, by: Proposer): Promise<Proposed> {
    const { policies } = this.#parts;
    // Whatever else is wrong with it is told before anybody is asked to approve it.
    const starts = policies.get(profileId)?.version === version ? await this.#starts(profileId, patch) : null;
    if (starts === null) return { kind: 'changed', profile: await policies.update(profileId, patch, version, by) };
    return this.#propose(profileId, patch, version, by, starts);
  }

  /** As PolicyService.removeWaiver, or a proposal of it: what was waived may be what automation would act on. */
  async removeWaiver(profileId: string, waiverId: string, version: number, by: Proposer): Promise<Proposed> {
    const { policies } = this.#parts;
    const profile = policies.get(profileId);
    const waivers = profile?.waivers.filter(({ id }) => id !== waiverId) ?? [];
    const there = profile?.version === version && waivers.length < profile.waivers.length;
    const starts = there ? await this.#starts(profileId, { waivers }) : null;
    if (starts === null) {
      return { kind: 'changed', profile: await policies.removeWaiver(profileId, waiverId, version, by) };
    }
    return this.#propose(profileId, { waivers }, version, by, starts);
  }

  async #propose(
    profileId: string,
    patch: PolicySpecPatch,
    version: number,
    by: Proposer,
    starts: Starts
  ): Promise<Proposed> {
    const { store, timings, clock } = this.#parts;
    await this.#expire();
    const nowMs = clock();
    const proposal: PolicyProposal = {
      id: randomUUID(),
      policyId: profileId,
      version,
      change: { ...patch },
      reason: by.reason,
      requestedBy: by.actor.name,
      requestedByName: by.actor.label ?? null,
      person: by.person,
      createdAt: new Date(nowMs).toISOString(),
      approveBefore: new Date(nowMs + timings.approvalExpiry).toISOString(),
      ...starts,
    };
    await store.putProposal(
      { id: proposal.id, doc: JSON.stringify(proposal) },
      this.#audit('policy.change-proposed', proposal, by)
    );
    this.#open.set(proposal.id, proposal);
    return { kind: 'proposed', proposal };
  }

  /**
   * Carries a proposal out. Throws PolicyError `not-found` when there is none, or its time is over, and `conflict` when the
   * profile was changed meanwhile: then the proposal is void.
   */
  async approve(policyId: string, id: string, by: Proposer): Promise<PolicyProfile> {
    const proposal = this.#get(policyId, id);
    if (by.person === null) {
      throw new PolicyError({
        kind: 'not-allowed',
        message: `${by.actor.name} is no person, and only persons approve: use a token that is bound to a person, or Grafana.`,
      });
    }
    if (by.person === proposal.person || by.actor.name === proposal.requestedBy) {
      throw new PolicyError({
        kind: 'not-allowed',
        message: `${by.person} asked for it, and who asks never approves: have another person approve it.`,
      });
    }
    await this.#drop('policy.proposal-approved', proposal, by);
    const reason = `${proposal.reason} (asked for by ${proposal.requestedBy}; ${by.reason})`.slice(0, 500);
    return this.#parts.policies.update(policyId, proposal.change, proposal.version, {
      actor: by.actor,
      reason,
    });
  }

  /** Ends a proposal. Throws PolicyError `not-found` when there is none. */
  async deny(policyId: string, id: string, by: Proposer): Promise<void> {
    await this.#drop('policy.proposal-denied', this.#get(policyId, id), by);
  }

  /** What automation would begin on; null: one target at the most. */
  async #starts(profileId: string, patch: PolicySpecPatch): Promise<Starts | null> {
    const { policies, automation } = this.#parts;
    const begins = ({ targetId, playbooks }: PreviewItem): boolean => playbooks.length > 0 && automation(targetId);
    const { items: begun } = await policies.preview({ kind: 'update', profileId, patch }, begins);
    if (begun.length <= 1) return null;
    return {
      targets: begun.map(({ targetId }) => targetId),
      playbooks: [...new Set(begun.flatMap(({ playbooks }) => playbooks))].sort(),
    };
  }

  #get(policyId: string, id: string): PolicyProposal {
    const proposal = this.list(policyId).find((one) => one.id === id);
    if (proposal !== undefined) return proposal;
    const message =
      'There is no such proposal any more: it was decided, or its time is over. Ask for the change again.';
    throw new PolicyError({ kind: 'not-found', message });
  }

  async #drop(action: string, proposal: PolicyProposal, by: Proposer): Promise<void> {
    const dropped = await this.#parts.store.dropProposal(proposal.id, this.#audit(action, proposal, by));
    this.#open.delete(proposal.id);
    // Another collector decided it.
    if (!dropped && by.actor.via !== 'system') this.#get(proposal.policyId, proposal.id);
  }

  #audit(action: string, { id, policyId, version, change, targets, playbooks }: PolicyProposal, by: Proposer) {
    const data = { proposal: id, version, fields: Object.keys(change), targets, playbooks };
    return { actor: by.actor, action, subject: policyId, reason: by.reason, atMs: this.#parts.clock(), data };
  }
}
