import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCredentials } from '../credentials.ts';
import type { Credentials } from '../credentials.ts';
import type { Processes } from './processes.ts';

/** Calls `npx openclaw-fleet` with the demo's settings, as a person would. */
export type FleetCommand = (...args: string[]) => Promise<string>;

export function fleetCommand(
  processes: Processes,
  node: string,
  root: string,
  env: Readonly<Record<string, string>>
): FleetCommand {
  const script = join(root, 'backend', 'collector', 'cli', 'openclaw-fleet.mjs');
  return (...args) =>
    processes.run({
      name: `openclaw-fleet ${args.slice(0, 2).join(' ')}`,
      command: node,
      args: [script, ...args],
      env,
      cwd: root,
    });
}

/** At once; each is a process of its own. */
const PARALLEL = 2;

/**
 * Enrols nodes and reads their credentials, in order.
 * @param nodes each with its name (also its id), zone and the folder for its files
 */
export async function enrolAll(
  fleet: FleetCommand,
  nodes: readonly { name: string; zone: string; folder: string }[],
  onDone: (done: number) => void
): Promise<Credentials[]> {
  const waiting = [...nodes];
  let done = 0;
  const worker = async (): Promise<void> => {
    for (let node = waiting.shift(); node; node = waiting.shift()) {
      await fleet('enroll', node.name, '--id', node.name, '--zone', node.zone, '--out', node.folder);
      onDone((done += 1));
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return nodes.map(({ folder }) => readCredentials(folder));
}

/** An API token, and the file that holds it. */
export interface TokenFile {
  readonly token: string;
  readonly file: string;
}

/**
 * Makes an API token and keeps it in a file of mode 0600.
 * @param person whose it is; absent: a service's
 */
export async function createToken(
  fleet: FleetCommand,
  { name, role, person, file }: { name: string; role: string; person?: string; file: string }
): Promise<TokenFile> {
  const whose = person === undefined ? [] : ['--kind', 'person', '--person', person];
  const answer = JSON.parse(await fleet('token', 'create', '--name', name, '--role', role, ...whose, '--json')) as {
    token: string;
  };
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, answer.token, { mode: 0o600 });
  return { token: answer.token, file };
}
