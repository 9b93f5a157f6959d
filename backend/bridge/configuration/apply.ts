import type { Clock, Logger } from '@openclaw-fleet/client';
import { shownPath } from '@openclaw-fleet/contract';
import type { ActionRefusal, NodeRevision } from '@openclaw-fleet/contract';
import type { WithAdmin } from '../gateway/admin.ts';
import { fullConfigHash } from '../gateway/config-hash.ts';
import { concluded, outcomeOf } from './conclude.ts';
import type { Seen } from './conclude.ts';
import { createGatewayConfig } from './gateway-config.ts';
import type { Look, Written } from './gateway-config.ts';
import type { GoodCopy } from './good-copy.ts';
import { createJournal } from './journal.ts';
import type { Entry } from './journal.ts';
import { failed, refused } from './outcome.ts';
import type { ApplyOutcome } from './outcome.ts';
import { planChange, restate, wordsOf } from './plan.ts';
import type { Plan } from './plan.ts';
import { repair } from './repair.ts';
import { fetched, firstLook, kindsOf, objected } from './steps.ts';
import type { ConfigSync } from './sync.ts';
import { pause, watch } from './watch.ts';
import { attempt, couldRestart, isDone, limitOf, rollBack, seeThrough } from './write.ts';
import type { WriteContext } from './write.ts';

/** Changes that are written out in the notes; a receipt takes 200 lines. */
const MAX_NOTED = 60;
const MAX_NAMED = 3;
/** A plan is made anew once when somebody else wrote meanwhile. */
const PLANS = 2;

export interface ApplyRequest {
  /** Of the action: unique, and named in the gateway's own log. */
  readonly id: string;
  readonly revision: string;
  /** Of the values with this target's overlay; another hash than this is refused. */
  readonly configHash: string;
  readonly allowRestart: boolean;
}

/** Takes one line for the receipt, already redacted. */
export type Note = (text: string) => void;

export interface ConfigApplierOptions {
  readonly withAdmin: WithAdmin;
  /** Whether the gateway's `/readyz` answers 200. */
  readonly ready: () => Promise<boolean>;
  readonly sync: Pick<ConfigSync, 'fetch' | 'told' | 'applying'>;
  readonly good: GoodCopy;
  /** OPENCLAW_BRIDGE_STATE_DIR */
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a gateway may take to run a revision (timings, `convergence`). Milliseconds. */
  readonly convergenceMs: number;
  /** Why the gateway may not be restarted now, by the limits on the node; null: it may. Default: it may. */
  readonly mayRestart?: () => ActionRefusal | null;
}

/** Makes a gateway run a configuration revision. One call at a time; none rejects. */
export interface ConfigApplier {
  /**
   * Fetches the revision, plans, writes, verifies, and takes it back by itself when the gateway does not converge.
   * `after.restarted` is true when the gateway was restarted for it.
   */
  apply(request: ApplyRequest, note: Note): Promise<ApplyOutcome>;
  /** Writes the values of the revision that the bridge has again: OpenClaw has no signal to reload by. */
  reload(request: { readonly id: string }, note: Note): Promise<ApplyOutcome>;
  /**
   * After a crash in the middle of an action: what became of it, by looking. What is saved and not active is put back;
   * nothing is ever applied again.
   * @returns null when the gateway does not answer, so that nobody knows
   */
  settle(id: string, note: Note): Promise<ApplyOutcome | null>;
}

export function createConfigApplier(options: ConfigApplierOptions): ConfigApplier {
  const { clock, sync, convergenceMs } = options;
  const config = createGatewayConfig(options.withAdmin, options.ready);
  const journal = createJournal(options.stateDir);
  const contextOf = (note: Note): WriteContext => ({ config, clock, convergenceMs, note });
  const kept = journal.load();
  if (kept?.outcome?.state === 'failed' || kept?.outcome?.state === 'rolled_back') {
    sync.applying({ configHash: kept.entry.configHash, state: 'FAILED' });
  }

  /** Runs the steps, and says in heartbeats how far they are. */
  async function carryOut(
    id: string,
    revision: NodeRevision,
    steps: (seen: Seen) => Promise<string>
  ): Promise<ApplyOutcome> {
    const configHash = revision.config_hash;
    sync.applying({ configHash, state: 'APPLYING' });
    const outcome = await concluded(revision, config, steps);
    const isFailure = outcome.state === 'failed' || outcome.state === 'rolled_back';
    sync.applying(isFailure ? { configHash, state: 'FAILED' } : null);
    close(id, outcome);
    return outcome;
  }

  /** Without its end the write is looked at after the next start, which finds out the same. */
  function close(id: string, outcome: ApplyOutcome): void {
    try {
      journal.end(id, outcome);
    } catch {
      options.logger.warn('OPENCLAW_BRIDGE_STATE_DIR: the end of a configuration change cannot be kept there');
    }
  }

  function open(entry: Entry): void {
    try {
      journal.begin(entry);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'an unknown error';
      throw failed(
        `the configuration from before cannot be kept in OPENCLAW_BRIDGE_STATE_DIR (${code}), so nothing was changed; make room there`
      );
    }
  }

  async function write(request: Job, seen: Seen, note: Note): Promise<string> {
    const context = contextOf(note);
    let look = await firstLook(config);
    [seen.before, seen.bootId] = [look, look.bootId];
    if (!look.valid) look = await repair(context, options.good, look, request.id);
    for (let round = 1; ; round += 1) {
      const { plan, restart } = await planOf(request, look, note);
      // What is saved and not active may be more than the revision, and restart the gateway once it is.
      const activates = plan.changes.length === 0 && !look.converged;
      if (activates && !request.allowRestart && !request.always)
        throw refused(
          'needs-restart',
          'what differs is saved on the gateway and not active, and making it active may restart it; restart the gateway, or allow that'
        );
      const entry = entryOf(request, look, plan, restart);
      if (plan.changes.length === 0 && !request.always && isDone(look, { ...entry, restart: false })) {
        seen.after = look;
        return 'the gateway runs the revision already; nothing was written';
      }
      const refusal = couldRestart(entry) ? (options.mayRestart?.() ?? null) : null;
      if (refusal !== null)
        throw refused(refusal, 'the change restarts the gateway, which its limits do not allow now; ask again later');
      open(entry);
      const { answer, written } = await attempt(context, () => writeOnce(request, look, plan));
      if (answer === 'redacted')
        throw failed('the gateway’s file has lost a secret; put it back by hand, and ask again');
      if (answer !== 'stale') {
        seen.after = await seeThrough(context, entry, answer, written);
        return plan.changes.length === 0
          ? request.nothingNew
          : `the gateway runs the revision: ${changed(plan)}, verified`;
      }
      if (round === PLANS) throw failed('somebody else keeps changing the configuration; find out who, and ask again');
      note('the configuration was changed by somebody else meanwhile: it is read and planned again');
      await pause(clock);
      look = await firstLook(config);
    }
  }

  function writeOnce(request: Job, look: Look, plan: Plan): Promise<Written> {
    const note = `openclaw-fleet ${request.id}`;
    if (plan.changes.length > 0) return config.patch(plan, look.hash, note);
    // A patch that changes nothing makes nothing active; the whole document may.
    if (!look.converged && look.document !== null) return config.replace(look.document, look.hash, note);
    return config.patch(restate(request.revision.values), look.hash, note);
  }

  async function planOf(request: Job, look: Look, note: Note): Promise<{ plan: Plan; restart: boolean }> {
    if (look.document === null) throw failed('the gateway’s configuration cannot be read; ask again');
    const { plan, objections } = planChange(look.document, request.revision.values);
    if (plan === null) throw objected(objections);
    const kinds = await kindsOf(config, plan);
    const restart = [...kinds.values()].includes('restart');
    for (const change of plan.changes.slice(0, MAX_NOTED)) note(wordsOf(change, kinds.get(change.path) ?? 'restart'));
    if (plan.changes.length > MAX_NOTED) note(`and ${plan.changes.length - MAX_NOTED} more settings`);
    if (restart && !request.allowRestart) {
      const paths = plan.changes.filter(({ path }) => kinds.get(path) === 'restart').map(({ path }) => shownPath(path));
      throw refused(
        'needs-restart',
        `the gateway would restart for ${paths.slice(0, MAX_NAMED).join(', ').slice(0, 200)}; allow the restart, or leave that out of the revision`
      );
    }
    return { plan, restart };
  }

  return {
    apply: async (request, note) => {
      const { id } = request;
      const revision = await fetched(sync, request).catch((error: unknown) => outcomeOf(error));
      if ('state' in revision) return revision;
      note(
        `fetched revision ${request.revision.slice(0, 12)} with ${Object.keys(revision.values).length} settings; its signature and hash are as they should be`
      );
      const nothingNew = 'what was saved already is active now';
      return carryOut(id, revision, (seen) => write({ ...request, revision, always: false, nothingNew }, seen, note));
    },
    reload: async ({ id }, note) => {
      const revision = sync.told();
      const without =
        'OpenClaw has no signal to reload by, and the bridge has no revision whose values it could write again; restart the gateway, or give it a revision';
      if (revision === null) return outcomeOf(refused('revision-refused', without));
      note('OpenClaw has no signal to reload by: the values of the revision that the bridge has are written again');
      const nothingNew =
        'OpenClaw has no signal to reload by; the revision’s values were written again and changed nothing, and the gateway runs them';
      const job: Job = { id, revision, allowRestart: false, always: true, nothingNew };
      return carryOut(id, revision, (seen) => write(job, seen, note));
    },
    settle: async (id, note) => {
      const found = journal.load();
      if (found?.entry.id !== id) {
        return outcomeOf(failed('the bridge ended before the revision was written; ask again'));
      }
      if (found.outcome !== null) return found.outcome;
      const { entry } = found;
      // What is saved and active is so, whether it took a restart or not.
      const quick = { ...entry, restart: false };
      const context = contextOf(note);
      note('the bridge ended in the middle: it looks at what became of the change');
      const settled = (look: Look): boolean => isDone(look, quick) || look.hash === entry.before.hash;
      await pause(clock);
      const { look } = await watch(config, clock, limitOf(context, couldRestart(entry)), settled);
      if (look === null) return null;
      const outcome = await concluded({ config_hash: entry.configHash, values: entry.values }, config, async (seen) => {
        seen.bootId = entry.before.bootId;
        if (!isDone(look, quick)) await settledBy(context, entry, look);
        seen.after = look;
        return 'the gateway runs the revision: verified after the bridge was started again';
      });
      sync.applying(outcome.state === 'succeeded' ? null : { configHash: entry.configHash, state: 'FAILED' });
      close(id, outcome);
      return outcome;
    },
  };
}

/** What one write is about. */
interface Job {
  readonly id: string;
  readonly revision: NodeRevision;
  readonly allowRestart: boolean;
  /** Writes even when there is nothing to change. */
  readonly always: boolean;
  /** What to say when nothing changed. */
  readonly nothingNew: string;
}

async function settledBy(context: WriteContext, entry: Entry, look: Look): Promise<void> {
  if (look.hash === entry.before.hash)
    throw failed('the bridge ended before the gateway took the change; nothing was written');
  await rollBack(context, entry, null);
}

function entryOf({ id, revision }: Job, look: Look, plan: Plan, restart: boolean): Entry {
  const { hash, fullHash, document, converged, bootId } = look;
  return {
    id,
    configHash: revision.config_hash,
    values: revision.values,
    restart,
    before: { hash, fullHash: fullHash ?? '', document: document ?? {}, converged, bootId },
    expectedHash: fullConfigHash(plan.expected),
  };
}

const changed = ({ changes }: Plan): string =>
  `${changes.length} ${changes.length === 1 ? 'setting' : 'settings'} changed`;
