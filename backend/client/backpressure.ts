/**
 * Lowers `available_slots` while the queues are long (seed 004, backpressure). Pressure is the sum of all depths, which
 * is over the threshold whenever a single one is. Up to the threshold nothing changes; above it the slots shrink in
 * proportion to the excess, rounded down, and are 0 from twice the threshold on.
 * @param threshold total depth; null is never
 * @returns `capacity` itself when nothing changes
 */
export function applyBackpressure(
  capacity: Readonly<Record<string, number>>,
  queueDepth: Readonly<Record<string, number>>,
  threshold: number | null
): Readonly<Record<string, number>> {
  const slots = capacity['available_slots'];
  if (threshold === null || slots === undefined) return capacity;
  const depth = Object.values(queueDepth).reduce((sum, one) => sum + one, 0);
  if (depth <= threshold) return capacity;
  const left = threshold === 0 ? 0 : Math.max(0, 1 - (depth - threshold) / threshold);
  return { ...capacity, available_slots: Math.floor(slots * left) };
}
