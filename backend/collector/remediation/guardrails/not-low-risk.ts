import { isLowRisk } from '../rules/faults.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';

/** Binds automation: minor faults, and major config drift under `ApplyAndAutoCorrect`; a person decides the rest. */
export const notLowRisk: Guardrail = (context) => {
  const { fault, target } = context;
  if (!isAutomatic(context) || fault === null || isLowRisk(fault, target.driftMode)) return null;
  const message = `${fault.key} of ${target.name} is ${fault.severity}, and automation acts on minor faults and on major config drift alone. A person decides: ask for a repair.`;
  return refuse('not-low-risk', message);
};
