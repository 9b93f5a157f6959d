import { batchSchema, planSchema, runSchema } from '@openclaw-fleet/contract';
import type { Plan } from '@openclaw-fleet/contract';
import { CommandError, need, UsageError } from '../command.ts';
import type { Command, Context } from '../command.ts';
import type { ApiClient } from '../remote/client.ts';
import { CONNECTION_USAGE } from '../remote/connection.ts';
import { printableAll } from '../terminal/text.ts';
import { notices, printJson, viewArguments } from '../view.ts';
import { planLines, until } from './plan-lines.ts';
import { explained } from './refusals.ts';
import { findRepair, namesOf, targetsOf } from './repair.ts';
import type { Repair } from './repair.ts';

const APPROVER = { role: 'approver', person: true } as const;
const OPERATOR = { role: 'operator', person: false } as const;
const ID = ['<run or batch>'];
const REASON_USAGE = '--reason <text>  why, for the audit';
const text = { type: 'string' } as const;

async function printPlan(client: ApiClient, context: Context, repair: Repair): Promise<void> {
  const { plan } = repair.body;
  const name = await namesOf(client, targetsOf(plan));
  const saying = { screen: context.screen, nowMs: repair.nowMs, name };
  context.print([...(await notices(client)), ...planLines(printableAll(plan), saying), ''].join('\n'));
}

/** What an approval came to. Its text must be safe to print. */
function approvedWords({ approvals, approvalsNeeded, executeBefore, breakGlass }: Plan, nowMs: number): string {
  if (executeBefore !== null)
    return `Approved${breakGlass ? ' by break-glass, which everything marks' : ''}: it begins before ${until(executeBefore, nowMs)}.`;
  const counted = approvals.filter(({ decision }) => decision !== 'deny').length;
  return `Counted, ${counted} of ${approvalsNeeded}: another person must approve it too.`;
}

/** @throws CommandError when the plan is another than the one that was seen, or nobody agrees */
async function agree(
  { plan }: Repair['body'],
  context: Context,
  {
    yes,
    digest,
    breakGlass,
  }: { readonly yes: boolean; readonly digest: string | undefined; readonly breakGlass: boolean }
): Promise<void> {
  if (digest !== undefined && digest !== plan.digest)
    throw new CommandError(
      `the plan has the digest ${plan.digest}, and not the one given: look at it anew, then approve it. Nothing was approved`
    );
  if (yes) return;
  if (context.confirm === null)
    throw new UsageError(
      'approve asks at a terminal, and there is none: in a script give --yes, with --digest for the plan that was seen'
    );
  const question = breakGlass
    ? 'Approve this plan ALONE, by break-glass? Its owner is told, and everything marks it.'
    : 'Approve this plan?';
  if (!(await context.confirm(question))) throw new CommandError('nothing was approved');
}

export const approve: Command = {
  name: 'approve',
  summary: 'show the plan of a repair, and approve it as another person than the one who asked',
  usage: [
    '<run or batch>    its id, as runs shows it; what is approved is the plan, with all its targets',
    '--reason <text>   why, for the audit',
    '[--break-glass]   alone, where two are needed or the request was your own',
    '[--yes]           without being asked: for scripts',
    '[--digest <hex>]  only the plan of this digest, as a dry run or run --json showed it',
    ...CONNECTION_USAGE,
    'the digest that was shown is sent: a plan that is another by then is not approved',
  ],
  async run(args, context) {
    const options = {
      reason: text,
      digest: text,
      yes: { type: 'boolean' },
      'break-glass': { type: 'boolean' },
    } as const;
    const { values, positionals, client } = viewArguments(args, context, options, ID, APPROVER);
    const reason = need(values.reason, 'reason');
    const { json = false, yes = false, digest, 'break-glass': breakGlass = false } = values;
    const repair = await findRepair(client, positionals[0] ?? '');
    if (!json) await printPlan(client, context, repair);
    await agree(repair.body, context, { yes, digest, breakGlass });
    const body = { reason, digest: repair.body.plan.digest, breakGlass };
    const { body: plan } = await client.post(`${repair.path}/approve`, body, planSchema).catch((error: unknown) => {
      throw explained(error, null);
    });
    if (json) printJson(context, plan);
    else context.print(`${approvedWords(plan, repair.nowMs)}\nTo follow it: openclaw-fleet run ${repair.body.id}`);
  },
};

export const deny: Command = {
  name: 'deny',
  summary: 'deny a repair: one denial ends everything of its plan that has not begun',
  usage: ['<run or batch>   its id, as runs shows it', REASON_USAGE, ...CONNECTION_USAGE],
  async run(args, context) {
    const { values, positionals, client } = viewArguments(args, context, { reason: text }, ID, APPROVER);
    const reason = need(values.reason, 'reason');
    const { path, body } = await findRepair(client, positionals[0] ?? '');
    const { body: plan } = await client.post(`${path}/deny`, { reason }, planSchema);
    if (values.json) printJson(context, plan);
    else context.print(`Denied: nothing of ${body.id} begins any more.`);
  },
};

export const cancel: Command = {
  name: 'cancel',
  summary: 'cancel a repair: at once, or after the step under way, which is then rolled back where it can be',
  usage: ['<run or batch>   its id, as runs shows it', REASON_USAGE, ...CONNECTION_USAGE],
  async run(args, context) {
    const { values, positionals, client } = viewArguments(args, context, { reason: text }, ID, OPERATOR);
    const reason = need(values.reason, 'reason');
    const { kind, path } = await findRepair(client, positionals[0] ?? '');
    const schema = kind === 'run' ? runSchema : batchSchema;
    const { body } = await client.post<{ id: string; state: string }>(`${path}/cancel`, { reason }, schema);
    if (values.json) printJson(context, body);
    else if (body.state === 'cancelled') context.print(`Cancelled: ${body.id}.`);
    else context.print(`It ends after the step under way. To see it: openclaw-fleet run ${body.id}`);
  },
};
