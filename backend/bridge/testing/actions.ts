import { randomUUID } from 'node:crypto';
import { request as httpsRequest } from 'node:https';
import type { Agent } from 'node:https';
import { ACTION_PATHS, ACTION_TYPE } from '@openclaw-fleet/contract';
import type { ActionReceipt, ActionRequest, Instruction } from '@openclaw-fleet/contract';
import type { Authority, Pair } from '../../client/testing/certificates.ts';
import { NODE_ID } from '../../client/testing/node.ts';
import { createRevisionSigner } from './revisions.ts';
import type { RevisionSigner } from './revisions.ts';

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** A collector that comes to a bridge's door on loopback, over real TLS. */
export interface TestCaller {
  readonly identity: Pair;
  readonly signer: RevisionSigner;
  send(method: string, path: string, body?: string): Promise<Answer>;
  /** A request for `node-1`, good for a minute. */
  request(instruction: Instruction, changes?: Partial<ActionRequest>): ActionRequest;
  act(request: ActionRequest): Promise<Answer>;
  /** Asks until the receipt says something else than `running`. */
  ended(actionId: string, ms?: number): Promise<ActionReceipt>;
}

/** @param identity default: the collector's own, of that authority */
export function createCaller(
  authority: Authority,
  port: () => number,
  identity = authority.issue({ uri: 'openclaw://collector/client' }),
  signer = createRevisionSigner(),
  agent?: Agent
): TestCaller {
  const caller: TestCaller = {
    identity,
    signer,
    send: (method, path, body) =>
      new Promise((resolve, reject) => {
        const outgoing = httpsRequest(
          {
            host: '127.0.0.1',
            port: port(),
            method,
            path,
            ca: authority.cert,
            cert: identity.cert,
            key: identity.key,
            agent: agent ?? false,
            // The node is named by its URI, not by a host.
            checkServerIdentity: () => undefined,
            ...(body !== undefined && { headers: { 'content-length': Buffer.byteLength(body) } }),
          },
          (response) => {
            let text = '';
            response.on('data', (chunk: Buffer) => (text += chunk.toString()));
            response.on('end', () =>
              resolve({ status: response.statusCode ?? 0, body: JSON.parse(text || '{}') as Record<string, unknown> })
            );
            response.on('error', reject);
          }
        );
        outgoing.on('error', reject);
        outgoing.end(body);
      }),
    request: (instruction, changes) => ({
      action_id: randomUUID(),
      node_id: NODE_ID,
      run_id: 'run-1',
      step: 'step-1',
      instruction,
      gateway_boot_id: null,
      issued_at: new Date().toISOString(),
      expires_at: new Date(Date.now() + 60_000).toISOString(),
      ...changes,
    }),
    act: (request) =>
      caller.send('POST', ACTION_PATHS.actions, JSON.stringify({ jws: signer.sign(request, { typ: ACTION_TYPE }) })),
    ended: async (actionId, ms = 5_000) => {
      const deadline = performance.now() + ms;
      for (;;) {
        const { body } = await caller.send('GET', `${ACTION_PATHS.actions}/${actionId}`);
        const receipt = body as unknown as ActionReceipt;
        if (receipt.state !== 'running') return receipt;
        if (performance.now() > deadline) throw new Error(`still running: ${JSON.stringify(receipt)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
  return caller;
}
