import { isEnded } from '@openclaw-fleet/contract';
import type { FleetTarget, Hold, PlaybookId, Role, Run } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { TARGET_DECISIONS } from '../../api/targets.ts';
import type { TargetDecision } from '../../api/targets.ts';
import { runStateWord } from '../../words.ts';
import type { OpenFault } from './target-faults.ts';

/** What people may do to one target. */
export type ActionId = 'repair' | TargetDecision;

export interface TargetAction {
  readonly id: ActionId;
  readonly role: Role;
  /** Whether it makes sense as things are; of two that undo each other exactly one does. */
  readonly applies: boolean;
  /** Why it cannot be done now: the missing permission first; null: it can. */
  readonly why: string | null;
  /** What a repair would be; null: the plan decides, or it is none. */
  readonly playbook: PlaybookId | null;
}

/** What the actions follow from. What is undefined has not been read yet. */
export interface ActionFacts {
  readonly target: Pick<FleetTarget, 'liveness' | 'bridged' | 'isolated'>;
  /** Of the target, and the pause of everything. */
  readonly holds: readonly Hold[] | undefined;
  /** Its runs; those that have ended count for nothing. */
  readonly runs: readonly Run[] | undefined;
  readonly faults: readonly OpenFault[] | undefined;
  /** What the user lacks for a role; null: nothing. */
  readonly missing: (role: Role) => string | null;
}

interface Judged {
  readonly applies: boolean;
  readonly why: string | null;
}
const yes: Judged = { applies: true, why: null };
const not = (why: string): Judged => ({ applies: false, why });
const blocked = (why: string): Judged => ({ applies: true, why });
const unread = (): Judged => blocked(t('target.why.loading', 'What holds repairs of it back is still being read.'));

/** Every action, whether it makes sense now, and why it cannot be done. The collector decides again. */
export function targetActions(facts: ActionFacts): TargetAction[] {
  const repair = repairOf(facts);
  const playbook = suggestedPlaybook(facts);
  const decisions = (Object.keys(TARGET_DECISIONS) as TargetDecision[]).map((id) => {
    const judged = DECISIONS[id](facts);
    return { id, role: TARGET_DECISIONS[id], ...judged, playbook: null };
  });
  return [{ id: 'repair' as const, role: 'operator' as const, ...repair, playbook }, ...decisions].map((action) => ({
    ...action,
    why: facts.missing(action.role) ?? action.why,
  }));
}

/** The action of that id. */
export function actionOf(actions: readonly TargetAction[], id: ActionId): TargetAction {
  const found = actions.find((each) => each.id === id);
  if (found === undefined) throw new RangeError(`There is no action ${id}`);
  return found;
}

/** What repairs call a target that is not heard of any more. */
const SILENCE = 'liveness.expired';

const ofTarget = (holds: readonly Hold[] | undefined, kind: Hold['kind']): readonly Hold[] =>
  (holds ?? []).filter((hold) => hold.kind === kind && hold.targetId !== null);

/** Faults that a playbook is for and that no quarantine keeps from being repaired. */
function repairable({ faults = [], holds }: ActionFacts): OpenFault[] {
  const quarantined = new Set(ofTarget(holds, 'quarantine').map(({ subject }) => subject));
  return faults.filter(({ playbook, condition }) => playbook !== null && !quarantined.has(condition));
}

/** Its silence itself may be repaired: its bridge is asked to restart. */
const isSilent = ({ target, holds }: ActionFacts): boolean =>
  target.liveness.state === 'expired' &&
  target.bridged &&
  !ofTarget(holds, 'quarantine').some(({ subject }) => subject === SILENCE);

function suggestedPlaybook(facts: ActionFacts): PlaybookId | null {
  // Of a target that is silent, what it reported is old: its bridge comes first.
  if (isSilent(facts)) return 'BridgeStuck';
  return repairable(facts)[0]?.playbook ?? null;
}

function repairOf(facts: ActionFacts): Judged {
  const { target, holds, runs, faults } = facts;
  const { state } = target.liveness;
  if (state === 'retired')
    return not(t('target.why.retired', 'It is retired: nothing acts on it. Reinstate it first.'));
  if (!target.bridged)
    return not(
      t('target.why.no-bridge', 'No bridge stands beside its gateway, so nothing can be done there. Install one.')
    );
  if (state === 'unknown')
    return blocked(
      t(
        'target.why.unknown',
        'Whether it lives is not known, and nothing acts on what is not known. Wait for its next heartbeat.'
      )
    );
  if (holds === undefined || runs === undefined || faults === undefined) return unread();
  const open = runs.find((run) => !isEnded(run.state));
  if (open !== undefined)
    return blocked(
      t('target.why.busy', 'Another repair of it is open ({{state}}). Wait for its end, or cancel it.', {
        state: runStateWord(open.state),
      })
    );
  const pause = holds.find(({ kind }) => kind === 'pause');
  if (pause !== undefined)
    return blocked(
      pause.targetId === null
        ? t('target.why.paused-all', 'All repairs are paused by {{by}}: {{reason}}', pauseWords(pause))
        : t('target.why.paused', 'Its repairs are paused by {{by}}: {{reason}}', pauseWords(pause))
    );
  if (suggestedPlaybook(facts) !== null) return yes;
  return state === 'expired' || faults.some(({ playbook }) => playbook !== null)
    ? blocked(
        t(
          'target.why.quarantined',
          'Its attempts are used up and it is in quarantine. Find the cause, then clear that.'
        )
      )
    : not(t('target.why.no-fault', 'Nothing is wrong with it that a playbook repairs.'));
}

const pauseWords = ({ by, byName, reason }: Hold): { by: string; reason: string } => ({
  by: byName ?? by,
  reason,
});

const isRetired = ({ target }: ActionFacts): boolean => target.liveness.state === 'retired';

/** Begins what is not there yet. @param there words for that it is */
function begin(facts: ActionFacts, kind: 'pause' | 'cordon', there: () => string): Judged {
  if (facts.holds === undefined) return unread();
  if (ofTarget(facts.holds, kind).length > 0) return not(there());
  return isRetired(facts) ? blocked(t('target.why.retired-hold', 'It is retired: nothing begins there anyway.')) : yes;
}

/** Ends what is there. */
function end(facts: ActionFacts, kind: Hold['kind'], absent: () => string): Judged {
  if (facts.holds === undefined)
    return not(t('target.why.loading', 'What holds repairs of it back is still being read.'));
  return ofTarget(facts.holds, kind).length > 0 ? yes : not(absent());
}

const DECISIONS: Record<TargetDecision, (facts: ActionFacts) => Judged> = {
  pause: (facts) => begin(facts, 'pause', () => t('target.why.is-paused', 'Its repairs are paused already.')),
  resume: (facts) => end(facts, 'pause', () => t('target.why.not-paused', 'Its own repairs are not paused.')),
  cordon: (facts) => begin(facts, 'cordon', () => t('target.why.is-cordoned', 'It is cordoned already.')),
  uncordon: (facts) => end(facts, 'cordon', () => t('target.why.not-cordoned', 'It is not cordoned.')),
  'clear-quarantine': (facts) =>
    end(facts, 'quarantine', () => t('target.why.no-quarantine', 'It is not in quarantine.')),
  'lift-isolation': ({ target }) => (target.isolated ? yes : not(t('target.why.not-isolated', 'It is not isolated.'))),
  retire: (facts) => (isRetired(facts) ? not(t('target.why.is-retired', 'It is retired already.')) : yes),
  reinstate: (facts) => (isRetired(facts) ? yes : not(t('target.why.not-retired', 'It is not retired.'))),
};
