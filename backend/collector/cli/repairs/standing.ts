import { remediationStatusSchema } from '@openclaw-fleet/contract';
import type { Efficacy, RemediationStatus } from '@openclaw-fleet/contract';
import type { Command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { CONNECTION_USAGE } from '../remote/connection.ts';
import { table } from '../terminal/table.ts';
import type { Cell, Column } from '../terminal/table.ts';
import { printJson, printView, viewArguments } from '../view.ts';
import { heldNames, holdTable } from './holds.ts';
import { field } from './plan-lines.ts';
import type { Saying } from './plan-lines.ts';
import { wayOut } from './refusals.ts';

const COLUMNS: readonly Column[] = [
  { title: 'PLAYBOOK' },
  { title: 'FAULT', least: 12 },
  { title: 'RUNS', align: 'right' },
  { title: 'SUCCEEDED', align: 'right' },
  { title: 'NO EFFECT', align: 'right' },
  { title: 'FAILED', align: 'right' },
  { title: 'FALSE ALARMS', align: 'right', optional: true },
  { title: 'BREAKER' },
];

function efficacyRow({
  playbook,
  fault,
  runs,
  succeeded,
  noEffect,
  failed,
  falseAlarms,
  breakerOpen,
}: Efficacy): Cell[] {
  const counts = [runs, succeeded, noEffect, failed, falseAlarms].map(String);
  return [playbook, fault, ...counts, breakerOpen ? { text: 'open', tone: 'worst' } : ''];
}

function lines(
  { automation, inFlight, inFlightCap, pendingApprovals, refused, holds, efficacy }: RemediationStatus,
  { screen, nowMs, name }: Saying
): string[] {
  const line = (label: string, text: string): string => field(label, text, screen);
  const { enabled, percent, held } = automation;
  const way = held === null ? '' : wayOut(held.reason, null);
  const why = held === null ? '' : `; held back by ${held.reason}: ${held.message}${way === '' ? '' : ` Next: ${way}`}`;
  const refusals = Object.entries(refused).map(([reason, count]) => `${reason} ${count}`);
  return [
    line('Automation', (enabled ? `on, for ${percent} % of the targets` : 'off') + why),
    line('In flight', `${inFlight} of at most ${inFlightCap}`),
    line(
      'Approvals',
      pendingApprovals === 0
        ? 'none is waited for'
        : `${pendingApprovals} plans wait: openclaw-fleet runs --state pending_approval`
    ),
    line('Refused', refusals.length === 0 ? 'nothing since the start' : `since the start ${refusals.join(', ')}`),
    '',
    holds.length === 0 ? 'Nothing holds repairs back.' : holdTable(holds, name, { screen, nowMs }),
    ...(efficacy.length === 0 ? [] : ['', table(COLUMNS, efficacy.map(efficacyRow), screen)]),
  ];
}

export const repairs: Command = {
  name: 'repairs',
  summary: 'show how repairs stand: automation and why it is held, what is in flight, waits and holds back',
  usage: CONNECTION_USAGE,
  async run(args, context) {
    const { values, client } = viewArguments(args, context, {});
    const { body, nowMs } = await client.get('/fleet/remediations', remediationStatusSchema);
    if (values.json) printJson(context, body);
    else {
      const name = await heldNames(client, body.holds);
      await printView(client, context, body, (safe) => lines(safe, { screen: context.screen, nowMs, name }));
    }
    return EXIT.fine;
  },
};
