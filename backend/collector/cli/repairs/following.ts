import { isEnded } from '@openclaw-fleet/contract';
import type { RunState } from '@openclaw-fleet/contract';
import type { Context } from '../command.ts';
import { EXIT } from '../exit.ts';
import type { ApiClient } from '../remote/client.ts';
import { printable, printableAll } from '../terminal/text.ts';
import { notices, printJson } from '../view.ts';
import { namesOf, readBatch, readRun, targetsOf } from './repair.ts';
import type { Repair } from './repair.ts';
import { batchIsOver, batchSucceeded, BatchTeller, evidenceLines, runHead, RunTeller } from './run-lines.ts';
import { planLines } from './plan-lines.ts';
import type { Saying } from './plan-lines.ts';
import { watch } from './watch.ts';

const FAILED = 1;

export const REPAIR_EXIT_USAGE =
  'exits with 0 (succeeded, or under way and not followed), 3 (waits for an approval and is not followed), 1 (anything else) or 2 (called wrongly)';

export interface ShowOptions {
  readonly json: boolean;
  /** To its end; else as it is now. */
  readonly follow: boolean;
  readonly evidence: boolean;
}

/** What a repair in this state makes a command exit with. */
export function runExit(state: RunState): number {
  if (state === 'pending_approval') return EXIT.attention;
  return state === 'succeeded' || !isEnded(state) ? EXIT.fine : FAILED;
}

export function repairExit({ kind, body }: Pick<Repair, 'kind' | 'body'> & Repair): number {
  if (kind === 'run') return runExit(body.state);
  if (body.state === 'pending_approval') return EXIT.attention;
  return batchSucceeded(body) || body.state === 'running' ? EXIT.fine : FAILED;
}

/** Shows a repair, and follows it to its end if that is wanted. @returns what to exit with */
export async function show(
  client: ApiClient,
  context: Context,
  repair: Repair,
  { json, follow, evidence }: ShowOptions
): Promise<number> {
  const { screen } = context;
  const say = (lines: readonly string[]): void => {
    if (!json && lines.length > 0) context.print(lines.join('\n'));
  };
  const onTrouble = (what: string): void => context.warn(`openclaw-fleet: ${printable(what)}`);
  const saying: Saying = { screen, nowMs: repair.nowMs, name: await namesFor(client, repair, json) };
  if (!json) say(await notices(client));
  let last: Repair = repair;
  if (repair.kind === 'run') {
    const { id } = repair.body;
    const teller = new RunTeller(screen);
    say(runHead(printableAll(repair.body), saying));
    say(teller.lines(printableAll(repair.body), []));
    if (!follow || isEnded(repair.body.state)) say(waiting(repair, follow));
    else {
      say(waiting(repair, follow));
      last = await watch(client, {
        look: () => readRun(client, id),
        concerns: ({ data }) => data['runId'] === id,
        onTrouble,
        tell(seen, events) {
          say(teller.lines(printableAll(seen.body), printableAll(events)));
          return isEnded(seen.body.state);
        },
      });
    }
    if (evidence && last.kind === 'run') say(evidenceLines(printableAll(last.body), screen));
  } else {
    const { id } = repair.body;
    const teller = new BatchTeller(saying);
    say([...planLines(printableAll(repair.body.plan), saying), '']);
    say(teller.lines(printableAll(repair.body), []));
    say(waiting(repair, follow));
    if (follow && !batchIsOver(repair.body)) {
      last = await watch(client, {
        look: () => readBatch(client, id),
        concerns: ({ data }) => data['batchId'] === id,
        onTrouble,
        tell(seen, events) {
          say(teller.lines(printableAll(seen.body), printableAll(events)));
          return batchIsOver(seen.body);
        },
      });
    }
  }
  if (json) printJson(context, last.body);
  return repairExit(last);
}

async function namesFor(client: ApiClient, { kind, body }: Repair, json: boolean): Promise<Saying['name']> {
  if (json) return (id) => id;
  return namesOf(client, kind === 'run' ? [body.targetId] : targetsOf(body.plan));
}

/** What somebody has to do before it goes on. */
function waiting({ kind, body }: Repair, follow: boolean): string[] {
  if (body.state === 'pending_approval')
    return [`Another person approves it: openclaw-fleet approve ${body.id} --reason <why>`];
  const over = kind === 'run' ? isEnded(body.state) : batchIsOver(body);
  return follow || over ? [] : [`To follow it: openclaw-fleet run ${body.id}`];
}
