import type { ParseArgsOptionsConfig } from 'node:util';
import { summarySchema } from '@openclaw-fleet/contract';
import { parse, UsageError } from './command.ts';
import type { Context } from './command.ts';
import { ApiClient } from './remote/client.ts';
import type { Query } from './remote/client.ts';
import { CONNECTION_OPTIONS, connectionOf, TO_LOOK } from './remote/connection.ts';
import type { Need } from './remote/connection.ts';
import { demoNotice } from './terminal/words.ts';
import { printableAll, safeJson } from './terminal/text.ts';

/** Reads the arguments of a command that asks a running collector. @throws UsageError, CommandError or CredentialError */
export function viewArguments<Options extends ParseArgsOptionsConfig>(
  args: string[],
  context: Context,
  options: Options,
  positionals: readonly string[] = [],
  need: Need = TO_LOOK
) {
  const parsed = parse(args, { ...CONNECTION_OPTIONS, ...options }, positionals);
  const client = new ApiClient(connectionOf(parsed.values, context.env, need), Date.now);
  return { ...parsed, client };
}

const text = { type: 'string' } as const;
const texts = { type: 'string', multiple: true } as const;

/** Options that lead through pages. */
export const PAGE_OPTIONS = { limit: text, cursor: text, all: { type: 'boolean' } } as const;
export const PAGE_USAGE = ['[--limit <1-500>] [--cursor <cursor>]  a page; 50 without it', '[--all]  every page'];

/** Options of a list by the names of the API's parameters: `driftSeverity` is `--drift-severity`. */
export function filterOptions(names: readonly string[]) {
  return Object.fromEntries(names.map((name) => [optionOf(name), texts]));
}

/** What filters ask of the API. */
export function filterQuery(names: readonly string[], values: Readonly<Record<string, unknown>>): Query {
  return Object.fromEntries(names.map((name) => [name, values[optionOf(name)] as string[] | undefined]));
}

function optionOf(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly total?: number | null;
  readonly nextCursor: string | null;
}

const LARGEST_PAGE = '500';
/** A list of a hundred thousand targets has 200. */
const MOST_PAGES = 2000;

/**
 * Reads one page, or with `all` every page as one.
 * @param fetch reads the page of a query
 * @throws UsageError when the options contradict each other
 */
export async function pages<P extends Page<unknown>>(
  { limit, cursor, all }: { readonly limit?: string; readonly cursor?: string; readonly all?: boolean },
  fetch: (query: Query) => Promise<{ readonly body: P; readonly nowMs: number }>
): Promise<{ readonly body: P; readonly nowMs: number }> {
  if (!all) return filled(await fetch({ limit, cursor }), (next) => fetch({ limit, cursor: next }));
  if (limit !== undefined || cursor !== undefined) throw new UsageError('--all goes without --limit and --cursor');
  const first = await fetch({ limit: LARGEST_PAGE });
  const items = [...first.body.items];
  let next = first.body.nextCursor;
  for (let page = 1; next !== null && page < MOST_PAGES; page++) {
    const { body } = await fetch({ limit: LARGEST_PAGE, cursor: next });
    items.push(...body.items);
    next = body.nextCursor;
  }
  return { nowMs: first.nowMs, body: { ...first.body, items, nextCursor: next } };
}

/** A page with something on it, where there is one: those of a filter that is dear to apply may be empty. */
async function filled<A extends { readonly body: Page<unknown> }>(
  first: A,
  follow: (cursor: string) => Promise<A>
): Promise<A> {
  let answer = first;
  for (let page = 1; page < MOST_PAGES; page++) {
    const { items, nextCursor } = answer.body;
    if (items.length > 0 || nextCursor === null) break;
    answer = await follow(nextCursor);
  }
  return answer;
}

/** What to say below a page that is not all there is. */
export function moreNotice({ items, total, nextCursor }: Page<unknown>): string[] {
  if (nextCursor === null) return [];
  const of = total === null || total === undefined ? '' : ` of ${total}`;
  return ['', `${items.length}${of} shown. --all shows every one; the next page: --cursor ${nextCursor}`];
}

/** Prints an answer of the API as it is. */
export function printJson(context: Context, value: unknown): void {
  context.print(safeJson(value));
}

/**
 * Prints lines for a person, under the notice of demo timings where there are any.
 * @param render gets answers whose text is safe to print
 */
export async function printView<Body>(
  client: ApiClient,
  context: Context,
  body: Body,
  render: (body: Body) => readonly string[]
): Promise<void> {
  context.print([...(await notices(client)), ...render(printableAll(body))].join('\n'));
}

/** What must be said first on every view of a fleet. */
export async function notices(client: ApiClient): Promise<string[]> {
  return demoNotice((await client.get('/fleet/summary', summarySchema)).body);
}
