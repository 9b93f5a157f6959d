import type { HoldList } from '@openclaw-fleet/contract';
import type { Handlers } from '../call.ts';
import type { Parts } from '../parts.ts';
import type { HOLD_ROUTES } from '../routes/holds.ts';
import { toTarget } from '../target.ts';
import { requesterOf } from './remediations.ts';
import { nodeOf } from './targets.ts';

/** What holds repairs back, and what people decide about a target. */
export function holdHandlers(parts: Parts): Handlers<keyof typeof HOLD_ROUTES> {
  const { remediation, fleet, clock } = parts;
  const left = (targetId: string | null): HoldList => ({ items: [...remediation.holds(targetId)] });
  return {
    listHolds({ query: { target = null, kind } }) {
      if (target !== null) nodeOf(parts, { targetId: target });
      return { items: [...remediation.holds(target, kind)] };
    },
    pauseFleet: ({ body: { reason }, caller }) => remediation.pause(null, requesterOf(caller), reason),
    async resumeFleet({ body: { reason }, caller }) {
      await remediation.resume(null, requesterOf(caller), reason);
      return left(null);
    },
    pauseTarget({ params, body: { reason }, caller }) {
      nodeOf(parts, params);
      return remediation.pause(params.targetId, requesterOf(caller), reason);
    },
    async resumeTarget({ params, body: { reason }, caller }) {
      nodeOf(parts, params);
      await remediation.resume(params.targetId, requesterOf(caller), reason);
      return left(params.targetId);
    },
    cordonTarget({ params, body: { reason }, caller }) {
      nodeOf(parts, params);
      return remediation.cordon(params.targetId, requesterOf(caller), reason);
    },
    async uncordonTarget({ params, body: { reason }, caller }) {
      nodeOf(parts, params);
      await remediation.uncordon(params.targetId, requesterOf(caller), reason);
      return left(params.targetId);
    },
    async clearQuarantine({ params, body: { fault = null, reason }, caller }) {
      nodeOf(parts, params);
      await remediation.clearQuarantine(params.targetId, fault, requesterOf(caller), reason);
      return left(params.targetId);
    },
    async liftIsolation({ params, body: { reason }, caller }) {
      nodeOf(parts, params);
      await remediation.liftIsolation(params.targetId, requesterOf(caller), reason);
      return toTarget(nodeOf(parts, params), fleet, clock());
    },
    async retireTarget({ params, body: { reason }, caller, response }) {
      nodeOf(parts, params);
      await remediation.retire(params.targetId, requesterOf(caller), reason);
      response.end();
      return undefined;
    },
    async reinstateTarget({ params, body: { reason }, caller, response }) {
      nodeOf(parts, params);
      await remediation.reinstate(params.targetId, requesterOf(caller), reason);
      response.end();
      return undefined;
    },
    async closeBreaker({ body: { playbook, fault, reason }, caller }) {
      await remediation.closeBreaker(playbook, fault, requesterOf(caller), reason);
      return left(null);
    },
  };
}
