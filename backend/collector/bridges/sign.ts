import { ACTION_TYPE, actionRequestSchema, MAX_ACTION_BYTES } from '@openclaw-fleet/contract';
import type { ActionRequest } from '@openclaw-fleet/contract';
import { signForNode, type ActionsKey } from '../configurations/sign.ts';
import { BridgeError } from '../remediation/types.ts';

/**
 * The body of `POST /v1/actions`: the request as a compact JWS, which this one node alone will take.
 * @throws BridgeError `refused`, before anything is sent, for a request that no node would take
 */
export async function signedAction(
  targetId: string,
  request: ActionRequest,
  key: ActionsKey
): Promise<{ jws: string }> {
  const checked = actionRequestSchema.safeParse(request);
  if (!checked.success) {
    const [issue] = checked.error.issues;
    throw new BridgeError(
      'refused',
      `the request is not one of an action (${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}); nothing was sent`
    );
  }
  if (checked.data.node_id !== targetId) {
    throw new BridgeError(
      'refused',
      `the request is for ${checked.data.node_id}, not for ${targetId}; nothing was sent`,
      'wrong-node'
    );
  }
  const body = { jws: await signForNode(ACTION_TYPE, checked.data, key) };
  if (JSON.stringify(body).length > MAX_ACTION_BYTES) {
    throw new BridgeError(
      'refused',
      `the request is longer than ${MAX_ACTION_BYTES} bytes; name fewer jobs. Nothing was sent`
    );
  }
  return body;
}
