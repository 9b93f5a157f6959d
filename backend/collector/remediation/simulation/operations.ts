import type { DriftMode, PlaybookId } from '@openclaw-fleet/contract';
import { StorageError } from '../../storage/types.ts';
import { RemediationError, type Requester } from '../types.ts';
import type { Journal } from './journal.ts';
import { REVISIONS, type Ailment, type Cure, type Cut, type SimTarget } from './target.ts';
import type { SimWorld } from './world.ts';

const person = (name: string, via: 'grafana-id-token' | 'api-token'): Requester => ({
  actor: { name: `${via === 'api-token' ? 'token' : 'grafana'}:${name}`, via },
  person: name,
});
/** Anna comes in two ways, and is one person. */
export const PEOPLE: readonly Requester[] = [
  person('anna', 'grafana-id-token'),
  person('anna', 'api-token'),
  person('ben', 'grafana-id-token'),
  person('carl', 'grafana-id-token'),
  { actor: { name: 'token:pipeline', via: 'api-token' }, person: null },
];

/** Places below this one are looked for where there is something to do. Places go to 29. */
const MOSTLY = 24;

/** Which of those there are: places are taken modulo how many there are, so that any number fits any fleet. */
type Place = number;

export type Operation =
  | { readonly do: 'pass'; readonly ms: number }
  | { readonly do: 'ail'; readonly target: Place; readonly ailment: Ailment; readonly many: number }
  | { readonly do: 'heal'; readonly target: Place }
  | { readonly do: 'cut'; readonly what: 'target' | 'zone' | 'all'; readonly place: Place; readonly cut: Cut }
  | { readonly do: 'canary'; readonly ok: boolean }
  | { readonly do: 'goodbye'; readonly target: Place; readonly kind: 'restart' | 'shutdown' | 'back' }
  | {
      readonly do: 'bridge';
      readonly target: Place;
      readonly change: Partial<Pick<SimTarget, 'lie' | 'silent' | 'deaf' | 'takesMs'>>;
    }
  | { readonly do: 'cure'; readonly target: Place | null; readonly cure: Cure }
  | { readonly do: 'capabilities'; readonly target: Place; readonly without: string | null }
  | {
      readonly do: 'request';
      readonly target: Place;
      readonly playbook: PlaybookId | null;
      readonly by: Place;
      readonly alert: boolean;
    }
  | {
      readonly do: 'batch';
      readonly playbook: PlaybookId;
      readonly from: Place;
      readonly size: number;
      readonly by: Place;
    }
  | {
      readonly do: 'decide';
      readonly plan: Place;
      readonly what: 'approve' | 'deny' | 'break-glass';
      readonly by: Place;
      readonly digest: 'none' | 'right' | 'wrong';
    }
  | { readonly do: 'cancel'; readonly run: Place; readonly batch: boolean }
  | {
      readonly do: 'hold';
      readonly kind: 'pause' | 'resume' | 'cordon' | 'uncordon' | 'clear' | 'retire' | 'reinstate' | 'lift';
      readonly target: Place | null;
    }
  | { readonly do: 'close-breakers' }
  | { readonly do: 'window'; readonly target: Place | null; readonly open: boolean }
  | { readonly do: 'mode'; readonly target: Place; readonly mode: DriftMode }
  | { readonly do: 'revision'; readonly target: Place; readonly revision: 0 | 1 | null }
  | { readonly do: 'limit'; readonly target: Place | null; readonly key: string; readonly value: number | false | null }
  | { readonly do: 'automation'; readonly enabled: boolean; readonly percent: number }
  | { readonly do: 'restart'; readonly awayMs: number }
  | { readonly do: 'crash'; readonly at: number }
  | { readonly do: 'sleep'; readonly ms: number }
  | { readonly do: 'confirm-outage' };

function at<T>(all: readonly T[], place: Place): T {
  const one = all[place % all.length];
  if (one === undefined) throw new RangeError('there is none');
  return one;
}

/** What people and the world do to a collector. */
export class Operations {
  readonly #world: SimWorld;
  readonly #journal: Journal;

  constructor(world: SimWorld, journal: Journal) {
    this.#world = world;
    this.#journal = journal;
  }

  async apply(operation: Operation): Promise<void> {
    try {
      await this.#apply(operation);
    } catch (error) {
      // Refusals are answers, and a crash is an end of the collector alone.
      const expected =
        error instanceof RemediationError || error instanceof StorageError || error instanceof RangeError;
      if (!(await this.#world.revive()) && !expected) throw error;
    }
  }

  #target(place: Place): SimTarget {
    return at([...this.#world.targets.values()], place);
  }

  /** Mostly one of which the registry holds something open, for that playbook where one is named. */
  #faulty(place: Place, playbook?: PlaybookId): SimTarget {
    const { fleet, targets, now } = this.#world;
    const open = [...targets.values()].filter(({ id }) => {
      const node = fleet.get(id);
      if (node === undefined) return false;
      const found = node.assessment.faults.some(
        (fault) => fault.playbook !== null && (playbook ?? fault.playbook) === fault.playbook
      );
      if (playbook === 'ConfigDrift') return found;
      return found || fleet.liveness(node, now).state === 'expired' || (node.report.jobs?.failing ?? 0) > 0;
    });
    return open.length > 0 && place < MOSTLY ? at(open, place) : this.#target(place);
  }

  #some(place: Place | null): SimTarget[] {
    return place === null ? [...this.#world.targets.values()] : [this.#target(place)];
  }

  async #apply(operation: Operation): Promise<void> {
    const world = this.#world;
    const { now } = world;
    switch (operation.do) {
      case 'pass':
        return world.pass(operation.ms);
      case 'ail':
        for (let one = 0; one < operation.many; one += 1)
          this.#target(operation.target + one).ail(operation.ailment, now);
        return;
      case 'heal':
        this.#target(operation.target).heal(now);
        return;
      case 'cut':
        this.#cut(operation);
        return;
      case 'canary':
        world.canaryOk = operation.ok;
        return;
      case 'goodbye': {
        const target = this.#target(operation.target);
        if (operation.kind === 'back') target.stopped = false;
        else if (!target.stopped) await world.goodbye(target, operation.kind);
        return;
      }
      case 'bridge': {
        const target = this.#target(operation.target);
        if (operation.change.lie !== undefined) target.lie = operation.change.lie;
        Object.assign(target, operation.change);
        return;
      }
      case 'cure':
        for (const target of this.#some(operation.target)) target.cure = operation.cure;
        return;
      case 'capabilities': {
        const target = this.#target(operation.target);
        target.capabilities = ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'].filter(
          (one) => one !== operation.without
        );
        target.dirty = true;
        return;
      }
      case 'automation':
        world.automation = { enabled: operation.enabled, percent: operation.percent };
        return;
      case 'restart':
        return world.restart(operation.awayMs);
      case 'crash':
        world.dieAt(operation.at);
        return;
      case 'sleep':
        return world.sleep(operation.ms);
      case 'confirm-outage':
        world.fleet.confirmOutage('the provider says so', 'grafana:anna', now);
        return;
      default:
        return this.#people(operation);
    }
  }

  #cut({ what, place, cut }: Extract<Operation, { do: 'cut' }>): void {
    const one = this.#target(place);
    for (const target of this.#world.targets.values()) {
      if (what === 'all' || (what === 'zone' ? target.zone === one.zone : target === one)) target.cut = cut;
    }
  }

  async #people(operation: Operation): Promise<void> {
    const world = this.#world;
    const { remediation, policies, now } = world;
    switch (operation.do) {
      case 'request': {
        const { id: targetId } = this.#faulty(operation.target);
        const { playbook, alert } = operation;
        const trigger = alert ? 'alertmanager' : 'manual';
        const by = alert ? at(PEOPLE, 4) : at(PEOPLE, operation.by);
        await remediation.request({ targetId, playbook, reason: 'seen', by, trigger, idempotency: null });
        return;
      }
      case 'batch': {
        const { from, size, playbook } = operation;
        const targetIds = Array.from({ length: size }, (_, index) => this.#faulty(from + index, playbook).id);
        const rest = { reason: 'seen', trigger: 'manual', idempotency: null, selector: null } as const;
        await remediation.requestBatch({ ...rest, playbook, targetIds, by: at(PEOPLE, operation.by) });
        return;
      }
      case 'decide':
        return this.#decide(operation);
      case 'cancel':
        return this.#cancel(operation);
      case 'hold':
        return this.#hold(operation);
      case 'close-breakers':
        for (const { subject } of remediation.holds(null, 'breaker')) {
          const [playbook, fault] = (subject ?? '').split(' ') as [PlaybookId, string];
          await remediation.closeBreaker(playbook, fault, at(PEOPLE, 2), 'looked at');
          this.#journal.close(subject ?? '');
        }
        return;
      case 'window':
        for (const target of this.#some(operation.target)) policies.set(target.id, { windowOpen: operation.open });
        return;
      case 'mode':
        policies.set(this.#target(operation.target).id, { mode: operation.mode });
        world.reassessSoon();
        return;
      case 'revision': {
        const { id } = this.#faulty(operation.target, 'ConfigDrift');
        const revision = operation.revision === null ? null : REVISIONS[operation.revision];
        if (policies.get(id).revision === revision) return;
        policies.set(id, { revision, revisionSinceMs: now });
        this.#journal.clear(id, now);
        world.reassessSoon();
        return;
      }
      case 'limit':
        for (const { id } of this.#some(operation.target)) {
          const { key, value } = operation;
          policies.set(id, { guardrails: value === null ? {} : { [key]: value } });
        }
        return;
      default:
        throw new TypeError(`nobody does ${operation.do}`);
    }
  }

  async #decide({ plan: place, what, by: who, digest }: Extract<Operation, { do: 'decide' }>): Promise<void> {
    const { remediation, now } = this.#world;
    const open = new Set(remediation.open().map(({ planId }) => planId));
    // Mostly those that wait, the newest first.
    const plans = [...this.#journal.plans.values()].reverse();
    const waiting = plans.filter(({ plan }) => open.has(plan.id) && plan.approvalsNeeded > 0);
    const { plan } = at(waiting.length > 0 && place < 8 ? waiting : plans, place);
    const by = at(PEOPLE, who);
    const wrong = digest === 'wrong';
    this.#journal.said.push({ planId: plan.id, person: by.person, what, meantIt: !wrong, atMs: now });
    if (what === 'deny') await remediation.deny(plan.id, by, 'no');
    else {
      const named = digest === 'none' ? null : wrong ? 'f'.repeat(64) : plan.digest;
      await remediation.approve(this.#idOf(plan.id), by, {
        reason: 'looked at',
        digest: named,
        breakGlass: what === 'break-glass',
      });
    }
  }

  #idOf(planId: string): string {
    return this.#journal.ofPlan(planId)[0]?.run.id ?? planId;
  }

  async #cancel({ run: place, batch }: Extract<Operation, { do: 'cancel' }>): Promise<void> {
    const { remediation } = this.#world;
    const run = at(remediation.open(), place);
    await remediation.cancel(batch ? (run.batchId ?? run.id) : run.id, at(PEOPLE, 0), 'enough');
  }

  async #hold({ kind, target: place }: Extract<Operation, { do: 'hold' }>): Promise<void> {
    const { remediation, now } = this.#world;
    const journal = this.#journal;
    const id = place === null ? null : this.#faulty(place).id;
    const by = at(PEOPLE, 3);
    const reason = 'decided';
    if (id === null) {
      if (kind === 'pause') {
        journal.fleetPaused = (await remediation.pause(null, by, reason)).kind === 'pause';
      } else if (kind === 'resume') {
        await remediation.resume(null, by, reason);
        journal.fleetPaused = false;
      }
      return;
    }
    switch (kind) {
      case 'pause':
        await remediation.pause(id, by, reason);
        journal.paused.add(id);
        return;
      case 'resume':
        await remediation.resume(id, by, reason);
        journal.paused.delete(id);
        return;
      case 'cordon':
        await remediation.cordon(id, by, reason);
        journal.cordoned.add(id);
        return;
      case 'uncordon':
        await remediation.uncordon(id, by, reason);
        journal.cordoned.delete(id);
        return;
      case 'clear':
        await remediation.clearQuarantine(id, null, by, reason);
        journal.clear(id, now);
        return;
      case 'retire':
        return remediation.retire(id, by, reason);
      case 'reinstate':
        return remediation.reinstate(id, by, reason);
      case 'lift':
        return remediation.liftIsolation(id, by, reason);
    }
  }
}
