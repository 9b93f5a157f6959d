import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline/promises';
import { ConfigError, type Environment } from '../config.ts';
import { nearest } from '../config-nearest.ts';
import { CredentialError } from '../identity/credential-error.ts';
import { StorageError } from '../storage/types.ts';
import { CommandError, UsageError, type Command, type Confirm } from './command.ts';
import { auditCut, auditExport, auditHead, auditVerify } from './audit.ts';
import { backup, restore } from './backup.ts';
import { config } from './config.ts';
import { enroll } from './enroll.ts';
import { events } from './events.ts';
import { nodes } from './nodes.ts';
import { pkiInit } from './pki-init.ts';
import { approve, cancel, deny } from './repairs/decide.ts';
import { HOLD_DECISIONS } from './repairs/hold-decisions.ts';
import { holds } from './repairs/holds.ts';
import { reconcile } from './repairs/reconcile.ts';
import { run as followRun } from './repairs/run.ts';
import { runs } from './repairs/runs.ts';
import { repairs } from './repairs/standing.ts';
import { revoke } from './revoke.ts';
import { rotate } from './rotate.ts';
import { start } from './start.ts';
import { status } from './status.ts';
import { target } from './target.ts';
import { targets } from './targets.ts';
import { NO_TERMINAL, screenOf } from './terminal/screen.ts';
import type { Screen } from './terminal/screen.ts';
import { tokenCreate, tokenList, tokenRevoke } from './token.ts';
import { auditList } from './trail.ts';
import { violations } from './violations.ts';

const COMMANDS: readonly Command[] = [
  pkiInit,
  enroll,
  revoke,
  rotate,
  nodes,
  tokenCreate,
  tokenList,
  tokenRevoke,
  config,
  backup,
  restore,
  start,
  status,
  targets,
  target,
  violations,
  events,
  reconcile,
  runs,
  followRun,
  approve,
  deny,
  cancel,
  repairs,
  holds,
  ...HOLD_DECISIONS,
  auditList,
  auditVerify,
  auditExport,
  auditHead,
  auditCut,
];

function overview(): string {
  const width = Math.max(...COMMANDS.map((command) => command.name.length));
  const lines = COMMANDS.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`);
  return `Usage: openclaw-fleet <command> [options]

${lines.join('\n')}
  ${'help'.padEnd(width)}  show this, or one command: openclaw-fleet help <command>
  ${'version'.padEnd(width)}  print the version

Every command takes --config <file> (settings as YAML) and, where it prints something, --json.`;
}

function helpOf(command: Command): string {
  const lines = command.usage.map((line) => `  ${line}`);
  return [
    `Usage: openclaw-fleet ${command.name} [options]`,
    `  ${command.summary}`,
    '',
    ...lines,
    '  [--config <file>] [--json]',
  ].join('\n');
}

function find(words: readonly string[]): { command: Command; rest: string[] } {
  for (const size of [2, 1]) {
    const name = words.slice(0, size).join(' ');
    const command = words.length >= size ? COMMANDS.find((one) => one.name === name) : undefined;
    if (command !== undefined) return { command, rest: words.slice(size) };
  }
  const [first = '', second = ''] = words;
  const within = COMMANDS.filter((one) => one.name.startsWith(`${first} `)).map((one) => one.name);
  if (within.length > 0) throw new UsageError(`"${first}" needs one more word: ${within.join(', ')}`);
  const near =
    nearest(
      `${first} ${second}`.trim(),
      COMMANDS.map((one) => one.name)
    ) ??
    nearest(
      first,
      COMMANDS.map((one) => one.name)
    );
  throw new UsageError(
    `there is no command ${JSON.stringify(first)}${near === undefined ? '' : `; did you mean ${near}?`}`
  );
}

function version(): string {
  return (JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }).version;
}

/** Where a command's words go: lines without their end. */
export interface Output {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** What shows `out`; when left out, no terminal. */
  readonly screen?: Screen;
  /** Asks who sits at it; when left out, nobody does. */
  readonly confirm?: Confirm | null;
}

function terminal(env: Environment): Output {
  // Who reads may stop reading, as head does.
  process.stdout.once('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    screen: screenOf(process.stdout, env),
    confirm: process.stdin.isTTY ? ask : null,
  };
}

/** Asks on stderr, so that what is printed can go elsewhere. No answer, or its end, is no. */
async function ask(question: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const ended = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
  try {
    return /^y(es)?$/i.test((await Promise.race([reader.question(`${question} [y/N] `), ended])).trim());
  } finally {
    reader.close();
  }
}

async function dispatch(args: readonly string[], env: Environment, output: Output): Promise<number> {
  const [first, ...rest] = args;
  const { out: say, err: warn, screen = NO_TERMINAL, confirm = null } = output;
  if (first === 'version' || first === '--version') {
    say(version());
  } else if (first === undefined) {
    say(overview());
  } else if (first === 'help' || first === '--help' || first === '-h') {
    say(rest.length === 0 ? overview() : helpOf(find(rest).command));
  } else {
    const found = find(args);
    if (found.rest.includes('--help') || found.rest.includes('-h')) say(helpOf(found.command));
    else
      return (await found.command.run(found.rest, { env, print: say, warn, nowMs: Date.now(), screen, confirm })) ?? 0;
  }
  return 0;
}

/** Errors whose message is written for the person at the command line. */
const EXPECTED = [CommandError, ConfigError, CredentialError, StorageError];

/**
 * Runs one command. What went wrong goes to stderr in words.
 * @returns the exit code: 0 done, 1 failed, 2 the command line is wrong; what a command adds, its help says
 */
export async function run(args: readonly string[], env: Environment, output: Output = terminal(env)): Promise<number> {
  try {
    return await dispatch(args, env, output);
  } catch (error) {
    if (error instanceof UsageError) {
      output.err(`openclaw-fleet: ${error.message} (openclaw-fleet help shows how)`);
      return 2;
    }
    const expected = EXPECTED.some((kind) => error instanceof kind);
    const text = expected
      ? (error as Error).message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
    output.err(`openclaw-fleet: ${text}`);
    return 1;
  }
}
