import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';
import { instant } from './words.ts';

/** Binds automation for 300 s after a start, a failover, or leaving `full` or `blind`: the picture must become whole first. */
export const afterStart: Guardrail = (context) => {
  const { nowMs, fleet } = context;
  if (!isAutomatic(context) || nowMs >= fleet.automationFromMs) return null;
  const message = `The collector started, or saw again after an outage, a short while ago. Automation begins again at ${instant(fleet.automationFromMs)}.`;
  return refuse('after-start', message);
};
