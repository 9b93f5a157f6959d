import { missingCapabilities } from '../rules/capabilities.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: a node refuses a verb it did not declare, and a playbook that stops midway leaves work half done. */
export const notCapable: Guardrail = ({ playbook, target }) => {
  const missing = missingCapabilities(playbook, target.capabilities);
  if (missing.length === 0) return null;
  const message = `The bridge of ${target.name} did not declare ${missing.join(', ')}, which ${playbook} needs. Enable it in the settings of the bridge, or upgrade the bridge.`;
  return refuse('not-capable', message);
};
