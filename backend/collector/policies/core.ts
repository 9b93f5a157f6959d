import { DEFAULT_PROFILE_ID, type ConfigValues, type Timings } from '@openclaw-fleet/contract';
import type { Because } from '../fleet/types.ts';
import { changesOf, nextProfile, Planner, type Stamp } from './plan.ts';
import { BUILT_IN_SPEC, PolicyState } from './state.ts';
import {
  PolicyError,
  type Applied,
  type ConfigurationLookup,
  type PolicyFlags,
  type PolicyFleet,
  type PolicySpecPatch,
  type Profile,
  type Provenance,
  type TargetSettings,
} from './types.ts';
import { checkReason, checkTargetIds } from './validate.ts';
import { checkVersion, PolicyWriter, refusal, type StoredPolicies, type Told } from './writer.ts';

export interface PoliciesOptions {
  readonly store: StoredPolicies;
  /** Loaded before policies are. */
  readonly configurations: ConfigurationLookup;
  readonly flags: PolicyFlags;
  readonly timings: Timings;
  readonly clock: () => number;
  /** Told when a change was stored and targets could not be assessed anew; the next heartbeat of each does it. */
  readonly onError: (error: unknown) => void;
}

const SYSTEM: Provenance = {
  actor: { name: 'system', via: 'system' },
  reason: 'the policy of every target without another',
};

/** What a change of a target's settings is to be. */
export interface SettingsDecision {
  readonly next: TargetSettings;
  /** What its timeline says, in words. */
  readonly summary: string;
  readonly action: string;
  readonly data: Record<string, unknown>;
}

/** How a change is made, whoever makes it: one after the other, checked, stored, then in effect. */
export class PolicyCore {
  readonly options: PoliciesOptions;
  readonly state: PolicyState;
  readonly planner: Planner;
  readonly writer: PolicyWriter;
  fleet: PolicyFleet | null = null;
  /** The profile that a file applied to a target. */
  byFile: ReadonlyMap<string, string> = new Map();

  constructor(options: PoliciesOptions) {
    const { store, configurations, flags, timings, clock } = options;
    this.options = options;
    const context = {
      flags,
      defaultMaxSyncLagMs: 2 * timings.beat,
      effective: (revision: string, overlay: ConfigValues) => configurations.effective(revision, overlay),
      issued: (hash: string) => configurations.issued(hash),
    };
    this.state = new PolicyState(context, clock);
    this.planner = new Planner(this.state, configurations);
    this.writer = new PolicyWriter(store, this.state);
  }

  /** Reads what is stored, and stores the default profile when there is none yet. */
  async load(): Promise<void> {
    await this.writer.load();
    if (this.state.profile(DEFAULT_PROFILE_ID)?.version !== 0) return;
    const first = nextProfile(DEFAULT_PROFILE_ID, null, 0, BUILT_IN_SPEC, this.stamp(SYSTEM));
    await this.writer.putProfile(first, { action: 'policy.created', by: SYSTEM, data: { spec: BUILT_IN_SPEC } });
  }

  stamp({ actor }: Provenance): Stamp {
    return { nowMs: this.options.clock(), name: actor.name };
  }

  profile(id: string): Profile {
    const profile = this.state.profile(id);
    if (profile !== undefined) return profile;
    throw refusal('not-found', `There is no policy ${id}: GET /fleet/policies lists those there are.`);
  }

  /** A profile that no file keeps for itself. */
  writable(id: string): Profile {
    const profile = this.profile(id);
    if (!profile.provisioned) return profile;
    throw refusal('provisioned-read-only', `The policy ${id} comes from a file in policies.dir: change it there.`);
  }

  /** Throws PolicyError when a file gave the target another profile. */
  assignable(targetId: string, profileId: string): void {
    const kept = this.byFile.get(targetId);
    if (kept === undefined || kept === profileId) return;
    const message = `A file in policies.dir applies the policy ${kept} to ${targetId}: take the target out of that file first.`;
    throw refusal('provisioned-read-only', message);
  }

  isRegistered(targetId: string): boolean {
    return this.fleet === null || this.fleet.get(targetId) !== undefined;
  }

  /** The targets named, each once. Throws PolicyError unless they are registered and there is at least one. */
  registered(targetIds: readonly string[]): string[] {
    checkTargetIds(targetIds);
    const unknown = targetIds.find((id) => !this.isRegistered(id));
    if (unknown === undefined) return [...new Set(targetIds)];
    throw refusal(
      'not-found',
      `There is no target ${unknown}: it has to report once before a policy can be set for it.`
    );
  }

  /** Changes a profile from the version named. @returns the profile as it is then */
  async rewrite(
    id: string,
    version: number,
    action: string,
    by: Provenance,
    patch: (before: Profile) => PolicySpecPatch
  ): Promise<Profile> {
    checkReason(by);
    const next = await this.writer.alone(async () => {
      const before = this.writable(id);
      checkVersion(`The policy ${id}`, before.version, version);
      const after = this.planner.updated(before, patch(before), this.stamp(by));
      await this.writer.putProfile(after, { action, by, data: { changes: changesOf(before.spec, after.spec) } });
      return after;
    });
    await this.reassessProfile(id, because(`The policy ${id} was changed (version ${next.version})`, by));
    return next;
  }

  /** Changes a target's settings from the revision named. */
  async reset(
    targetId: string,
    rev: number,
    by: Provenance,
    decide: (before: TargetSettings | null) => SettingsDecision
  ): Promise<void> {
    checkReason(by);
    await this.writer.alone(async () => {
      this.registered([targetId]);
      const before = this.state.settings(targetId);
      checkVersion(`The settings of ${targetId}`, before?.rev ?? 0, rev);
      const { next, summary, action, data } = decide(before);
      await this.writer.putSettings(next, summary, { action, by, data });
    });
    await this.reassess([targetId]);
  }

  /** Gives targets a profile, one by one; to be called by who runs alone. */
  async assign(targetIds: readonly string[], profileId: string, by: Provenance): Promise<Applied> {
    const applied: string[] = [];
    const unchanged: string[] = [];
    for (const id of targetIds) {
      const before = this.state.profileOf(id).id;
      const next = this.planner.applied(id, profileId, this.stamp(by));
      if (next === null) {
        unchanged.push(id);
        continue;
      }
      const told: Told = { action: 'target.policy-applied', by, data: { before, after: profileId } };
      await this.writer.putSettings(next, `The policy ${profileId} was applied, in the place of ${before}`, told);
      applied.push(id);
    }
    return { applied, unchanged };
  }

  reassessProfile(id: string, why: Because): Promise<void> {
    return this.reassess(id === DEFAULT_PROFILE_ID ? null : this.state.usersOf(id), why);
  }

  /**
   * @param targetIds null: every one
   * @param why for the timelines of targets that change by it; absent where theirs tells it already
   */
  async reassess(targetIds: readonly string[] | null, why?: Because): Promise<void> {
    const { fleet } = this;
    if (fleet === null || targetIds?.length === 0) return;
    try {
      await fleet.reassess(targetIds && targetIds.filter((id) => fleet.get(id) !== undefined), why);
    } catch (error) {
      this.options.onError(error);
    }
  }
}

export function because(summary: string, { actor, reason }: Provenance): Because {
  return { summary, actor: actor.name, reason };
}

export function exists(profile: Profile, what: string, fix: string): PolicyError {
  return new PolicyError({ kind: 'exists', message: `${what}: ${fix}.`, current: profile.version });
}
