import {
  DEFAULT_PROFILE_ID,
  type ConfigValues,
  type DesiredStatePatch,
  type PolicySpec,
} from '@openclaw-fleet/contract';
import type { PolicyState } from './state.ts';
import type { ConfigurationLookup, DesiredField, PolicySpecPatch, Profile, TargetSettings } from './types.ts';
import { parseOverlay, parsePatch, parseSpec, refuse, waiverErrors } from './validate.ts';

/** Who makes a change, and when, in milliseconds of our clock. */
export interface Stamp {
  readonly nowMs: number;
  readonly name: string;
}

interface SettingsChange {
  readonly profileId?: string;
  readonly desired?: DesiredStatePatch;
  readonly overlay?: ConfigValues;
}

const revisionOf = (spec: PolicySpec): string | null => spec.desired.configRevision ?? null;

const defined = (fields: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

/**
 * Says what each change would store: a preview and the change itself both ask it. Throws PolicyError `invalid` where the
 * change would be.
 */
export class Planner {
  readonly #state: PolicyState;
  readonly #configurations: ConfigurationLookup;

  constructor(state: PolicyState, configurations: ConfigurationLookup) {
    this.#state = state;
    this.#configurations = configurations;
  }

  /** @param version the one the id had before it was deleted; 0: there never was such a profile */
  created(id: string, spec: unknown, version: number, stamp: Stamp): Profile {
    const whole = this.#parse(id, spec, null, stamp);
    return nextProfile(id, null, version, whole, stamp);
  }

  /** A profile with a patch over it: each field that is there replaces the whole one. */
  updated(before: Profile, patch: PolicySpecPatch, stamp: Stamp): Profile {
    const whole = this.#parse(before.id, { ...before.spec, ...defined(patch) }, before.spec, stamp);
    return nextProfile(before.id, before, before.version, whole, stamp);
  }

  /** Null: the target has that profile already. */
  applied(targetId: string, profileId: string, stamp: Stamp): TargetSettings | null {
    const settings = this.#state.settings(targetId);
    if ((settings?.profileId ?? DEFAULT_PROFILE_ID) === profileId) return null;
    return this.#settings(targetId, { profileId }, stamp);
  }

  /** A target's PATCH with another over it. */
  patchedDesired(
    targetId: string,
    patch: DesiredStatePatch,
    inherit: readonly DesiredField[],
    stamp: Stamp
  ): TargetSettings {
    const checked = parsePatch(defined(patch), inherit, this.#configurations);
    const all = Object.entries({ ...this.#state.settings(targetId)?.desired, ...checked });
    const desired = Object.fromEntries(all.filter(([field]) => !inherit.some((one) => one === field)));
    return this.#settings(targetId, { desired }, stamp);
  }

  overlaid(targetId: string, overlay: ConfigValues, stamp: Stamp): TargetSettings {
    const { revision } = this.#state.of(targetId);
    return this.#settings(targetId, { overlay: parseOverlay(overlay, revision, this.#configurations) }, stamp);
  }

  #parse(id: string, input: unknown, before: PolicySpec | null, { nowMs }: Stamp): PolicySpec {
    const what = `The policy ${id}`;
    const spec = parseSpec(what, input, this.#configurations);
    refuse(what, waiverErrors(spec.waivers, before?.waivers ?? [], nowMs));
    return spec;
  }

  /** The time a target has for its configuration begins anew when another one is expected of it, and only then. */
  #settings(nodeId: string, change: SettingsChange, { nowMs, name }: Stamp): TargetSettings {
    const before = this.#state.settings(nodeId);
    const expected = this.#state.of(nodeId);
    const kept: TargetSettings = {
      nodeId,
      profileId: before?.profileId ?? DEFAULT_PROFILE_ID,
      desired: before?.desired ?? {},
      overlay: before?.overlay ?? {},
      ...change,
      rev: (before?.rev ?? 0) + 1,
      revisionSinceMs: expected.revisionSinceMs,
      updatedMs: nowMs,
      updatedBy: name,
    };
    const then = this.#state.with(nodeId, { settings: new Map([[nodeId, kept]]) });
    const same = then.revision === expected.revision && then.desired.configHash === expected.desired.configHash;
    return same ? kept : { ...kept, revisionSinceMs: nowMs };
  }
}

/** @param version of the profile as it is now, or was when it was deleted; 0: there never was one */
export function nextProfile(
  id: string,
  before: Profile | null,
  version: number,
  spec: PolicySpec,
  { nowMs, name }: Stamp,
  provisioned = false
): Profile {
  const same = before !== null && revisionOf(before.spec) === revisionOf(spec);
  return {
    id,
    version: version + 1,
    spec,
    revisionSinceMs: same ? before.revisionSinceMs : nowMs,
    provisioned,
    createdMs: before?.createdMs ?? nowMs,
    updatedMs: nowMs,
    updatedBy: name,
  };
}

/** The fields of a profile that a change changes, as they were and as they are. */
export function changesOf(before: PolicySpec, after: PolicySpec): Record<string, { before: unknown; after: unknown }> {
  const fields = Object.keys(after) as (keyof PolicySpec)[];
  return Object.fromEntries(
    fields
      .filter((field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]))
      .map((field) => [field, { before: before[field], after: after[field] }])
  );
}
