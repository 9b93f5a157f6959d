import { driftPageSchema, healthScoreSchema, timelinePageSchema, violationPageSchema } from '@openclaw-fleet/contract';
import type { Band, FleetTarget } from '@openclaw-fleet/contract';
import type { Command } from './command.ts';
import { EXIT, EXIT_USAGE } from './exit.ts';
import type { ApiClient } from './remote/client.ts';
import { CONNECTION_USAGE } from './remote/connection.ts';
import { findTarget, pathOf } from './find-target.ts';
import { targetLines } from './target-lines.ts';
import type { TargetView } from './target-lines.ts';
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
    const { nowMs, ...view } = await readAll(client, await findTarget(client, positionals[0] ?? ''));
    if (values.json) printJson(context, view);
    else await printView(client, context, view, (safe) => targetLines(safe, context.screen, nowMs));
    return view.target.isolated ? EXIT.critical : EXIT_OF_BAND[view.healthScore.band];
  },
};
