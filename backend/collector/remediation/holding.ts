import type { Hold, HoldKind } from '@openclaw-fleet/contract';
import { Books } from './books.ts';
import type { Draft } from './draft.ts';
import { notFound, refused } from './errors.ts';
import { noTarget } from './guardrails/index.ts';
import type { FleetFacts, Requester } from './types.ts';

const WORDS: Readonly<Record<HoldKind, { readonly begun: string; readonly ended: string; readonly is: string }>> = {
  pause: { begun: 'paused', ended: 'resumed', is: 'paused' },
  cordon: { begun: 'cordoned', ended: 'uncordoned', is: 'cordoned' },
  quarantine: { begun: 'quarantined', ended: 'quarantine-cleared', is: 'in quarantine' },
  breaker: { begun: 'breaker-opened', ended: 'breaker-closed', is: 'held by an open breaker' },
};

/** Begins a pause or cordon, within `draft`. @throws {RemediationError} when there is one already, or no such target */
export function begin(
  books: Books,
  fleet: FleetFacts,
  draft: Draft,
  kind: 'pause' | 'cordon',
  targetId: string | null,
  by: Requester,
  reason: string
): Hold {
  if (targetId !== null && fleet.get(targetId) === null) throw notFound(noTarget(targetId).message);
  const known = books.hold(kind, targetId);
  const { is, begun } = WORDS[kind];
  if (known !== null) throw refused(`It is ${is} already, by ${known.by}: ${known.reason}`);
  const hold: Hold = {
    kind,
    targetId,
    subject: null,
    reason,
    by: by.actor.name,
    byName: by.actor.label ?? null,
    since: draft.at,
  };
  Books.put(draft, { hold });
  draft.audit(by.actor, `remediation.${begun}`, targetId ?? 'fleet', reason, { targetId });
  if (targetId !== null) draft.note(targetId, `Repairs: ${begun}`, by.actor, reason);
  return hold;
}

/** Ends holds, within `draft`. @throws {RemediationError} when there is none */
export function end(
  draft: Draft,
  holds: readonly Hold[],
  kind: HoldKind,
  subject: string,
  by: Requester,
  reason: string
): void {
  const { is, ended } = WORDS[kind];
  if (holds.length === 0) throw refused(`${subject} is not ${is}.`);
  for (const hold of holds) {
    Books.drop(draft, hold);
    const facts = { targetId: hold.targetId, subject: hold.subject, since: hold.since, heldBy: hold.by };
    draft.audit(by.actor, `remediation.${ended}`, hold.targetId ?? hold.subject ?? 'fleet', reason, facts);
    const what = hold.subject === null ? '' : ` (${hold.subject})`;
    if (hold.targetId !== null) draft.note(hold.targetId, `Repairs: ${ended}${what}`, by.actor, reason);
  }
}
