import { DEFAULT_PROFILE_ID, policySpecSchema } from '@openclaw-fleet/contract';
import type { Expectation } from '../assessment/types.ts';
import { isWaived, Resolver, type ResolveContext } from './resolve.ts';
import type { Profile, TargetSettings } from './types.ts';

/** The default profile until somebody writes it: it expects nothing, and watches. */
export const BUILT_IN_SPEC = policySpecSchema.parse({
  name: 'Default',
  description: 'Every target that no other policy was applied to.',
});

const BUILT_IN: Profile = {
  id: DEFAULT_PROFILE_ID,
  version: 0,
  spec: BUILT_IN_SPEC,
  revisionSinceMs: 0,
  provisioned: false,
  createdMs: 0,
  updatedMs: 0,
  updatedBy: 'system',
};

interface Entry {
  settings: TargetSettings | null;
  /** Resolved when it is asked for first. */
  expectation: Expectation | null;
}

/** What would be other than it is, for a preview. */
export interface Overrides {
  readonly profile?: Profile;
  readonly settings?: ReadonlyMap<string, TargetSettings>;
}

/** Profiles and settings in memory, and what is expected of each target. Knows no storage. */
export class PolicyState {
  readonly #clock: () => number;
  readonly #resolver: Resolver;
  readonly #profiles = new Map<string, Profile>([[BUILT_IN.id, BUILT_IN]]);
  /** Targets with settings, or named in a waiver of the default profile: all others share what the default one expects. */
  readonly #entries = new Map<string, Entry>();
  #common: Expectation | null = null;
  #changes = 0;

  constructor(context: ResolveContext, clock: () => number) {
    this.#resolver = new Resolver(context);
    this.#clock = clock;
  }

  /** What is expected of a target: one look-up, once it was asked for. */
  of(nodeId: string): Expectation {
    const entry = this.#entries.get(nodeId);
    if (entry === undefined) return (this.#common ??= this.#resolver.shared(this.#default, this.#clock()));
    return (entry.expectation ??= this.#resolve(nodeId, this.#profileBy(entry.settings), entry.settings));
  }

  /** What would be expected of a target. */
  with(nodeId: string, overrides: Overrides): Expectation {
    const own = overrides.settings?.get(nodeId) ?? this.settings(nodeId);
    return this.#resolve(nodeId, this.profileWith(nodeId, overrides), own);
  }

  /** The profile that a target would have. */
  profileWith(nodeId: string, { profile, settings }: Overrides): Profile {
    const stored = this.#profileBy(settings?.get(nodeId) ?? this.settings(nodeId));
    return profile?.id === stored.id ? profile : stored;
  }

  profile(id: string): Profile | undefined {
    return this.#profiles.get(id);
  }

  profiles(): Profile[] {
    return [...this.#profiles.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  settings(nodeId: string): TargetSettings | null {
    return this.#entries.get(nodeId)?.settings ?? null;
  }

  /** The settings of every target that has some, registered or not. */
  *allSettings(): Generator<TargetSettings> {
    for (const { settings } of this.#entries.values()) if (settings !== null) yield settings;
  }

  /** Grows with every change. */
  get changes(): number {
    return this.#changes;
  }

  profileOf(nodeId: string): Profile {
    return this.#profileBy(this.settings(nodeId));
  }

  /** Targets whose settings name a profile, registered or not, in order. */
  usersOf(profileId: string): string[] {
    return [...this.#entries].flatMap(([id, { settings }]) => (settings?.profileId === profileId ? [id] : [])).sort();
  }

  putProfile(profile: Profile): void {
    this.#changes += 1;
    this.#profiles.set(profile.id, profile);
    const isDefault = profile.id === DEFAULT_PROFILE_ID;
    if (isDefault) this.#common = null;
    for (const [nodeId, entry] of this.#entries) {
      if (entry.settings === null) this.#entries.delete(nodeId);
      else if (this.#profileBy(entry.settings) === profile) entry.expectation = null;
    }
    for (const nodeId of this.#default.spec.waivers.flatMap(({ targetIds }) => targetIds ?? [])) {
      if (!this.#entries.has(nodeId)) this.#entries.set(nodeId, { settings: null, expectation: null });
    }
  }

  dropProfile(id: string): void {
    this.#changes += 1;
    this.#profiles.delete(id);
  }

  putSettings(settings: TargetSettings): void {
    this.#changes += 1;
    this.#entries.set(settings.nodeId, { settings, expectation: null });
  }

  dropSettings(nodeId: string): void {
    this.#changes += 1;
    if (isWaived(this.#default.spec, nodeId)) this.#entries.set(nodeId, { settings: null, expectation: null });
    else this.#entries.delete(nodeId);
  }

  get #default(): Profile {
    return this.#profiles.get(DEFAULT_PROFILE_ID) ?? BUILT_IN;
  }

  #profileBy(settings: TargetSettings | null): Profile {
    return (settings && this.#profiles.get(settings.profileId)) ?? this.#default;
  }

  #resolve(nodeId: string, profile: Profile, settings: TargetSettings | null): Expectation {
    return this.#resolver.resolve(profile, settings, nodeId, this.#clock());
  }
}
