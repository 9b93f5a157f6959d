import type { Command } from '../command.ts';
import { CONNECTION_USAGE } from '../remote/connection.ts';
import { viewArguments } from '../view.ts';
import { REPAIR_EXIT_USAGE, show } from './following.ts';
import { findRepair } from './repair.ts';

export const run: Command = {
  name: 'run',
  summary: 'follow one repair, or one of several targets, until it ends',
  usage: [
    '<run or batch>  its id, as runs shows it',
    '[--once]        as it is now, and no more',
    '[--evidence]    of a run: what each step asked, got and measured',
    ...CONNECTION_USAGE,
    'with --json what the API says of it, once it has ended',
    REPAIR_EXIT_USAGE,
  ],
  async run(args, context) {
    const options = { once: { type: 'boolean' }, evidence: { type: 'boolean' } } as const;
    const { values, positionals, client } = viewArguments(args, context, options, ['<run or batch>']);
    const repair = await findRepair(client, positionals[0] ?? '');
    const { json = false, once = false, evidence = false } = values;
    return show(client, context, repair, { json, follow: !once, evidence });
  },
};
