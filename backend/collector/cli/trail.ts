import { auditPageSchema } from '@openclaw-fleet/contract';
import type { AuditRecord } from '@openclaw-fleet/contract';
import type { Command } from './command.ts';
import { EXIT } from './exit.ts';
import { CONNECTION_USAGE } from './remote/connection.ts';
import { table } from './terminal/table.ts';
import type { Cell, Column } from './terminal/table.ts';
import { moment } from './terminal/words.ts';
import { moreNotice, PAGE_OPTIONS, PAGE_USAGE, pages, printJson, printView, viewArguments } from './view.ts';

const COLUMNS: readonly Column[] = [
  { title: 'SEQ', align: 'right' },
  { title: 'WHEN' },
  { title: 'WHO', least: 10 },
  { title: 'WHAT', wraps: true, least: 24 },
];

function row({ seq, atMs, actor, action, subject, reason }: AuditRecord): Cell[] {
  const what = `${action} ${subject}${reason === null ? '' : `\n${reason}`}`;
  return [String(seq), moment(new Date(atMs).toISOString()), actor, what];
}

const text = { type: 'string' } as const;

export const auditList: Command = {
  name: 'audit list',
  summary: 'list the audit of a running fleet, the newest first: who did what, and why',
  usage: [
    '[--actor <name>] [--action <action>] [--subject <id>]  as they are written',
    '[--from <time>] [--to <time>]  such as 2026-01-31T03:00:00Z: from it on, and before it',
    ...PAGE_USAGE,
    ...CONNECTION_USAGE,
    'it is the word of the collector: audit verify checks the records themselves',
  ],
  async run(args, context) {
    const options = { actor: text, action: text, subject: text, from: text, to: text, ...PAGE_OPTIONS } as const;
    const { values, client } = viewArguments(args, context, options, [], { role: 'approver', person: false });
    const { actor, action, subject, from, to } = values;
    const { body } = await pages(values, (page) =>
      client.get('/fleet/audit', auditPageSchema, { actor, action, subject, from, to, ...page })
    );
    if (values.json) printJson(context, body);
    else {
      await printView(client, context, body, (page) =>
        page.items.length === 0
          ? ['No record matches.']
          : [table(COLUMNS, page.items.map(row), context.screen), ...moreNotice(page)]
      );
    }
    return EXIT.fine;
  },
};
