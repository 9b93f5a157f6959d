import { createPrivateKey, createPublicKey, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { ACTION_PATHS, ACTION_TYPE, type ActionRequest } from '@openclaw-fleet/contract';
import { signForNode, type ActionsKey } from '../../../backend/collector/configurations/sign.ts';

/** What somebody shows in a TLS handshake, PEM. */
export interface Shown {
  readonly cert: string;
  readonly key: string;
}

export interface DoorAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What lies in a folder as `<name>.crt` and `<name>.key`. */
export function stolen(folder: string, name: string): Shown {
  const read = (ending: string): string => readFileSync(join(folder, `${name}.${ending}`), 'utf8');
  return { cert: read('crt'), key: read('key') };
}

export function stolenSigner(file: string): ActionsKey {
  const privateKey = createPrivateKey(readFileSync(file));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** Asks a door (or the intake) on loopback, as whoever has these credentials. Rejects when the connection fails. */
export function askDoor(
  port: number,
  shown: Shown | null,
  method: string,
  path: string,
  body?: object
): Promise<DoorAnswer> {
  const text = body === undefined ? '' : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request(
      {
        ...{ host: '127.0.0.1', port, method, path, agent: false, ...shown },
        // A thief does not mind whom it talks to.
        rejectUnauthorized: false,
        headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: JSON.parse(Buffer.concat(chunks).toString() || '{}') as DoorAnswer['body'],
          })
        );
      }
    );
    asked.on('error', reject);
    asked.end(text);
  });
}

export const look = (port: number, shown: Shown | null): Promise<DoorAnswer> =>
  askDoor(port, shown, 'GET', ACTION_PATHS.observation);

export const give = (port: number, shown: Shown | null, jws: string): Promise<DoorAnswer> =>
  askDoor(port, shown, 'POST', ACTION_PATHS.actions, { jws });

export const signed = (asked: object, key: ActionsKey): Promise<string> => signForNode(ACTION_TYPE, asked, key);

/** A request for this node, good for a minute. */
export function asking(nodeId: string, changes: Partial<ActionRequest> = {}): ActionRequest {
  return {
    ...{ action_id: randomUUID(), node_id: nodeId, run_id: 'run-1', step: 'a', gateway_boot_id: null },
    instruction: { verb: 'restart', what: 'gateway' },
    issued_at: new Date().toISOString(),
    expires_at: new Date(Date.now() + 60_000).toISOString(),
    ...changes,
  };
}
