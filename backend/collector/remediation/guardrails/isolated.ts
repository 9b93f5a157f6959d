import { isCritical } from '../rules/faults.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { lacksApproval } from './binds.ts';

/** Binds automation always, and persons without an approval: no action on an isolated target, or on a critical fault. */
export const isolated: Guardrail = (context) => {
  const { target, fault } = context;
  const critical = fault !== null && isCritical(fault);
  if (!(target.isolated || critical) || !lacksApproval(context)) return null;
  const what = target.isolated
    ? `${target.name} is isolated because of a critical drift`
    : `${fault?.key ?? 'The fault'} of ${target.name} is critical`;
  return refuse(
    'isolated',
    `${what}: every action on it needs an approval. Ask for a repair, and have another person approve it.`
  );
};
