import { targetPageSchema, VIOLATION_SEVERITIES, violationPageSchema } from '@openclaw-fleet/contract';
import type { PolicyViolation } from '@openclaw-fleet/contract';
import type { Command } from './command.ts';
import { EXIT, EXIT_USAGE } from './exit.ts';
import { CONNECTION_USAGE } from './remote/connection.ts';
import type { ApiClient, Query } from './remote/client.ts';
import { printable } from './terminal/text.ts';
import { table } from './terminal/table.ts';
import type { Cell, Column } from './terminal/table.ts';
import { age, SEVERITY_TONES, toned } from './terminal/words.ts';
import {
  filterOptions,
  filterQuery,
  moreNotice,
  PAGE_OPTIONS,
  PAGE_USAGE,
  pages,
  printJson,
  printView,
  viewArguments,
} from './view.ts';

const FILTERS = ['code', 'severity', 'target', 'zone', 'state'] as const;

const COLUMNS: readonly Column[] = [
  { title: 'SEVERITY' },
  { title: 'TARGET', least: 10 },
  { title: 'SINCE', align: 'right' },
  { title: 'VIOLATION', wraps: true, least: 24 },
];

/** What violations make the command exit with: those that are open. */
export function violationsExit(items: readonly Pick<PolicyViolation, 'severity' | 'resolvedAt'>[]): number {
  const open = items.filter(({ resolvedAt }) => resolvedAt === null);
  if (open.some(({ severity }) => severity === 'critical')) return EXIT.critical;
  return open.length > 0 ? EXIT.attention : EXIT.fine;
}

function row(violation: PolicyViolation, names: ReadonlyMap<string, string>, nowMs: number): Cell[] {
  const { severity, targetId, code, createdAt, resolvedAt } = violation;
  return [
    toned(severity, SEVERITY_TONES),
    names.get(targetId) ?? targetId,
    age(createdAt, nowMs) + (resolvedAt === null ? '' : ', over'),
    `${code}: ${whatAndHint(violation)}`,
  ];
}

/** A violation in words, with what to do about it on a line of its own. */
export function whatAndHint({ message, hint, suggestedPlaybookId }: PolicyViolation): string {
  const playbook = suggestedPlaybookId === undefined ? '' : ` (playbook ${suggestedPlaybookId})`;
  return `${message}\n-> ${hint}${playbook}`;
}

export const violations: Command = {
  name: 'violations',
  summary: 'list policy violations of a running fleet, with what to do about each',
  usage: [
    `[--code <code>] [--severity <${VIOLATION_SEVERITIES.join('|')}>] [--target <id>] [--zone <zone>]`,
    '[--state <open|resolved|all>]  open without it; --code, --severity and --zone given several times match any of them',
    ...PAGE_USAGE,
    ...CONNECTION_USAGE,
    EXIT_USAGE,
    'critical: an open violation that matches is; needs attention: there is one',
  ],
  async run(args, context) {
    const { values, client } = viewArguments(args, context, { ...filterOptions(FILTERS), ...PAGE_OPTIONS });
    const filters = filterQuery(FILTERS, values);
    const list = (query: Query) => client.get('/fleet/violations', violationPageSchema, { ...filters, ...query });
    const { body, nowMs } = await pages(values, list);
    if (values.json) printJson(context, body);
    else {
      const names = body.items.length === 0 ? new Map<string, string>() : await namesOfViolators(client);
      await printView(client, context, body, (page) =>
        page.items.length === 0
          ? ['No violation matches.']
          : [
              table(
                COLUMNS,
                page.items.map((each) => row(each, names, nowMs)),
                context.screen
              ),
              ...moreNotice(page),
            ]
      );
    }
    const code = violationsExit(body.items);
    if (code === EXIT.critical || body.nextCursor === null) return code;
    const severity = [filters['severity'] ?? 'critical'].flat();
    if (!severity.includes('critical')) return code;
    const worst = await pages({ limit: '1' }, (page) => list({ ...page, severity: 'critical' }));
    return Math.max(code, violationsExit(worst.body.items));
  },
};

/** Names of targets with open violations, by id: of the first 500. */
async function namesOfViolators(client: ApiClient): Promise<Map<string, string>> {
  const query = { violationSeverity: VIOLATION_SEVERITIES, limit: '500' };
  const { body } = await client.get('/fleet/targets', targetPageSchema, query);
  return new Map(body.items.map(({ id, name }) => [id, printable(name)]));
}
