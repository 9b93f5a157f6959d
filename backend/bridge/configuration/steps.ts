import type { NodeRevision } from '@openclaw-fleet/contract';
import type { GatewayConfig, Look } from './gateway-config.ts';
import { failed, refused } from './outcome.ts';
import type { Ended } from './outcome.ts';
import { objectionsTo } from './plan.ts';
import type { Objection, Plan, ReloadKind } from './plan.ts';
import type { ConfigSync } from './sync.ts';
import { RevisionRefused } from './verify.ts';

/** Objections that a message names; a person mends the first ones first. */
const MAX_OBJECTIONS = 3;

export async function fetched(
  sync: Pick<ConfigSync, 'fetch'>,
  request: { readonly revision: string; readonly configHash: string }
): Promise<NodeRevision> {
  const revision = await sync.fetch(request.revision).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : 'an unknown error';
    if (error instanceof RevisionRefused) {
      throw refused('revision-refused', `the revision that the collector sent is refused: ${message}`.slice(0, 480));
    }
    throw failed(`the revision could not be fetched, and nothing was changed: ${message}`.slice(0, 480));
  });
  if (revision.config_hash !== request.configHash) {
    throw refused(
      'revision-refused',
      'the collector hands out other values for this revision than those that were decided on; plan it again'
    );
  }
  const objections = objectionsTo(revision.values);
  if (objections.length > 0) throw objected(objections);
  return revision;
}

export async function firstLook(config: GatewayConfig): Promise<Look> {
  try {
    return await config.look();
  } catch (error) {
    throw unavailable(error);
  }
}

export async function kindsOf(config: GatewayConfig, plan: Plan): Promise<ReadonlyMap<string, ReloadKind>> {
  try {
    return plan.changes.length === 0 ? new Map() : await config.kinds(plan.changes.map(({ path }) => path));
  } catch (error) {
    throw unavailable(error);
  }
}

function unavailable(error: unknown): Ended {
  const why = error instanceof Error ? error.message : 'an unknown error';
  return refused('gateway-unavailable', `the gateway cannot be asked, and nothing was changed: ${why}`.slice(0, 480));
}

export function objected(objections: readonly Objection[]): Ended {
  const refusal = objections.find((one) => one.refusal === 'denied-path')?.refusal ?? 'revision-refused';
  const named = objections.slice(0, MAX_OBJECTIONS).map(({ path, why }) => `${path.slice(0, 60)} ${why.slice(0, 80)}`);
  return refused(refusal, `the revision is not applied: ${named.join('; ')}`.slice(0, 480));
}
