import { fleetTargetSchema, nodeIdSchema, targetPageSchema } from '@openclaw-fleet/contract';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { CommandError } from './command.ts';
import type { ApiClient } from './remote/client.ts';
import { NotFoundError } from './remote/failures.ts';
import { printable } from './terminal/text.ts';

/** The target that a person means by an id or a name. @throws CommandError */
export async function findTarget(client: ApiClient, reference: string): Promise<FleetTarget> {
  if (nodeIdSchema.safeParse(reference).success) {
    try {
      return (await client.get(pathOf(reference), fleetTargetSchema)).body;
    } catch (error) {
      if (!(error instanceof NotFoundError)) throw error;
    }
  }
  const { body } = await client.get('/fleet/targets', targetPageSchema, { q: reference, limit: '500' });
  const named = body.items.filter(({ name }) => name === reference);
  const [found, another] = named;
  const shown = JSON.stringify(printable(reference));
  if (found === undefined) throw new CommandError(`there is no target ${shown}: ${nearby(body.items)}`);
  if (another !== undefined)
    throw new CommandError(
      `several targets have the name ${shown} (${named.map(({ id }) => id).join(', ')}): give the id`
    );
  return found;
}

function nearby(items: readonly FleetTarget[]): string {
  if (items.length === 0) return 'openclaw-fleet targets lists all';
  const names = items.slice(0, 5).map(({ name }) => printable(name));
  return `did you mean ${names.join(', ')}?`;
}

/** Where the API has a target. */
export function pathOf(id: string): string {
  return `/fleet/targets/${encodeURIComponent(id)}`;
}
