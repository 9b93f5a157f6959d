import type {
  ConfigValues,
  DesiredStatePatch,
  MaintenanceWindow,
  PolicyPreview,
  PolicyProfile,
  PolicySpec,
  policySpecSchema,
  PreviewItem,
  waiverSchema,
} from '@openclaw-fleet/contract';
import type { z } from 'zod';
import type { DesiredConfiguration, RevisionLookup } from '../configurations/types.ts';
import type { ExpectationSource, FleetReassess, FleetView } from '../fleet/types.ts';
import type { Actor } from '../storage/types.ts';

/** Who decided something and why; both go into the audit chain. The reason is contract's `reasonSchema`. */
export interface Provenance {
  readonly actor: Actor;
  readonly reason: string;
}

/** A profile as a person writes it: what has a default may be left out. */
export type PolicySpecInput = z.input<typeof policySpecSchema>;
/** Some fields of a profile: each one that is there replaces the whole field, the others stay. */
export type PolicySpecPatch = { readonly [Field in keyof PolicySpecInput]?: PolicySpecInput[Field] | undefined };
export type WaiverInput = z.input<typeof waiverSchema>;
export type DesiredField = keyof DesiredStatePatch;

/** What people decided of one target. A target of which nobody decided anything has `rev` 0 and the default profile. */
export interface TargetPolicy {
  readonly targetId: string;
  /** Grows by one with every change of these settings; the ETag names it. */
  readonly rev: number;
  readonly profileId: string;
  /** Its own PATCH, over its profile. */
  readonly desired: DesiredStatePatch;
  /** Configuration values of its own, over its revision. */
  readonly overlay: ConfigValues;
  /** Its profile was applied by a file (policies as code), which alone can change that. */
  readonly provisioned: boolean;
  /** Null while nobody decided anything of it. Milliseconds of our clock. */
  readonly updatedMs: number | null;
  readonly updatedBy: string | null;
}

/** Something that could be changed, to be previewed. The fields are those of the method of the same name. */
export type PolicyDraft =
  | { readonly kind: 'update'; readonly profileId: string; readonly patch: PolicySpecPatch }
  | { readonly kind: 'apply'; readonly targetIds: readonly string[]; readonly profileId: string }
  | {
      readonly kind: 'patchDesired';
      readonly targetId: string;
      readonly patch: DesiredStatePatch;
      readonly inherit?: readonly DesiredField[];
    }
  | { readonly kind: 'setOverlay'; readonly targetId: string; readonly overlay: ConfigValues };

export interface FieldError {
  /** Where it stands in what was sent, such as `windows[0].schedule`. */
  readonly field: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/**
 * Why a change was refused; nothing of it was stored. `message` says what happened and what to do next.
 * - `not-found`: there is no such profile, target, waiver
 * - `exists`: a profile or waiver of that id is there already
 * - `conflict`: the version named is not the current one (`current`; null: it was deleted meanwhile)
 * - `in-use`: registered targets have the profile (`usedBy`, all of them)
 * - `provisioned-read-only`: it comes from a file
 * - `protected`: the default profile is never deleted
 * - `not-allowed`: who asks may not decide this
 * - `invalid`: `errors` names the fields
 */
export type PolicyFailure =
  | { readonly kind: 'not-found' | 'provisioned-read-only' | 'protected' | 'not-allowed'; readonly message: string }
  | { readonly kind: 'exists'; readonly message: string; readonly current: number }
  | { readonly kind: 'conflict'; readonly message: string; readonly current: number | null }
  | { readonly kind: 'in-use'; readonly message: string; readonly usedBy: readonly string[] }
  | { readonly kind: 'invalid'; readonly message: string; readonly errors: readonly FieldError[] };

/** A change was refused. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly failure: PolicyFailure;

  constructor(failure: PolicyFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** Whether automation may act at an instant, by the maintenance windows of a profile. */
export interface WindowVerdict {
  readonly open: boolean;
  /** In words, for a person. */
  readonly reason: string;
  /** The window that decided it; null: there are none, or no allow window is open. */
  readonly window: MaintenanceWindow | null;
}

/** What became of an `apply`. */
export interface Applied {
  /** Targets whose profile changed. */
  readonly applied: readonly string[];
  /** Targets that had it already; nothing was written for them. */
  readonly unchanged: readonly string[];
}

/** What policies need of configurations. Look-ups in memory. */
export type ConfigurationLookup = Pick<RevisionLookup, 'effective' | 'issued' | 'checkOverlay'>;

/** What policies need of the fleet. The fleet needs an ExpectationSource first, so it is attached afterwards. */
export type PolicyFleet = Pick<FleetView, 'get' | 'nodes' | 'size' | 'subject' | 'summary'> & FleetReassess;

/** Flags of seed 000, where a profile names nothing itself; null: not set. */
export interface PolicyFlags {
  /** SMART_FLEET_MAX_SYNC_LAG_MS. */
  readonly maxSyncLagMs: number | null;
  /** SMART_FLEET_MIN_BRIDGE_VERSION. */
  readonly minimumBridgeVersion: string | null;
}

/**
 * Profiles and targets' settings (domain-rules section 5). Reads are from memory. A change is validated, stored with its
 * audit entry, then takes effect, and resolves when every target concerned was assessed anew. Each change throws
 * PolicyError when it is refused and StorageError when it could not be stored; either way nothing changed.
 */
export interface PolicyService extends ExpectationSource {
  /** In order of id. */
  list(): PolicyProfile[];
  get(profileId: string): PolicyProfile | null;
  target(targetId: string): TargetPolicy;
  /** What is desired of a target's configuration; null: nothing. Configurations ask it. */
  configuration(targetId: string): DesiredConfiguration | null;
  /** Whether automation may act on a target now. */
  window(targetId: string, nowMs: number): WindowVerdict;
  /** Its profile's overrides of remediation's limits. */
  guardrails(targetId: string): Readonly<Record<string, number | boolean>>;

  create(profileId: string, spec: PolicySpecInput, by: Provenance): Promise<PolicyProfile>;
  /** @param version the one the change was made from (If-Match) */
  update(profileId: string, patch: PolicySpecPatch, version: number, by: Provenance): Promise<PolicyProfile>;
  /**
   * A target that has it and is not registered gets the default profile, and that is stored before the profile is
   * deleted: a failure in between leaves it so, and deleting again finishes it.
   */
  remove(profileId: string, version: number, by: Provenance): Promise<void>;
  addWaiver(profileId: string, waiver: WaiverInput, version: number, by: Provenance): Promise<PolicyProfile>;
  removeWaiver(profileId: string, waiverId: string, version: number, by: Provenance): Promise<PolicyProfile>;

  /**
   * Gives targets a profile. Their own PATCHes and overlays stay, and still outrank it.
   * @param targetIds registered targets, named one by one; an empty list is refused
   * @param revs for each target named in it, the `rev` the change was made from
   */
  apply(
    targetIds: readonly string[],
    profileId: string,
    revs: Readonly<Record<string, number>> | null,
    by: Provenance
  ): Promise<Applied>;
  /**
   * Sets some fields of a target's own PATCH; null expects nothing, whatever the profile says.
   * @param rev the one the change was made from (If-Match); 0 for a target without settings
   * @param inherit fields to give back to the profile
   */
  patchDesired(
    targetId: string,
    patch: DesiredStatePatch,
    rev: number,
    by: Provenance,
    inherit?: readonly DesiredField[]
  ): Promise<TargetPolicy>;
  /** Replaces a target's overlay. */
  setOverlay(targetId: string, overlay: ConfigValues, rev: number, by: Provenance): Promise<TargetPolicy>;

  /**
   * What a change would do to each target concerned; at most 500 are listed, of those that `listed` names. Changes nothing. Throws PolicyError `not-found`, `invalid` and
   * `provisioned-read-only` where the change would.
   */
  preview(draft: PolicyDraft, listed?: (item: PreviewItem) => boolean): Promise<PolicyPreview>;
}

/** A profile in memory. Times are milliseconds of our clock. */
export interface Profile {
  readonly id: string;
  readonly version: number;
  readonly spec: PolicySpec;
  /** Since when `spec.desired.configRevision` is what it is. */
  readonly revisionSinceMs: number;
  readonly provisioned: boolean;
  readonly createdMs: number;
  readonly updatedMs: number;
  readonly updatedBy: string;
}

/** A target's settings in memory. Times are milliseconds of our clock. */
export interface TargetSettings {
  readonly nodeId: string;
  readonly rev: number;
  readonly profileId: string;
  readonly desired: DesiredStatePatch;
  readonly overlay: ConfigValues;
  /** Since when the configuration that is expected of it is what it is; the profile's own may be later. */
  readonly revisionSinceMs: number;
  readonly updatedMs: number;
  readonly updatedBy: string;
}
