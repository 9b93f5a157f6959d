import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';
import { ended, heldBy } from './words.ts';

/** Binds automation: a cordoned target is watched, and left to persons. */
export const cordoned: Guardrail = (context) => {
  const { cordoned: hold, target } = context;
  if (hold === null || !isAutomatic(context)) return null;
  return refuse(
    'cordoned',
    `${target.name} was cordoned ${ended(heldBy(hold))} A person may ask for a repair, or uncordon it.`
  );
};
