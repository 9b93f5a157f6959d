import { readFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { parseArgs, type ParseArgsConfig, type ParseArgsOptionsConfig } from 'node:util';
import { CONFIG_FILE_ENV, loadConfig, type Config, type Environment, type LoadedConfig } from '../config.ts';
import { openStorage } from '../storage/index.ts';
import type { Actor, Enrolment, Storage } from '../storage/types.ts';
import type { Screen } from './terminal/screen.ts';

/** The command line itself is wrong; exits with 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The command could not do what it was asked for; exits with 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}

export interface Context {
  readonly env: Environment;
  readonly print: (text: string) => void;
  /** Says something beside what is printed, on stderr. */
  readonly warn: (text: string) => void;
  readonly nowMs: number;
  /** Where `print` shows it. */
  readonly screen: Screen;
  /** Asks the person at the terminal; null: there is none. */
  readonly confirm: Confirm | null;
}

/** A question, and whether it was answered with yes. */
export type Confirm = (question: string) => Promise<boolean>;

export interface Command {
  /** As on the command line, such as `pki init`. */
  readonly name: string;
  readonly summary: string;
  /** Everything after the name, one line each. */
  readonly usage: readonly string[];
  /** @returns what to exit with; nothing is 0 */
  readonly run: (args: string[], context: Context) => Promise<number> | Promise<void>;
}

/** Options that every command takes. */
const COMMON = { config: { type: 'string' }, json: { type: 'boolean' } } as const satisfies ParseArgsOptionsConfig;

/**
 * Reads a command's arguments.
 * @param positionals how many there must be: a name for each, those in brackets may be left out, and one that ends in dots
 *   stands for any number
 * @throws UsageError
 */
export function parse<Options extends ParseArgsOptionsConfig>(
  args: string[],
  options: Options,
  positionals: readonly string[] = []
) {
  const config = {
    args,
    options: { ...COMMON, ...options },
    allowPositionals: true,
    strict: true,
  } as const satisfies ParseArgsConfig;
  const parsed = parseStrictly(config);
  const needed = positionals.filter((name) => !name.startsWith('['));
  const missing = needed[parsed.positionals.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing`);
  const extra = parsed.positionals[positionals.at(-1)?.includes('...') ? Infinity : positionals.length];
  if (extra !== undefined) throw new UsageError(`"${extra}" is one argument too many`);
  return parsed;
}

function parseStrictly<Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message.split('. ')[0] ?? 'the arguments are not understood');
  }
}

/** The value of an option that must be given. @throws UsageError */
export function need(value: string | undefined, option: string): string {
  if (value === undefined || value.trim() === '') throw new UsageError(`--${option} is missing`);
  return value;
}

/** @throws UsageError when `value` is none of `choices` */
export function oneOf<Choice extends string>(value: string, choices: readonly Choice[], option: string): Choice {
  const found = choices.find((choice) => choice === value);
  if (found === undefined)
    throw new UsageError(`--${option} must be ${choices.join(', ')}, and not ${JSON.stringify(value)}`);
  return found;
}

/** The collector's settings; `--config` names the file, else the environment does. @throws ConfigError */
export function settingsOf(context: Context, file: string | undefined): LoadedConfig {
  const env = file === undefined ? context.env : { ...context.env, [CONFIG_FILE_ENV]: file };
  return loadConfig(env, (path) => readFileSync(path, 'utf8'));
}

/** Opens the collector's database for one piece of work. A collector that runs notices what it changes. */
export async function withStorage<Result>(
  config: Config,
  work: (storage: Storage) => Promise<Result>
): Promise<Result> {
  const storage = await openStorage({
    file: join(config.dataDir, 'fleet.db'),
    busyTimeoutMs: config.storage.busyTimeout,
  });
  try {
    return await work(storage);
  } finally {
    await storage.close();
  }
}

/** Who runs this command, for the audit chain. */
export function localActor(): Actor {
  return { name: `cli:${userName()}@${hostname()}`, via: 'local-shell' };
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid${process.getuid?.() ?? '?'}`;
  }
}

/** The enrolment that a person means by an id or a name. @throws CommandError */
export function findNode(enrolments: readonly Enrolment[], reference: string): Enrolment {
  const byId = enrolments.find((one) => one.nodeId === reference);
  if (byId !== undefined) return byId;
  const byName = enrolments.filter(({ name }) => name !== '' && name === reference);
  const live = byName.filter((one) => one.revokedMs === null);
  const [found, another] = live.length > 0 ? live : byName;
  if (found === undefined)
    throw new CommandError(`no node ${JSON.stringify(reference)} is enrolled: openclaw-fleet nodes lists all`);
  if (another !== undefined)
    throw new CommandError(
      `several nodes have the name ${reference} (${byName.map((one) => one.nodeId).join(', ')}): give the id`
    );
  return found;
}

/** Columns of equal width. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n');
}

/** A time to read: `2026-02-06 12:34Z`. */
export function when(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')}Z`;
}

export const asJson = (value: unknown): string => JSON.stringify(value, null, 2);
