import type { Clock } from '@openclaw-fleet/client';
import { RpcError } from '../gateway/socket.ts';
import type { GatewayConfig, Look, Written } from './gateway-config.ts';
import { managedHashOf } from './gateway-config.ts';
import type { Entry } from './journal.ts';
import { Ended, failed, refused } from './outcome.ts';
import { lookIfPossible, pause, watch } from './watch.ts';

/** A gateway runs what needs no restart within this, or not at all (openclaw-notes section 11). Milliseconds. */
export const HOT_LIMIT = 30_000;
const ROLLBACK_TRIES = 2;
/** The gateway's own answers for "not now". */
const NOT_NOW: ReadonlySet<string | null> = new Set(['gateway-suspending', 'startup-sidecars']);

export interface WriteContext {
  readonly config: GatewayConfig;
  readonly clock: Clock;
  /** How long a gateway may take to run a revision. Milliseconds. */
  readonly convergenceMs: number;
  readonly note: (text: string) => void;
}

/**
 * How a write ended, as far as its answer tells. `redacted`: refused, since the secrets that the document leaves out are not in
 * the file. `unclear`: there was no answer.
 */
export type Answer = 'written' | 'stale' | 'redacted' | 'not-applied' | 'unclear';

/**
 * One write, as its answer tells it.
 * @returns also what the gateway says of it; null: nothing
 * @throws Ended when the gateway refuses it, and nothing was written
 */
export async function attempt(
  context: WriteContext,
  write: () => Promise<Written>
): Promise<{ readonly answer: Answer; readonly written: Written | null }> {
  try {
    return { answer: 'written', written: await write() };
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    context.note(`the gateway answered ${error.message}`);
    return { answer: answerOf(error), written: null };
  }
}

function answerOf(error: RpcError): Answer {
  if (error.meaning === 'read-only') {
    throw refused(
      'read-only-config',
      'the gateway’s configuration is managed from outside and cannot be written; change it at its source, or desire another revision'
    );
  }
  if (error.meaning === 'stale' || error.meaning === 'redacted') return error.meaning;
  if (error.code === 'INVALID_REQUEST' || error.code === 'FORBIDDEN') {
    throw failed(
      `the gateway refuses the change and wrote nothing (${error.message}); check the revision’s values against its OpenClaw version`
    );
  }
  if (error.code !== 'UNAVAILABLE') return 'unclear';
  if (error.retryAfterMs !== null || NOT_NOW.has(error.detail)) {
    throw refused(
      'gateway-unavailable',
      `the gateway takes no changes now, and wrote nothing (${error.message}); ask again later`
    );
  }
  return 'not-applied';
}

/** The gateway saved and runs the revision: what converged means (openclaw-notes section 11, playbook B). */
export const isDone = (look: Look, entry: Entry): boolean =>
  isHealthy(look) &&
  managedHashOf(look, entry.values) === entry.configHash &&
  (!entry.restart || look.bootId !== entry.before.bootId);

/** The document is the one from before; also after it was put back. */
const isBefore = (look: Look, { before }: Entry): boolean =>
  look.hash === before.hash || look.fullHash === before.fullHash;

/** The document is the one that this write makes, not somebody's who came after it. */
const isOurs = (look: Look, entry: Entry, written: string | null): boolean =>
  look.fullHash === entry.expectedHash ||
  (written !== null && look.hash === written) ||
  managedHashOf(look, entry.values) === entry.configHash;

const isHealthy = (look: Look): boolean => look.valid && look.converged && look.ready;

/**
 * After a write: waits until the gateway runs it, and takes it back when it does not.
 * @param written what the gateway said of it; null: nothing
 * @returns what was seen last
 * @throws Ended with what became of it
 */
export async function seeThrough(
  context: WriteContext,
  planned: Entry,
  answer: Exclude<Answer, 'stale' | 'redacted'>,
  written: Written | null
): Promise<Look> {
  const { config, clock, note } = context;
  const hash = written?.hash ?? null;
  // Its schema calls what it does not know a restart; its own word about this change counts more.
  const restarts = couldRestart(planned) && written?.withoutRestart !== true;
  const entry = { ...planned, restart: planned.restart && restarts };
  // A restart is announced by the same code as a failure; only a hot change is known to have failed.
  const patience = answer === 'not-applied' && !restarts ? 0 : limitOf(context, restarts);
  if (patience === 0) await pause(clock);
  const { look, held } = await watch(config, clock, patience, (seen) => isDone(seen, entry));
  if (held && look !== null) return look;
  if (look !== null && isBefore(look, entry)) {
    throw failed(
      entry.expectedHash === entry.before.fullHash
        ? 'what is saved is not active, and writing it again did not make it so; restart the gateway'
        : 'the gateway did not take the change; its configuration is as it was before'
    );
  }
  if (look !== null && !isOurs(look, entry, hash)) throw somebodyElse();
  note(
    patience === 0
      ? 'the gateway saved the change and does not run it'
      : `the gateway has not converged after ${Math.round(patience / 1000)} s: ${trouble(look, entry)}`
  );
  return rollBack(context, entry, hash);
}

/** The gateway restarts for it, or may: what is saved already and not active can be anything. */
export const couldRestart = ({ restart, before, expectedHash }: Entry): boolean =>
  restart || (!before.converged && before.fullHash === expectedHash);

/** How long a gateway may take to run what was written. Milliseconds. */
export const limitOf = ({ convergenceMs }: WriteContext, restarts: boolean): number =>
  restarts ? convergenceMs : Math.min(HOT_LIMIT, convergenceMs);

/**
 * Puts back the document from before, and verifies that the gateway runs it.
 * @throws Ended always: `rolled_back`, or `failed` when that did not work
 */
export async function rollBack(context: WriteContext, entry: Entry, written: string | null): Promise<never> {
  const { config, clock, note } = context;
  const { before } = entry;
  const isBack = (look: Look): boolean =>
    look.fullHash === before.fullHash && look.valid && look.ready && (look.converged || !before.converged);
  let ours = written;
  for (let round = 0; round < ROLLBACK_TRIES; round += 1) {
    const look = await lookIfPossible(config);
    if (look !== null && !isBefore(look, entry)) {
      if (!isOurs(look, entry, ours)) throw somebodyElse();
      note('puts back the configuration from before');
      try {
        ours = (await config.replace(before.document, look.hash, `openclaw-fleet ${entry.id} rollback`)).hash ?? ours;
      } catch (error) {
        note(`the gateway answered ${error instanceof RpcError ? error.message : 'nothing'}`);
      }
    }
    // Long enough for a restart: what is put back may need one.
    const { held } = await watch(config, clock, context.convergenceMs / ROLLBACK_TRIES, isBack);
    if (held)
      throw new Ended(
        'rolled_back',
        before.converged
          ? 'the gateway did not converge; its configuration from before is back and active'
          : 'the gateway did not converge; its configuration from before is back, which was not active before either: restart the gateway'
      );
  }
  throw failed(
    'the gateway did not converge, and putting back its configuration from before did not work; it is in config-apply.json in OPENCLAW_BRIDGE_STATE_DIR: put it back by hand, and run openclaw doctor'
  );
}

const somebodyElse = (): Ended =>
  failed('somebody else changed the configuration meanwhile, and it was left as it is; look at it, and ask again');

function trouble(look: Look | null, entry: Entry): string {
  if (look === null) return 'it does not answer';
  if (!look.valid) return 'its saved configuration is not valid';
  if (managedHashOf(look, entry.values) !== entry.configHash) return 'its values are not those of the revision';
  if (!look.converged) return 'what is saved is not active';
  if (!look.ready) return 'it is not ready';
  return 'it has not restarted';
}
