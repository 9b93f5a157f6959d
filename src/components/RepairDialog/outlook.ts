import type { DryRun, PlannedTarget, Refusal, RefusalReason } from '@openclaw-fleet/contract';

/** What passes by itself: a run waits for it (docs/safety.md), where everything else stops the request. */
const PASSES: ReadonlySet<RefusalReason> = new Set(['too-soon', 'backoff', 'in-flight-cap']);
export const passesByItself = (reason: RefusalReason): boolean => PASSES.has(reason);

/** What a request would mean for one target. */
export interface TargetOutlook {
  readonly target: PlannedTarget;
  /** What would stop it. */
  readonly held: readonly Refusal[];
  /** What it would wait for. */
  readonly waits: readonly Refusal[];
}

/** What would become of each target of a plan, as a dry run told it. */
export function outlook({ plan, refusals }: DryRun): TargetOutlook[] {
  return plan.targets.map((target) => {
    const of = refusals.filter(({ targetId }) => targetId === target.targetId);
    return {
      target,
      held: of.filter(({ reason }) => !passesByItself(reason)),
      waits: of.filter(({ reason }) => passesByItself(reason)),
    };
  });
}
