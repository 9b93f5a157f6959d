import type { Clock, Logger } from '@openclaw-fleet/client';
import { createDesk } from './desk.ts';
import type { RestartLimits } from './limits.ts';
import { serveActions } from './server.ts';
import type { DoorCredentials } from './server.ts';
import type { Actuator, Receipts } from './types.ts';
import { verifyAction } from './verify.ts';

export interface ActionsDoorOptions {
  readonly nodeId: string;
  /** `port` 0: any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly credentials: DoorCredentials;
  /** OPENCLAW_CLIENT_PIN: pins of the collector's client key; none: nobody is let in. */
  readonly clientPins: readonly string[];
  /** OPENCLAW_ACTIONS_PIN: pins of the key that signs actions; none: nothing is taken. */
  readonly actionsPins: readonly string[];
  readonly actuator: Actuator;
  readonly receipts: Receipts;
  readonly limits: RestartLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface ActionsDoor {
  readonly port: number;
  reload(credentials: DoorCredentials): void;
  /** Takes nothing more. What is under way goes on, and is settled by the next start if the process ends first. */
  close(): Promise<void>;
}

/**
 * Opens the door through which the collector asks for actions (domain-rules section 6), and settles what an earlier process
 * left open.
 * @throws Error naming OPENCLAW_BRIDGE_ACTIONS_LISTEN when the address cannot be had, and what receipts throw
 */
export async function createActionsDoor(options: ActionsDoorOptions): Promise<ActionsDoor> {
  const desk = createDesk(options);
  desk.open();
  return serveActions({
    ...options,
    desk,
    verify: (jws) => verifyAction(jws, { nodeId: options.nodeId, pins: options.actionsPins }),
  });
}
