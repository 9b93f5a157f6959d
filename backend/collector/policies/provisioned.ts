import { canonicalJson, type PolicySpec } from '@openclaw-fleet/contract';
import { because } from './core.ts';
import type { PolicyCore } from './core.ts';
import { changesOf, nextProfile } from './plan.ts';
import type { Profile, Provenance } from './types.ts';

/** One profile as a file has it. */
export interface ProvisionedProfile {
  readonly id: string;
  readonly spec: PolicySpec;
  /** Targets it is applied to. */
  readonly targets: readonly string[];
  /** The file's name, such as `production.yaml`. */
  readonly file: string;
}

const RELEASED: Provenance = {
  actor: { name: 'policy-files', via: 'system' },
  reason: 'no file of policies.dir holds the policy any more',
};
const fromFile = (file: string): Provenance => ({
  actor: { name: `policy-file:${file}`, via: 'system' },
  reason: `policies as code: as ${file} says`,
});

/** Policies as code: what files say takes effect, and nobody else can change it. */
export class ProvisionedPolicies {
  readonly #core: PolicyCore;

  constructor(core: PolicyCore) {
    this.#core = core;
  }

  /**
   * Puts what files say into effect; what is so already is left alone. Throws StorageError, or PolicyError `conflict` when
   * another process wrote meanwhile: call it again.
   * @param profiles checked ones
   * @param isComplete every file could be read: what is not among them is in no file any more, and becomes editable
   * @returns ids of profiles that changed
   */
  async put(profiles: readonly ProvisionedProfile[], isComplete: boolean): Promise<string[]> {
    const core = this.#core;
    const changed: string[] = [];
    const moved: string[] = [];
    await core.writer.alone(async () => {
      for (const { id, spec, targets, file } of profiles) {
        if (await this.#write(id, spec, file)) changed.push(id);
        const { applied } = await core.assign(targets, id, fromFile(file));
        moved.push(...applied);
      }
      const named = profiles.flatMap(({ id, targets }) => targets.map((target) => [target, id] as const));
      core.byFile = new Map([...(isComplete ? [] : core.byFile), ...named]);
      if (isComplete) await this.#release(new Set(profiles.map(({ id }) => id)));
    });
    for (const { id, file } of profiles) {
      if (changed.includes(id))
        await core.reassessProfile(id, because(`The policy ${id} was changed by a file`, fromFile(file)));
    }
    await core.reassess(moved);
    return changed;
  }

  async #write(id: string, spec: PolicySpec, file: string): Promise<boolean> {
    const { state, writer } = this.#core;
    const before = state.profile(id) ?? null;
    if (before?.provisioned === true && sameSpec(before.spec, spec)) return false;
    const by = fromFile(file);
    const version = await writer.version(id);
    const next = nextProfile(id, before, version, spec, this.#core.stamp(by), true);
    const data = before === null ? { spec, file } : { changes: changesOf(before.spec, spec), file };
    await writer.putProfile(next, { action: 'policy.provisioned', by, data });
    return true;
  }

  async #release(kept: ReadonlySet<string>): Promise<void> {
    const { state, writer } = this.#core;
    for (const profile of state.profiles()) {
      if (!profile.provisioned || kept.has(profile.id)) continue;
      const { id, spec, version } = profile;
      const next: Profile = nextProfile(id, profile, version, spec, this.#core.stamp(RELEASED));
      await writer.putProfile(next, { action: 'policy.released', by: RELEASED, data: {} });
    }
  }
}

const sameSpec = (a: PolicySpec, b: PolicySpec): boolean => canonicalJson(a) === canonicalJson(b);
