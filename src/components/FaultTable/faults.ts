import type { DriftRecord, PlaybookId, PolicyViolation } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

/** What is wrong with a target: a violation, or drift. */
export type Fault = PolicyViolation | DriftRecord;

/** The most targets of one plan (domain-rules section 6). */
export const MOST_TARGETS = 50;

/** When it was first seen. */
export const openedAt = (fault: Fault): string => ('createdAt' in fault ? fault.createdAt : fault.detectedAt);

/** Why it cannot be repaired from here; null: it can. */
export function whyNoRepair(fault: Fault): string | null {
  if (fault.resolvedAt !== null) return t('faults.repair.resolved', 'It is resolved already.');
  if (fault.suggestedPlaybookId === undefined)
    return t('faults.repair.by-hand', 'No playbook repairs this. Follow the hint.');
  return null;
}

/** Why a fault cannot join those that were chosen for one repair; null: it can. */
export function whyNotChosen(fault: Fault, chosen: readonly Fault[]): string | null {
  const alone = whyNoRepair(fault);
  if (alone !== null) return alone;
  const [first] = chosen;
  if (first === undefined || chosen.some(({ id }) => id === fault.id)) return null;
  if (first.suggestedPlaybookId !== fault.suggestedPlaybookId)
    return t('faults.repair.other-playbook', 'Another playbook repairs this: one repair has one playbook.');
  const targets = targetIdsOf(chosen);
  if (targets.length >= MOST_TARGETS && !targets.includes(fault.targetId))
    return t('faults.repair.too-many', 'One repair has at most {{most}} targets.', { most: MOST_TARGETS });
  return null;
}

/** The faults that `fault` can be repaired with, itself among them, as many as one repair takes. */
export function repairedAlike(fault: Fault, all: readonly Fault[]): Fault[] {
  const chosen = [fault];
  const targets = new Set([fault.targetId]);
  for (const each of all) {
    if (each.id === fault.id || each.resolvedAt !== null || each.suggestedPlaybookId !== fault.suggestedPlaybookId)
      continue;
    if (targets.size === MOST_TARGETS && !targets.has(each.targetId)) continue;
    targets.add(each.targetId);
    chosen.push(each);
  }
  return chosen;
}

/** Each target once, in the order of the faults. */
export const targetIdsOf = (faults: readonly Fault[]): string[] => [...new Set(faults.map(({ targetId }) => targetId))];

/** The playbook that the chosen faults have in common. */
export const playbookOf = (chosen: readonly Fault[]): PlaybookId | undefined => chosen[0]?.suggestedPlaybookId;
