import { createHash } from 'node:crypto';

/** A target's place in the rollout of automation, 0 to under 100; apart from its place in the client's own rollout. */
function place(targetId: string): number {
  const digest = createHash('sha256').update(`automation:${targetId}`).digest();
  return (digest.readUIntBE(0, 6) / 2 ** 48) * 100;
}

/** Whether automation may act on a target at this percentage: always the same for an id, and more percent only adds targets. */
export function inRollout(targetId: string, percent: number): boolean {
  return place(targetId) < percent;
}
