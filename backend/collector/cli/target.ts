import {
  driftPageSchema,
  fleetTargetSchema,
  healthScoreSchema,
  nodeIdSchema,
  targetPageSchema,
  timelinePageSchema,
  violationPageSchema,
} from '@openclaw-fleet/contract';
import type { Band, FleetTarget } from '@openclaw-fleet/contract';
import { CommandError } from './command.ts';
import type { Command } from './command.ts';
import { EXIT, EXIT_USAGE } from './exit.ts';
import type { ApiClient } from './remote/client.ts';
import { CONNECTION_USAGE } from './remote/connection.ts';
import { NotFoundError } from './remote/failures.ts';
import { targetLines } from './target-lines.ts';
import type { TargetView } from './target-lines.ts';
import { printable } from './terminal/text.ts';
import { printJson, printView, viewArguments } from './view.ts';

const TIMELINE_ENTRIES = '10';
/** Faults of one target; there are no more kinds of them. */
const FAULTS = '50';

const EXIT_OF_BAND: Readonly<Record<Band, number>> = {
  healthy: EXIT.fine,
  warning: EXIT.attention,
  degraded: EXIT.attention,
  critical: EXIT.critical,
  unknown: EXIT.attention,
};

/** The target that a person means by an id or a name. @throws CommandError */
async function find(client: ApiClient, reference: string): Promise<FleetTarget> {
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

function pathOf(id: string): string {
  return `/fleet/targets/${encodeURIComponent(id)}`;
}

/** Everything the view shows, as the API says it. */
async function readAll(client: ApiClient, target: FleetTarget): Promise<TargetView & { readonly nowMs: number }> {
  const path = pathOf(target.id);
  const [healthScore, drift, violations, timeline] = await Promise.all([
    client.get(`${path}/health-score`, healthScoreSchema),
    client.get(`${path}/drift`, driftPageSchema, { limit: FAULTS }),
    client.get(`${path}/violations`, violationPageSchema, { limit: FAULTS }),
    client.get(`${path}/timeline`, timelinePageSchema, { limit: TIMELINE_ENTRIES }),
  ]);
  return {
    target,
    healthScore: healthScore.body,
    drift: drift.body,
    violations: violations.body,
    timeline: timeline.body,
    nowMs: healthScore.nowMs,
  };
}

export const target: Command = {
  name: 'target',
  summary: 'show one target: its score and why, drift, violations, what happened',
  usage: [
    '<id or name>  as targets shows it',
    ...CONNECTION_USAGE,
    EXIT_USAGE,
    'critical: it is, or it is isolated; needs attention: warning, degraded, unknown',
  ],
  async run(args, context) {
    const { values, positionals, client } = viewArguments(args, context, {}, ['<id or name>']);
    const { nowMs, ...view } = await readAll(client, await find(client, positionals[0] ?? ''));
    if (values.json) printJson(context, view);
    else await printView(client, context, view, (safe) => targetLines(safe, context.screen, nowMs));
    return view.target.isolated ? EXIT.critical : EXIT_OF_BAND[view.healthScore.band];
  },
};
