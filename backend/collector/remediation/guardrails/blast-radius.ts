import { blastAllowance } from '../rules/shares.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';

/** Binds automation while too many targets of normal zones became expired or critical within the hour: it may be the cause. */
export const blastRadius: Guardrail = (context) => {
  if (!isAutomatic(context)) return null;
  const { of, became } = context.fleet.blast;
  const allowed = blastAllowance(of, context.limits);
  if (became <= allowed) return null;
  const message = `${became} of ${of} targets of normal zones became expired or critical lately; ${allowed} is the most for automation to go on. It waits until fewer did; a person may ask for a repair.`;
  return refuse('blast-radius', message);
};
