import type { ActionId, TargetAction } from './target-actions.ts';

/** Of two that undo each other only the one that makes sense is shown. */
const PAIRS: Partial<Record<ActionId, ActionId>> = { resume: 'pause', uncordon: 'cordon', reinstate: 'retire' };

/** Those to show: every one, but of a pair one. Pure. */
export function shownActions(actions: readonly TargetAction[]): TargetAction[] {
  const other = (id: ActionId): ActionId | undefined =>
    PAIRS[id] ?? (Object.keys(PAIRS) as ActionId[]).find((each) => PAIRS[each] === id);
  return actions.filter(({ id, applies }) => {
    const twin = actions.find((each) => each.id === other(id));
    if (twin === undefined || applies) return true;
    // While neither is known to make sense, the one that begins something is shown.
    return !twin.applies && PAIRS[id] === undefined;
  });
}
