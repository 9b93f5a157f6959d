import type { PlaybookId, Refusal, RefusalReason } from '@openclaw-fleet/contract';
import { conditionOf, guardContext } from './context.ts';
import { SYSTEM, type Draft } from './draft.ts';
import { BATCH_HALTED } from './guardrails/batch-halted.ts';
import { allRefusals, firstRefusal, passesByItself } from './guardrails/index.ts';
import { batchOfRetry, isHalted, join, openBatch, roomFor, waveBefore } from './joining.ts';
import { makePlan, newRun } from './plans.ts';
import type { PlanRecord, RunRecord } from './records.ts';
import { blockedRecord, type RequestParts } from './requests.ts';
import { faultFor } from './rules/faults.ts';
import { refuse, type GuardContext, type RepairFault, type Requester, type TargetFacts } from './types.ts';

const ITSELF: Requester = { actor: SYSTEM, person: null };
/** Blocked runs stored in one write. */
const AT_ONCE = 50;
/** Blocked runs stored after one look at the fleet: what holds all of it back must not keep everything else waiting. */
const MOST_STORED = 500;
/** A look at the fleet takes at most this part of the time: where most of a large fleet is faulty, looks come further apart. */
const SHARE = 0.1;
/** Automation is not meant for these targets or not meant to be: that is no refusal, and nothing to tell of. */
const NOT_MEANT: ReadonlySet<RefusalReason> = new Set([
  'automation-off',
  'not-in-rollout',
  'drift-mode',
  'not-low-risk',
  'after-start',
]);

interface Wish {
  readonly target: TargetFacts;
  readonly playbook: PlaybookId;
  readonly fault: RepairFault;
}
interface Held extends Wish {
  readonly refusal: Refusal;
}

/**
 * Starts repairs by itself (domain-rules section 6): of low-risk faults, under every guardrail, in batches that begin with a
 * canary. What a guardrail holds back is stored once while it lasts.
 */
export class Automation {
  readonly #parts: RequestParts;
  /** What is stored as held back, with when it was last so. */
  readonly #held = new Map<string, number>();
  #nextMs = -Infinity;
  #loads = -1;

  constructor(parts: RequestParts) {
    this.#parts = parts;
  }

  /** Looks at the fleet, once every `timings.probe` while it is enabled. */
  async tick(): Promise<void> {
    const { clock, timings, automation } = this.#parts;
    if (!automation().enabled || clock() < this.#nextMs) return;
    this.#nextMs = clock() + timings.probe;
    const beganMs = clock();
    this.#recall();
    const groups = new Map<string, Wish[]>();
    const held: Held[] = [];
    for await (const target of this.#parts.fleet.candidates()) {
      const found = this.#wish(target);
      if (found === null) continue;
      if ('refusal' in found) held.push(found);
      else {
        const key = `${found.playbook} ${conditionOf(found.fault.key)}`;
        const group = groups.get(key);
        if (group === undefined) groups.set(key, [found]);
        else group.push(found);
      }
    }
    for (const wishes of groups.values()) held.push(...(await this.#begin(wishes)));
    await this.#store(held);
    this.#nextMs = Math.max(this.#nextMs, clock() + (clock() - beganMs) * (1 / SHARE - 1));
  }

  /**
   * An alert asks for a repair, under the same guardrails.
   * @returns the run: begun, or blocked
   */
  ask(draft: Draft, target: TargetFacts, playbook: PlaybookId, by: Requester, reason: string): RunRecord {
    const fault = faultFor(playbook, target.repairable);
    const into =
      fault === null
        ? null
        : (batchOfRetry(this.#parts.books, target.id, playbook, fault.key) ??
          openBatch(this.#parts, playbook, fault.key, draft.nowMs, draft));
    const context = this.#context(target, playbook, fault, into, draft, 'alertmanager');
    const refusal = firstRefusal(context);
    if (fault === null || refusal !== null) {
      const why = refusal ?? {
        reason: 'no-fault' as const,
        message: `${target.name} has no fault that ${playbook} is for.`,
      };
      return this.#blocked(draft, { target, playbook, fault, refusal: why }, 'alertmanager', by, reason);
    }
    const { room, waves } = roomFor(this.#parts.books, into, 1, draft);
    if (room < 1) {
      const why = refuse('in-flight-cap', 'The wave before it is not through. The alert may ask again.');
      return this.#blocked(draft, { target, playbook, fault, refusal: why }, 'alertmanager', by, reason);
    }
    return join(this.#parts, draft, into, {
      target,
      playbook,
      fault,
      trigger: 'alertmanager',
      by,
      reason,
      wave: waves[0] ?? 0,
    });
  }

  /** What it would do for a target: the worst fault that nothing holds back; else why not, if that is to be told. */
  #wish(target: TargetFacts): Wish | Held | null {
    let held: Held | null = null;
    for (const playbook of new Set(target.repairable.map((fault) => fault.playbook))) {
      const fault = faultFor(playbook, target.repairable);
      if (fault === null) continue;
      const refusals = allRefusals(this.#context(target, playbook, fault, null));
      const [first] = refusals.filter((refusal) => !passesByItself(refusal));
      if (refusals.length === 0) return { target, playbook, fault };
      if (first === undefined || refusals.some(({ reason }) => NOT_MEANT.has(reason))) continue;
      held ??= { target, playbook, fault, refusal: first };
    }
    return held;
  }

  #context(
    target: TargetFacts,
    playbook: PlaybookId,
    fault: RepairFault | null,
    into: PlanRecord | null,
    draft?: Draft,
    trigger: 'automation' | 'alertmanager' | 'retry' = 'automation'
  ): GuardContext {
    const { books, clock } = this.#parts;
    const others = into?.plan.targets.filter(({ targetId }) => targetId !== target.id).length ?? 0;
    const candidate = {
      target,
      playbook,
      fault,
      trigger,
      approved: true,
      approvalsNeeded: 0,
      planSize: others + 1,
      runId: null,
    };
    const context = guardContext(
      this.#parts,
      { ...candidate, batchHalted: isHalted(books, into, draft) },
      draft?.nowMs ?? clock(),
      draft
    );
    // Those about to begin take a place already, so that no more wait than can begin.
    const waiting = new Set(
      [...books.runs.values(), ...(draft?.runs.values() ?? [])]
        .filter(({ run }) => run.state === 'approved')
        .map(({ run }) => run.id)
    );
    return { ...context, inFlight: context.inFlight + waiting.size };
  }

  /** Begins what the batch of the fault has room for. @returns what its halt holds back */
  async #begin(wishes: readonly Wish[]): Promise<Held[]> {
    const { books } = this.#parts;
    return books.exclusive(async () => {
      const draft = books.draft();
      const held: Held[] = [];
      const fresh: Wish[] = [];
      for (const wish of wishes) {
        const again = batchOfRetry(books, wish.target.id, wish.playbook, wish.fault.key);
        if (again === null) fresh.push(wish);
        else {
          const now = this.#asItIs(wish);
          if (now !== null) this.#retry(draft, again, now);
        }
      }
      const [one] = fresh;
      if (one !== undefined) held.push(...this.#fresh(draft, fresh, one));
      await books.commit(draft);
      return held;
    });
  }

  #retry(draft: Draft, into: PlanRecord, wish: Wish): void {
    const { books } = this.#parts;
    const now = draft.plans.get(into.plan.id) ?? into;
    if (firstRefusal(this.#context(wish.target, wish.playbook, wish.fault, now, draft, 'retry')) !== null) return;
    const wave = waveBefore(books.runsOfPlan(now.plan.id, draft), wish.target.id);
    join(this.#parts, draft, now, { ...wish, trigger: 'retry', by: ITSELF, reason: wish.fault.message, wave });
  }

  /** A wish as the fleet has it now: it went on while others were looked at. Null: there is nothing to wish for any more. */
  #asItIs({ target: { id }, playbook }: Wish): Wish | null {
    const target = this.#parts.fleet.get(id);
    const fault = target && faultFor(playbook, target.repairable);
    return target && fault ? { target, playbook, fault } : null;
  }

  #fresh(draft: Draft, fresh: readonly Wish[], { playbook, fault }: Wish): Held[] {
    const { books, limits } = this.#parts;
    const held: Held[] = [];
    let into = openBatch(this.#parts, playbook, fault.key, draft.nowMs, draft);
    if (isHalted(books, into, draft)) return fresh.map((wish) => ({ ...wish, refusal: BATCH_HALTED }));
    // What a plan has no place for comes into the next one; its waves are of those it can have.
    const places = Math.max(0, limits.planMost - (into?.plan.targets.length ?? 0));
    const { room, waves } = roomFor(books, into, Math.min(fresh.length, places), draft);
    let joined = 0;
    for (const seen of fresh) {
      // Nothing but the batch was found to hold the others back: they wait for it.
      if (joined >= room) break;
      const wish = this.#asItIs(seen);
      if (wish === null) continue;
      const refusal = firstRefusal(this.#context(wish.target, playbook, wish.fault, into, draft));
      if (refusal !== null) {
        if (!passesByItself(refusal) && refusal.reason !== 'plan-too-large') held.push({ ...wish, refusal });
        continue;
      }
      const record = join(this.#parts, draft, into, {
        ...wish,
        trigger: 'automation',
        by: ITSELF,
        reason: wish.fault.message,
        wave: waves[joined] ?? 0,
      });
      into = draft.plans.get(record.run.planId) ?? into;
      joined += 1;
    }
    return held;
  }

  /** After a restart: what is stored as held back. */
  #recall(): void {
    const { books, clock } = this.#parts;
    if (this.#loads === books.loads) return;
    this.#loads = books.loads;
    for (const run of books.blocked.values()) {
      if (run.refusal !== null) this.#held.set(keyOf(run.targetId, run.fault, run.refusal.reason), clock());
    }
  }

  async #store(held: readonly Held[]): Promise<void> {
    const { books, clock, timings } = this.#parts;
    const now = clock();
    const fresh: Held[] = [];
    for (const one of held) {
      const key = keyOf(one.target.id, one.fault.key, one.refusal.reason);
      const known = this.#held.has(key);
      if (!known && fresh.length === MOST_STORED) continue;
      this.#held.set(key, now);
      if (!known) fresh.push(one);
    }
    // One that comes and goes is told of once.
    for (const [key, lastMs] of this.#held) if (now - lastMs > timings.attemptBackoff) this.#held.delete(key);
    for (let from = 0; from < fresh.length; from += AT_ONCE) {
      await books.exclusive(async () => {
        const draft = books.draft();
        for (const one of fresh.slice(from, from + AT_ONCE))
          this.#blocked(draft, one, 'automation', ITSELF, one.fault.message);
        await books.commit(draft);
      });
    }
  }

  #blocked(
    draft: Draft,
    { target, playbook, fault, refusal }: Omit<Held, 'fault'> & { readonly fault: RepairFault | null },
    trigger: 'automation' | 'alertmanager',
    by: Requester,
    reason: string
  ): RunRecord {
    const plan = makePlan(this.#parts, { playbook, targets: [target], trigger, by, reason }, draft.nowMs, false);
    const where = { id: target.id, fault: fault?.key ?? 'none', index: 0, of: 1 };
    const how = { state: 'blocked', reason: refusal.message } as const;
    const record = blockedRecord(newRun(plan, where, draft.nowMs, this.#parts.random, how), refusal, draft.at);
    draft.plan(plan);
    draft.create(record, plan, by.actor);
    draft.then(() => {
      this.#parts.observer.refused(refusal.reason);
    });
    return record;
  }
}

function keyOf(targetId: string, fault: string, reason: RefusalReason): string {
  return `${targetId} ${conditionOf(fault)} ${reason}`;
}
