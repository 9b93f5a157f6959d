import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';

/** Binds everyone where the state is unknown; automation also where the target stopped cleanly or has been silent for 14 days. */
export const unknownState: Guardrail = (context) => {
  const { name, state } = context.target;
  if (state === 'unknown') {
    const message = `Whether ${name} lives is not known, and nothing acts on what is not known. Wait for its next heartbeat, or confirm the outage if it is real.`;
    return refuse('unknown-state', message);
  }
  if (!isAutomatic(context)) return null;
  if (state === 'stopped') {
    return refuse(
      'unknown-state',
      `${name} said that it stops, and automation leaves it so. It is looked at again once it reports.`
    );
  }
  if (state === 'inactive') {
    return refuse(
      'unknown-state',
      `${name} has been silent for so long that what is known of it is old. A person may ask for a repair, or retire it.`
    );
  }
  return null;
};
