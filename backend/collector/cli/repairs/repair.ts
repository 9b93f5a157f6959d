import { batchSchema, fleetTargetSchema, repairIdSchema, runDetailSchema } from '@openclaw-fleet/contract';
import type { Batch, Plan, RunDetail } from '@openclaw-fleet/contract';
import { UsageError } from '../command.ts';
import { pathOf } from '../find-target.ts';
import type { ApiClient } from '../remote/client.ts';
import { NotFoundError } from '../remote/failures.ts';
import { printable } from '../terminal/text.ts';

/** The repair of one target, or of several: what a person names by an id. */
export type Repair =
  | { readonly kind: 'run'; readonly path: string; readonly nowMs: number; readonly body: RunDetail }
  | { readonly kind: 'batch'; readonly path: string; readonly nowMs: number; readonly body: Batch };

const RUNS = '/fleet/remediations/runs';
const BATCHES = '/fleet/remediations/batches';

export async function readRun(client: ApiClient, id: string): Promise<Repair & { readonly kind: 'run' }> {
  const path = `${RUNS}/${id}`;
  return { kind: 'run', path, ...(await client.get(path, runDetailSchema)) };
}

export async function readBatch(client: ApiClient, id: string): Promise<Repair & { readonly kind: 'batch' }> {
  const path = `${BATCHES}/${id}`;
  return { kind: 'batch', path, ...(await client.get(path, batchSchema)) };
}

/** What an id is of. @throws UsageError when it is no id, CommandError when there is nothing of it */
export async function findRepair(client: ApiClient, id: string): Promise<Repair> {
  if (!repairIdSchema.safeParse(id).success)
    throw new UsageError(`${JSON.stringify(id)} is not the id of a run: openclaw-fleet runs lists them`);
  try {
    return await readRun(client, id);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
  }
  try {
    return await readBatch(client, id);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new NotFoundError(`there is no run or batch ${id}: openclaw-fleet runs lists them`, error.problem);
  }
}

/** Names are asked for one by one; a longer list shows ids. */
const MOST_NAMES = 50;

/** How people call some targets, by id; one that is not known is called by its id. */
export async function namesOf(client: ApiClient, ids: Iterable<string>): Promise<(id: string) => string> {
  const asked = [...new Set(ids)];
  const names = new Map<string, string>();
  if (asked.length <= MOST_NAMES) {
    await Promise.all(
      asked.map(async (id) => {
        try {
          names.set(id, printable((await client.get(pathOf(id), fleetTargetSchema)).body.name));
        } catch (error) {
          if (!(error instanceof NotFoundError)) throw error;
        }
      })
    );
  }
  return (id) => names.get(id) ?? id;
}

export function targetsOf({ targets }: Plan): string[] {
  return targets.map(({ targetId }) => targetId);
}
