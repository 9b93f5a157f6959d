import type { PolicySpec } from '@openclaw-fleet/contract';
import type { Expectation } from '../assessment/types.ts';
import type { ConfigurationLookup, PolicyFlags, Profile, TargetSettings } from './types.ts';

/** What expectations are resolved from beside a profile and a target's settings. */
export interface ResolveContext {
  readonly flags: PolicyFlags;
  /** Max sync lag where neither a profile nor a flag names one, in milliseconds: 2 intervals (domain-rules section 3). */
  readonly defaultMaxSyncLagMs: number;
  readonly effective: ConfigurationLookup['effective'];
  readonly issued: ConfigurationLookup['issued'];
}

/** The waivers of a profile that hold for a target and are not over. @param targetId null: those for every target */
export function waiversFor(spec: PolicySpec, targetId: string | null, nowMs: number): Expectation['waivers'] {
  return spec.waivers
    .filter(({ targetIds }) => targetIds === null || (targetId !== null && targetIds.includes(targetId)))
    .map(({ code, expiresAt }) => ({ code, untilMs: Date.parse(expiresAt) }))
    .filter(({ untilMs }) => untilMs > nowMs);
}

/** A profile's waivers name the target: what is expected of it is not what is expected of the others. */
export const isWaived = (spec: PolicySpec, targetId: string): boolean =>
  spec.waivers.some(({ targetIds }) => targetIds?.includes(targetId) === true);

/** A target has values or waivers of its own, so that it shares its expectation with nobody. */
export function hasOwn(profile: Profile, settings: TargetSettings | null, targetId: string): boolean {
  if (settings !== null && Object.keys(settings.desired).length > 0) return true;
  if (settings !== null && Object.keys(settings.overlay).length > 0) return true;
  return isWaived(profile.spec, targetId);
}

/**
 * What is expected of a target (domain-rules sections 3 to 5): its own PATCH outranks its profile, that outranks the
 * flags, and those the defaults. Automation is allowed by the drift mode `ApplyAndAutoCorrect` alone; within it the PATCH,
 * else the profile, may say no.
 * @param targetId null: what those share that have nothing of their own
 */
export function resolve(
  profile: Profile,
  settings: TargetSettings | null,
  targetId: string | null,
  { flags, defaultMaxSyncLagMs, effective, issued }: ResolveContext,
  nowMs: number
): Expectation {
  const { spec } = profile;
  const own = settings?.desired ?? {};
  const wanted = { ...spec.desired, ...own };
  const named = wanted.configRevision ?? null;
  const configuration = named === null ? null : effective(named, settings?.overlay ?? {});
  const inherited = own.configRevision === undefined ? profile.revisionSinceMs : 0;
  return {
    profileId: profile.id,
    profileVersion: profile.version,
    owner: spec.owner,
    desired: {
      bridgeVersion: wanted.bridgeVersion ?? null,
      configHash: configuration?.hash ?? null,
      maxSyncLagMs: wanted.maxSyncLagMs ?? flags.maxSyncLagMs ?? defaultMaxSyncLagMs,
      allowAutoRemediation: spec.driftMode === 'ApplyAndAutoCorrect' && (wanted.allowAutoRemediation ?? true),
      requiredCapabilities: wanted.requiredCapabilities ?? [],
    },
    revision: configuration === null ? null : named,
    revisionSinceMs: configuration === null ? 0 : Math.max(settings?.revisionSinceMs ?? 0, inherited),
    minimumBridgeVersion: spec.minimumBridgeVersion ?? flags.minimumBridgeVersion,
    limits: spec.limits,
    requiredTags: spec.requiredTags,
    driftMode: spec.driftMode,
    unknownConfigSeverity: spec.unknownConfigSeverity,
    requireSignature: spec.requireSignature,
    waivers: waiversFor(spec, targetId, nowMs),
    issued,
  };
}

/** Resolves, and hands the same object to all that expect the same of. */
export class Resolver {
  readonly #context: ResolveContext;
  /** By profile (a changed one is another object), then by since when its configuration is desired. */
  readonly #shared = new WeakMap<Profile, Map<number, Expectation>>();

  constructor(context: ResolveContext) {
    this.#context = context;
  }

  /** What is expected of one target. */
  resolve(profile: Profile, settings: TargetSettings | null, targetId: string, nowMs: number): Expectation {
    if (hasOwn(profile, settings, targetId)) return resolve(profile, settings, targetId, this.#context, nowMs);
    const common = this.shared(profile, nowMs);
    const sinceMs = settings?.revisionSinceMs ?? 0;
    if (common.revision === null || sinceMs <= common.revisionSinceMs) return common;
    const bySince = this.#shared.get(profile);
    let expectation = bySince?.get(sinceMs);
    if (expectation === undefined) {
      expectation = { ...common, revisionSinceMs: sinceMs };
      bySince?.set(sinceMs, expectation);
    }
    return expectation;
  }

  /** What is expected of every target of a profile that has nothing of its own. */
  shared(profile: Profile, nowMs: number): Expectation {
    let bySince = this.#shared.get(profile);
    if (bySince === undefined) this.#shared.set(profile, (bySince = new Map<number, Expectation>()));
    let common = bySince.get(0);
    if (common === undefined) bySince.set(0, (common = resolve(profile, null, null, this.#context, nowMs)));
    return common;
  }
}
