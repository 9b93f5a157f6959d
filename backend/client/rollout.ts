import { createHash } from 'node:crypto';

/**
 * A node's place in a gradual rollout (seed 004, rollout plan): the same for the same id on every machine and at every
 * start, so raising the percentage only ever adds nodes.
 * @returns 0 to under 100
 */
export function rolloutPosition(nodeId: string): number {
  return (createHash('sha256').update(nodeId).digest().readUInt32BE(0) / 2 ** 32) * 100;
}

/** Whether the node publishes at this percentage: 0 is nobody, 100 is everybody. */
export function isInRollout(nodeId: string, percent: number): boolean {
  return rolloutPosition(nodeId) < percent;
}
