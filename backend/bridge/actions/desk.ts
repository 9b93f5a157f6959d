import type { Clock, Logger } from '@openclaw-fleet/client';
import type { ActionReceipt, ActionRefusal, ActionRequest, Observation } from '@openclaw-fleet/contract';
import { restartAllowedAt } from './limits.ts';
import type { RestartLimits } from './limits.ts';
import { createNotes, oneLine } from './notes.ts';
import type { Notes } from './notes.ts';
import type { ActionOutcome, ActionRecord, Actuator, Measurements, Receipts } from './types.ts';
import { digestOf, LEEWAY, untimely } from './verify.ts';

const DAY = 86_400_000;
/** Receipts are kept this long, and this many, but for those that are younger than any request and any limit. */
const KEPT = 7 * DAY;
const MOST_KEPT = 1_000;
const NEVER_REMOVED = 2 * 3_600_000;
/** Between two looks for receipts that are past their time. */
const PRUNE = 3_600_000;

/** The same id with another content. Nothing was done. */
export class AlteredRepeat extends Error {
  override readonly name = 'AlteredRepeat';
}

export interface DeskOptions {
  readonly nodeId: string;
  readonly actuator: Actuator;
  readonly receipts: Receipts;
  readonly limits: RestartLimits;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Takes verified requests: each id once, one at a time, with its intent on disk before its effect. */
export interface Desk {
  /** Settles what an earlier process left open; call once, before the first request. */
  open(): void;
  /**
   * Carries the request out, or refuses it, unless its id was taken before: then that is its receipt.
   * @returns the receipt as it is now, often `running`
   * @throws AlteredRepeat, and what storage throws: nothing was done then
   */
  take(request: ActionRequest): ActionReceipt;
  /** Null: never taken. @throws what storage throws */
  receipt(actionId: string): ActionReceipt | null;
  /** Looks afresh; who asks meanwhile gets the same look. */
  observe(): Promise<Observation>;
}

export function createDesk(options: DeskOptions): Desk {
  const { actuator, receipts, clock, logger, nodeId } = options;
  const iso = (): string => new Date(clock.now()).toISOString();
  /** The one under way, newer than on disk by its notes. */
  let current: { record: ActionRecord; notes: Notes } | null = null;
  /** Ended, and its receipt could not be written. */
  let unwritten: ActionRecord | null = null;
  /** Ended in this process and still good, should their files be gone. */
  const recent = new Map<string, ActionRecord>();
  let restartsMs: number[] = [];
  let sinceMs = Infinity;
  let looking: Promise<Observation> | null = null;
  let prunedAt = clock.monotonic();

  const allowedAt = (): number | null => restartAllowedAt(restartsMs, clock.now(), options.limits);

  function known(actionId: string): ActionRecord | null {
    if (current?.record.receipt.action_id === actionId) return withNotes(current);
    if (unwritten?.receipt.action_id === actionId) return unwritten;
    return receipts.get(actionId) ?? recent.get(actionId) ?? null;
  }

  function refusalOf(request: ActionRequest): [ActionRefusal, string] | null {
    const late = untimely(request, clock.now());
    if (late !== null) return ['expired', `Nothing was done: ${late}.`];
    const { verb } = request.instruction;
    if (!actuator.verbs().includes(verb)) {
      return ['not-declared', `Nothing was done: this bridge does not do "${verb}" as it is set up.`];
    }
    if (current !== null) {
      return [
        'busy',
        `Nothing was done: the action ${current.record.receipt.action_id} is under way; ask again after it.`,
      ];
    }
    const allowed = verb === 'restart' ? allowedAt() : null;
    if (allowed === null) return null;
    const when = new Date(allowed).toISOString();
    return [
      'restart-limit',
      `Nothing was done: this node restarts no more before ${when}; find out why it was needed.`,
    ];
  }

  function fresh(request: ActionRequest): ActionRecord {
    return {
      digest: digestOf(request),
      request,
      begunAt: null,
      restarts: false,
      receipt: {
        action_id: request.action_id,
        node_id: nodeId,
        run_id: request.run_id,
        verb: request.instruction.verb,
        state: 'running',
        refusal: null,
        message: 'It is under way.',
        started_at: iso(),
        finished_at: null,
        notes: [],
        before: {},
        after: {},
      },
    };
  }

  /** Made before anything is remembered here: whether it was done then, nobody knows. Null: it was made later. */
  function forgotten({ issued_at: issuedAt }: ActionRequest): string | null {
    if (Date.parse(issuedAt) >= sinceMs) return null;
    const since = new Date(sinceMs).toISOString();
    return `Nothing was done now, and whether it was done before is not known: this bridge remembers what it did since ${since} (OPENCLAW_BRIDGE_STATE_DIR is new, or was lost). Look, and ask again with a new action.`;
  }

  function remember(record: ActionRecord): void {
    for (const [id, { request }] of recent) {
      if (Date.parse(request.expires_at) + LEEWAY < clock.now()) recent.delete(id);
    }
    recent.set(record.receipt.action_id, record);
  }

  /** Answers without doing anything; the answer is for good. */
  function close(record: ActionRecord, answer: Pick<ActionReceipt, 'state' | 'refusal' | 'message'>): ActionReceipt {
    const ended = { ...record, receipt: { ...record.receipt, ...answer, finished_at: iso() } };
    receipts.put(ended);
    remember(ended);
    return ended.receipt;
  }

  function begin(record: ActionRecord): void {
    const notes = createNotes(iso, record.receipt.notes);
    current = { record, notes };
  }

  async function carryOut(request: ActionRequest, notes: Notes): Promise<void> {
    let begun = false;
    const outcome = await actuator
      .carryOut(request, {
        note: (text) => notes.add(text),
        mayRestart: allowedAt() === null,
        begin: (before, restarts = false) => {
          if (current === null) throw new Error('the action is over');
          const record = withNotes(current);
          const begunAt = record.begunAt ?? iso();
          const counts = restarts && !record.restarts;
          const stored = {
            ...record,
            begunAt,
            restarts: record.restarts || restarts,
            receipt: { ...record.receipt, before: bounded(before) },
          };
          receipts.put(stored);
          current.record = stored;
          begun = true;
          if (counts) restartsMs.push(clock.now());
        },
      })
      .catch((error: unknown) => broken(error, begun));
    finish(outcome);
  }

  function broken(error: unknown, begun: boolean): ActionOutcome {
    logger.error(`an action failed inside the bridge: ${messageOf(error)}`);
    const what = begun ? 'What it did is not known; look before anything else is done.' : 'Nothing was done.';
    return {
      state: begun ? 'outcome_unknown' : 'failed',
      refusal: null,
      message: `It failed inside the bridge. ${what} The bridge's log says more.`,
      before: current?.record.receipt.before ?? {},
      after: {},
    };
  }

  function finish(outcome: ActionOutcome): void {
    if (current === null) return;
    const record = withNotes(current);
    const { verb, action_id: id } = record.receipt;
    const ended: ActionRecord = {
      ...record,
      receipt: {
        ...record.receipt,
        state: outcome.state,
        refusal: outcome.refusal,
        message: oneLine(outcome.message),
        finished_at: iso(),
        before: bounded({ ...record.receipt.before, ...outcome.before }),
        after: bounded(outcome.after),
      },
    };
    remember(ended);
    try {
      receipts.put(ended);
    } catch (error) {
      // What is on disk says that it is under way: after a restart it is settled by looking.
      unwritten = ended;
      logger.error(`OPENCLAW_BRIDGE_STATE_DIR: the receipt of ${id} cannot be written (${messageOf(error)})`);
    }
    current = null;
    logger.info(`action ${id} (${verb}) ${outcome.state}: ${oneLine(outcome.message)}`);
  }

  async function settle(open: readonly ActionRecord[]): Promise<void> {
    for (const record of open) {
      begin(record);
      const { notes } = current as unknown as { notes: Notes };
      finish(await settled(record, notes));
    }
  }

  async function settled(record: ActionRecord, notes: Notes): Promise<ActionOutcome> {
    const { request, begunAt, receipt } = record;
    const { before } = receipt;
    if (begunAt === null) {
      const message = 'The bridge ended before it began; nothing was done. Ask again with a new action.';
      return { state: 'failed', refusal: null, message, before, after: {} };
    }
    notes.add('the bridge ended while it was under way; what became of it is settled by looking');
    try {
      const unsettled = { request, before, begunMs: Date.parse(begunAt) };
      return await actuator.settle(unsettled, (text) => notes.add(text));
    } catch (error) {
      logger.error(`an action could not be settled: ${messageOf(error)}`);
      const message = 'The bridge ended while it was under way, and looking did not tell what became of it.';
      return { state: 'outcome_unknown', refusal: null, message, before, after: {} };
    }
  }

  /** A bridge runs for months. What cannot be removed now is so later. */
  function pruneNow(): void {
    if (clock.monotonic() - prunedAt < PRUNE) return;
    prunedAt = clock.monotonic();
    try {
      prune(receipts.all());
    } catch (error) {
      logger.warn(`OPENCLAW_BRIDGE_STATE_DIR: old receipts cannot be removed (${messageOf(error)})`);
    }
  }

  function prune(records: readonly ActionRecord[]): void {
    const ended = records
      .filter(({ receipt }) => receipt.finished_at !== null)
      .map(({ receipt }) => ({ id: receipt.action_id, ageMs: clock.now() - Date.parse(receipt.finished_at ?? '') }))
      .sort((a, b) => a.ageMs - b.ageMs);
    ended
      .filter(({ ageMs }, index) => ageMs > KEPT || (index >= MOST_KEPT && ageMs > NEVER_REMOVED))
      .forEach(({ id }) => receipts.remove(id));
  }

  return {
    open: () => {
      const records = receipts.all();
      sinceMs = receipts.since(clock.now());
      restartsMs = records.filter(({ restarts }) => restarts).map(({ begunAt }) => Date.parse(begunAt ?? ''));
      prune(records);
      const open = records.filter(({ receipt }) => receipt.state === 'running');
      const [first] = open;
      if (first === undefined) return;
      // At once, so that nothing is taken between two of them.
      begin(first);
      void settle(open);
    },
    take: (request) => {
      const earlier = known(request.action_id);
      if (earlier !== null) {
        if (earlier.digest !== digestOf(request)) throw new AlteredRepeat('The id was taken with another content.');
        return earlier.receipt;
      }
      pruneNow();
      const record = fresh(request);
      const refused = refusalOf(request);
      if (refused !== null) {
        const [refusal, message] = refused;
        return close(record, { state: 'refused', refusal, message });
      }
      const unknown = forgotten(request);
      if (unknown !== null) return close(record, { state: 'outcome_unknown', refusal: null, message: unknown });
      receipts.put(record);
      begin(record);
      const { notes } = current as unknown as { notes: Notes };
      logger.info(
        `action ${request.action_id} (${request.instruction.verb}) begins, of run ${oneLine(request.run_id)}`
      );
      void carryOut(request, notes);
      return record.receipt;
    },
    receipt: (actionId) => known(actionId)?.receipt ?? null,
    observe: () =>
      (looking ??= actuator
        .observe()
        .then((seen) => {
          const allowed = allowedAt();
          return {
            ...seen,
            node_id: nodeId,
            at: iso(),
            busy: current?.record.receipt.action_id ?? null,
            restart_allowed_at: allowed === null ? null : new Date(allowed).toISOString(),
          };
        })
        .finally(() => (looking = null))),
  };
}

function withNotes({ record, notes }: { record: ActionRecord; notes: Notes }): ActionRecord {
  return { ...record, receipt: { ...record.receipt, notes: [...notes.list()] } };
}

/** Texts as short as the contract has them. */
function bounded(measurements: Measurements): Measurements {
  return Object.fromEntries(
    Object.entries(measurements).map(([name, value]) => [
      name.slice(0, 64),
      typeof value === 'string' ? oneLine(value).slice(0, 256) : value,
    ])
  );
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'an unknown error');
