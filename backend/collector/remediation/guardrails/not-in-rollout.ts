import { inRollout } from '../rules/rollout.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';

/** Binds automation: it acts on a percentage of the targets, stable by id. */
export const notInRollout: Guardrail = (context) => {
  const { automation, target } = context;
  if (!isAutomatic(context) || inRollout(target.id, automation.percent)) return null;
  const message = `Automation is on for ${automation.percent} % of the targets, and ${target.name} is not among them yet. A person may ask for a repair.`;
  return refuse('not-in-rollout', message);
};
