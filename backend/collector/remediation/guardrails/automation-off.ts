import { automationKeptOff } from '../rules/limits.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';

/** Binds automation. It is off unless the collector's settings turn it on; a profile may keep it off its targets. */
export const automationOff: Guardrail = (context) => {
  if (!isAutomatic(context)) return null;
  const { automation, target } = context;
  if (!automation.enabled) {
    return refuse(
      'automation-off',
      'Automation is off. An administrator turns it on in the settings of the collector; a person may ask for a repair.'
    );
  }
  if (!automationKeptOff(target.guardrails)) return null;
  const message = `The policy ${target.profileId} keeps automation off ${target.name}. A person may ask for a repair.`;
  return refuse('automation-off', message);
};
