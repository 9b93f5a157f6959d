import { inFlightCap } from '../rules/shares.ts';
import { refuse } from '../types.ts';
import type { Guardrail } from '../types.ts';

/** Binds everyone: 20 % of the expected targets, at least 1, at most 50. */
export const inFlight: Guardrail = ({ inFlight: count, fleet, limits }) => {
  const cap = inFlightCap(fleet.expected, limits);
  if (count < cap) return null;
  return refuse(
    'in-flight-cap',
    `${count} repairs are in flight, and ${cap} is the most for ${fleet.expected} expected targets. It begins once one of them ends.`
  );
};
