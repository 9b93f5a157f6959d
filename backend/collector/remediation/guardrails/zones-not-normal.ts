import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';
import { isAutomatic } from './binds.ts';

/** Binds automation while under half of the zones are `normal`, or nothing is expected to report. */
export const zonesNotNormal: Guardrail = (context) => {
  const { zones, normalZones } = context.fleet;
  if (!isAutomatic(context) || (zones > 0 && 2 * normalZones >= zones)) return null;
  const seen =
    zones === 0
      ? 'No zone has a target that is expected to report.'
      : `Only ${normalZones} of ${zones} zones are normal.`;
  return refuse('zones-not-normal', `${seen} Automation waits until half of them are; a person may ask for a repair.`);
};
