import {
  DEFAULT_PROFILE_ID,
  type ConfigValues,
  type DesiredStatePatch,
  type PolicyPreview,
  type PreviewItem,
  type PolicyProfile,
} from '@openclaw-fleet/contract';
import type { Expectation } from '../assessment/types.ts';
import type { DesiredConfiguration } from '../configurations/types.ts';
import type { FleetNode } from '../fleet/types.ts';
import { exists, PolicyCore, type PoliciesOptions } from './core.ts';
import { TargetCounts } from './counts.ts';
import { previewOf } from './preview.ts';
import { ProvisionedPolicies } from './provisioned.ts';
import type { Overrides } from './state.ts';
import type {
  Applied,
  DesiredField,
  PolicyDraft,
  PolicyFleet,
  PolicyService,
  PolicySpecInput,
  PolicySpecPatch,
  Profile,
  Provenance,
  TargetPolicy,
  TargetSettings,
  WaiverInput,
  WindowVerdict,
} from './types.ts';
import { checkProfileId, checkReason, parseWaiver } from './validate.ts';
import { windowVerdict } from './windows.ts';
import { checkVersion, inUse, refusal } from './writer.ts';

/** Who sees a change that is only looked at. */
const PREVIEW: Provenance = { actor: { name: 'preview', via: 'system' }, reason: 'a preview' };

/** Profiles and targets' settings. The methods are those of PolicyService. */
export class Policies implements PolicyService {
  /** What files say of policies; they alone can change it. */
  readonly provisioned: ProvisionedPolicies;
  readonly #core: PolicyCore;
  readonly #counts = new TargetCounts();

  constructor(options: PoliciesOptions) {
    this.#core = new PolicyCore(options);
    this.provisioned = new ProvisionedPolicies(this.#core);
  }

  /** Reads what is stored, and stores the default profile when there is none yet. Once, before anything else. */
  load(): Promise<void> {
    return this.#core.load();
  }

  /** From now on targets have to be registered to be changed, and a change is followed by their assessment. */
  attach(fleet: PolicyFleet): void {
    this.#core.fleet = fleet;
  }

  of(nodeId: string): Expectation {
    return this.#core.state.of(nodeId);
  }

  list(): PolicyProfile[] {
    const targets = this.#targets();
    return this.#core.state.profiles().map((profile) => shown(profile, targets.get(profile.id) ?? 0));
  }

  get(profileId: string): PolicyProfile | null {
    const profile = this.#core.state.profile(profileId);
    return profile === undefined ? null : this.#shown(profile);
  }

  target(targetId: string): TargetPolicy {
    const { state, byFile } = this.#core;
    const settings = state.settings(targetId);
    return {
      targetId,
      rev: settings?.rev ?? 0,
      profileId: state.profileOf(targetId).id,
      desired: settings?.desired ?? {},
      overlay: settings?.overlay ?? {},
      provisioned: byFile.has(targetId),
      updatedMs: settings?.updatedMs ?? null,
      updatedBy: settings?.updatedBy ?? null,
    };
  }

  configuration(targetId: string): DesiredConfiguration | null {
    const { revision } = this.#core.state.of(targetId);
    return revision === null ? null : { revision, overlay: this.#core.state.settings(targetId)?.overlay ?? {} };
  }

  guardrails(targetId: string): Readonly<Record<string, number | boolean>> {
    return this.#core.state.profileOf(targetId).spec.guardrails;
  }

  window(targetId: string, nowMs: number): WindowVerdict {
    return windowVerdict(this.#core.state.profileOf(targetId).spec.windows, nowMs);
  }

  create(profileId: string, spec: PolicySpecInput, by: Provenance): Promise<PolicyProfile> {
    const { state, planner, writer } = this.#core;
    return writer.alone(async () => {
      checkReason(by);
      checkProfileId(profileId);
      const there = state.profile(profileId);
      if (there !== undefined)
        throw exists(there, `There is a policy ${profileId} already`, 'PATCH it, or choose another id');
      const version = await writer.version(profileId);
      const next = planner.created(profileId, spec, version, this.#core.stamp(by));
      await writer.putProfile(next, { action: 'policy.created', by, data: { spec: next.spec } });
      return this.#shown(next);
    });
  }

  async update(profileId: string, patch: PolicySpecPatch, version: number, by: Provenance): Promise<PolicyProfile> {
    return this.#shown(await this.#core.rewrite(profileId, version, 'policy.updated', by, () => patch));
  }

  async addWaiver(profileId: string, waiver: WaiverInput, version: number, by: Provenance): Promise<PolicyProfile> {
    const next = await this.#core.rewrite(profileId, version, 'policy.waiver-added', by, (profile) => {
      const whole = parseWaiver(waiver, this.#core.options.clock());
      const { waivers } = profile.spec;
      if (waivers.some(({ id }) => id === whole.id)) {
        const what = `The policy ${profileId} has a waiver ${whole.id} already`;
        throw exists(profile, what, 'choose another id, or remove that one first');
      }
      return { waivers: [...waivers, whole] };
    });
    return this.#shown(next);
  }

  async removeWaiver(profileId: string, waiverId: string, version: number, by: Provenance): Promise<PolicyProfile> {
    const next = await this.#core.rewrite(profileId, version, 'policy.waiver-removed', by, ({ spec }) => {
      const waivers = spec.waivers.filter(({ id }) => id !== waiverId);
      if (waivers.length < spec.waivers.length) return { waivers };
      throw refusal(
        'not-found',
        `The policy ${profileId} has no waiver ${waiverId}: read the policy for those it has.`
      );
    });
    return this.#shown(next);
  }

  remove(profileId: string, version: number, by: Provenance): Promise<void> {
    const { state, writer, options } = this.#core;
    return writer.alone(async () => {
      checkReason(by);
      if (profileId === DEFAULT_PROFILE_ID) {
        const message = 'The default policy is that of every target without another: it can be edited, never deleted.';
        throw refusal('protected', message);
      }
      const profile = this.#core.writable(profileId);
      checkVersion(`The policy ${profileId}`, profile.version, version);
      const users = state.usersOf(profileId);
      const usedBy = users.filter((id) => this.#core.isRegistered(id));
      if (usedBy.length > 0) throw inUse(profileId, usedBy);
      // Nobody could give another to a target that never reported, or is forgotten.
      await this.#core.assign(users, DEFAULT_PROFILE_ID, by);
      await writer.deleteProfile(profile, options.clock(), {
        action: 'policy.deleted',
        by,
        data: { spec: profile.spec },
      });
    });
  }

  async apply(
    targetIds: readonly string[],
    profileId: string,
    revs: Readonly<Record<string, number>> | null,
    by: Provenance
  ): Promise<Applied> {
    const core = this.#core;
    const result = await core.writer.alone(() => {
      checkReason(by);
      const ids = core.registered(targetIds);
      core.profile(profileId);
      for (const id of ids) {
        const rev = core.state.settings(id)?.rev ?? 0;
        if (revs !== null && Object.hasOwn(revs, id)) checkVersion(`The settings of ${id}`, rev, revs[id] ?? 0);
        core.assignable(id, profileId);
      }
      return core.assign(ids, profileId, by);
    });
    await core.reassess(result.applied);
    return result;
  }

  async patchDesired(
    targetId: string,
    patch: DesiredStatePatch,
    rev: number,
    by: Provenance,
    inherit: readonly DesiredField[] = []
  ): Promise<TargetPolicy> {
    await this.#core.reset(targetId, rev, by, (before) => {
      const next = this.#core.planner.patchedDesired(targetId, patch, inherit, this.#core.stamp(by));
      const said = [
        ...(Object.keys(patch).length > 0 ? [`${Object.keys(patch).join(', ')} set`] : []),
        ...(inherit.length > 0 ? [`${inherit.join(', ')} left to the policy`] : []),
      ];
      return {
        next,
        summary: `Its own desired state was changed: ${said.join('; ') || 'nothing'}`,
        action: 'target.desired-changed',
        data: { before: before?.desired ?? {}, after: next.desired },
      };
    });
    return this.target(targetId);
  }

  async setOverlay(targetId: string, overlay: ConfigValues, rev: number, by: Provenance): Promise<TargetPolicy> {
    await this.#core.reset(targetId, rev, by, () => {
      const next = this.#core.planner.overlaid(targetId, overlay, this.#core.stamp(by));
      const paths = Object.keys(next.overlay);
      const summary = paths.length === 0 ? 'Its overlay was emptied' : `Its overlay was set: ${paths.join(', ')}`;
      return { next, summary, action: 'target.overlay-set', data: { paths } };
    });
    return this.target(targetId);
  }

  async preview(draft: PolicyDraft, listed?: (item: PreviewItem) => boolean): Promise<PolicyPreview> {
    const { state, fleet, options } = this.#core;
    if (fleet === null) throw new Error('policies are not attached to a fleet');
    const { overrides, nodes } = this.#drafted(draft, fleet);
    const expectation = { then: (id: string) => state.with(id, overrides), now: (id: string) => state.of(id) };
    const profile = {
      then: (id: string) => state.profileWith(id, overrides),
      now: (id: string) => state.profileOf(id),
    };
    return previewOf(fleet, nodes, expectation, profile, options.clock, options.timings, listed);
  }

  #drafted(draft: PolicyDraft, fleet: PolicyFleet): { overrides: Overrides; nodes: Iterable<FleetNode> } {
    const { state, planner } = this.#core;
    const stamp = this.#core.stamp(PREVIEW);
    if (draft.kind === 'update') {
      const profile = planner.updated(this.#core.writable(draft.profileId), draft.patch, stamp);
      return { overrides: { profile }, nodes: nodesOf(fleet, (id) => state.profileOf(id).id === profile.id) };
    }
    if (draft.kind === 'apply') this.#core.profile(draft.profileId);
    const ids = this.#core.registered(draft.kind === 'apply' ? draft.targetIds : [draft.targetId]);
    if (draft.kind === 'apply') for (const id of ids) this.#core.assignable(id, draft.profileId);
    const settings = new Map<string, TargetSettings>();
    for (const id of ids) {
      const next =
        draft.kind === 'apply'
          ? planner.applied(id, draft.profileId, stamp)
          : draft.kind === 'patchDesired'
            ? planner.patchedDesired(id, draft.patch, draft.inherit ?? [], stamp)
            : planner.overlaid(id, draft.overlay, stamp);
      if (next !== null) settings.set(id, next);
    }
    return { overrides: { settings }, nodes: ids.flatMap((id) => fleet.get(id) ?? []) };
  }

  #shown(profile: Profile): PolicyProfile {
    return shown(profile, this.#targets().get(profile.id) ?? 0);
  }

  #targets(): ReadonlyMap<string, number> {
    const { state, fleet, options } = this.#core;
    return this.#counts.of(state, fleet, options.clock());
  }
}

function* nodesOf(fleet: PolicyFleet, concerned: (nodeId: string) => boolean): Generator<FleetNode> {
  for (const node of fleet.nodes()) if (concerned(node.id)) yield node;
}

function shown({ id, version, spec, provisioned, ...profile }: Profile, targets: number): PolicyProfile {
  return {
    ...spec,
    id,
    version,
    provisioned,
    createdAt: new Date(profile.createdMs).toISOString(),
    updatedAt: new Date(profile.updatedMs).toISOString(),
    updatedBy: profile.updatedBy,
    targets,
  };
}
