import type { ActionReceipt, NodeRevision } from '@openclaw-fleet/contract';
import { managedHashOf } from './gateway-config.ts';
import type { GatewayConfig, Look } from './gateway-config.ts';
import { Ended, failed } from './outcome.ts';
import type { ApplyOutcome } from './outcome.ts';

/** What was measured on the way. */
export interface Seen {
  before: Look | null;
  after: Look | null;
  /** Of the gateway before anything was done. */
  bootId: string | null;
}

/** Carries out the steps, and says what became of them: in their words, or in those of what ended them. */
export async function concluded(
  revision: Pick<NodeRevision, 'config_hash' | 'values'>,
  config: GatewayConfig,
  steps: (seen: Seen) => Promise<string>
): Promise<ApplyOutcome> {
  const seen: Seen = { before: null, after: null, bootId: null };
  const measured = (look: Look | null): ActionReceipt['before'] => measurements(look, revision.values);
  const afterwards = (look: Look | null): ActionReceipt['after'] => ({
    ...measured(look),
    restarted: look !== null && seen.bootId !== null && look.bootId !== seen.bootId,
  });
  try {
    const message = await steps(seen);
    return { state: 'succeeded', refusal: null, message, before: measured(seen.before), after: afterwards(seen.after) };
  } catch (error) {
    const { state, refusal, message } = outcomeOf(error);
    const after = state === 'refused' ? {} : afterwards(await config.look().catch(() => null));
    return { state, refusal, message, before: measured(seen.before), after };
  }
}

export function outcomeOf(error: unknown): ApplyOutcome {
  if (error instanceof Ended) {
    const { state, refusal, message } = error;
    return { state, refusal, message, before: {}, after: {} };
  }
  const why = error instanceof Error ? error.message : 'an unknown error';
  return outcomeOf(failed(`it did not work: ${why}`.slice(0, 480)));
}

function measurements(look: Look | null, values: NodeRevision['values']): ActionReceipt['before'] {
  if (look === null) return {};
  return {
    config_hash: managedHashOf(look, values),
    full_config_hash: look.fullHash,
    config_valid: look.valid,
    config_converged: look.converged,
    gateway_ready: look.ready,
    gateway_boot_id: look.bootId,
  };
}
