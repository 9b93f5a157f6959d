import { doorErrorSchema, observationSchema, receiptSchema } from '@openclaw-fleet/contract';
import type { ActionReceipt, Observation } from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { BridgeError } from '../remediation/types.ts';
import type { Answer } from './ask.ts';

/** @throws BridgeError `refused` or `protocol` */
export function observationOf(answer: Answer, targetId: string): Observation {
  const observation = parsed(observationSchema, answer, [200]);
  ofNode(observation.node_id, targetId);
  return observation;
}

/** @throws BridgeError `refused` or `protocol` */
export function receiptOf(answer: Answer, targetId: string, actionId: string): ActionReceipt {
  const receipt = parsed(receiptSchema, answer, [200, 202]);
  ofNode(receipt.node_id, targetId);
  if (receipt.action_id !== actionId)
    throw new BridgeError('protocol', 'it answered with the receipt of another action');
  return receipt;
}

/** Null: the door says that it never took such an action. @throws BridgeError `refused` or `protocol` */
export function receiptIfAny(answer: Answer, targetId: string, actionId: string): ActionReceipt | null {
  if (answer.status === 404 && doorErrorSchema.safeParse(answer.body).success) return null;
  return receiptOf(answer, targetId, actionId);
}

function parsed<Schema extends z.ZodType>(
  schema: Schema,
  answer: Answer,
  statuses: readonly number[]
): z.output<Schema> {
  if (!statuses.includes(answer.status)) throw troubleOf(answer);
  const result = schema.safeParse(answer.body);
  if (result.success) return result.data;
  const fields = result.error.issues.slice(0, 3).map(({ path }) => (path.length === 0 ? 'all of it' : path.join('.')));
  throw new BridgeError(
    'protocol',
    `its answer has another form than is known here (${fields.join(', ')}); update the bridge or the collector`
  );
}

function ofNode(nodeId: string, targetId: string): void {
  if (nodeId !== targetId) throw new BridgeError('protocol', 'it answered in the name of another node');
}

function troubleOf({ status, body }: Answer): BridgeError {
  const { data: said } = doorErrorSchema.safeParse(body);
  const words = said === undefined ? '' : `: ${said.message}`;
  if (status >= 500) return new BridgeError('unreachable', `it answered ${status}${words}`);
  if (status >= 300 && status < 400)
    return new BridgeError('protocol', `it answered ${status}, a redirect; none is followed`);
  if (status < 400 || said === undefined)
    return new BridgeError('protocol', `it answered ${status} without saying why`);
  return new BridgeError('refused', `it refused (${status})${words}`, said.refusal);
}
