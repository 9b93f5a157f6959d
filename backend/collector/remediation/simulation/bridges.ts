import type { ActionReceipt, ActionRequest, Observation } from '@openclaw-fleet/contract';
import { BridgeError, type BridgeClient } from '../types.ts';
import { HOUR, MINUTE, type SimTarget } from './target.ts';

/** A verb as it was carried out, with what was so just before. */
export interface Executed {
  readonly actionId: string;
  readonly runId: string;
  readonly step: string;
  readonly targetId: string;
  readonly verb: ActionRequest['instruction']['verb'];
  readonly atMs: number;
  /** What the bridge last said when it was asked, and when. */
  readonly told: { readonly seen: Observation; readonly atMs: number } | null;
  /** Nothing was wrong with the target, since when. */
  readonly wellSinceMs: number | null;
  /** It has been sending beats that did not arrive. */
  readonly beatsStale: boolean;
  readonly lastLieMs: number;
}

interface Known {
  readonly receipt: ActionReceipt;
  readonly content: string;
  readonly readyMs: number;
}

/** The doors of every simulated bridge. Receipts outlive everything that happens to the collector. */
export class SimBridges implements BridgeClient {
  readonly executed: Executed[] = [];
  /** A request that came again with another content. */
  readonly altered: string[] = [];
  /** Called before and after each call: what it throws is thrown instead. */
  tap: (when: 'before' | 'after') => void = () => undefined;
  /** Called as a verb is carried out, before what it does. */
  onExecuted: (verb: Executed) => void = () => undefined;
  readonly #targets: ReadonlyMap<string, SimTarget>;
  readonly #clock: () => number;
  readonly #known = new Map<string, Known>();
  readonly #restarts = new Map<string, number[]>();
  readonly #told = new Map<string, { seen: Observation; atMs: number }>();
  readonly #busyUntil = new Map<string, { actionId: string; untilMs: number }>();

  constructor(targets: ReadonlyMap<string, SimTarget>, clock: () => number) {
    this.#targets = targets;
    this.#clock = clock;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must reject.
  async observe(targetId: string): Promise<Observation> {
    this.tap('before');
    const target = this.#reach(targetId);
    if (target.deaf > 0) {
      target.deaf -= 1;
      throw new BridgeError('unreachable', 'nothing answered within 5 s');
    }
    const seen = target.observation(this.#clock(), this.#busy(targetId));
    this.#told.set(targetId, { seen, atMs: this.#clock() });
    this.tap('after');
    return seen;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must reject.
  async act(targetId: string, request: ActionRequest): Promise<ActionReceipt> {
    this.tap('before');
    const target = this.#reach(targetId);
    const content = JSON.stringify(request);
    const known = this.#known.get(request.action_id);
    if (known === undefined) this.#take(target, request, content);
    else if (known.content !== content) {
      this.altered.push(request.action_id);
      throw new BridgeError('refused', 'known with another content', 'altered-repeat');
    }
    const receipt = this.#receipt(request.action_id);
    this.tap('after');
    if (receipt === null) throw new Error('an action that was taken has a receipt');
    return receipt;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must reject.
  async receipt(targetId: string, actionId: string): Promise<ActionReceipt | null> {
    this.tap('before');
    this.#reach(targetId);
    const receipt = this.#receipt(actionId);
    this.tap('after');
    return receipt;
  }

  #reach(targetId: string): SimTarget {
    const target = this.#targets.get(targetId);
    if (target?.bridged !== true) throw new BridgeError('no-bridge', `${targetId} has no bridge`);
    if (target.silent || target.cut === 'both') throw new BridgeError('unreachable', 'nothing answered within 5 s');
    return target;
  }

  #busy(targetId: string): string | null {
    const busy = this.#busyUntil.get(targetId);
    return busy !== undefined && this.#clock() < busy.untilMs ? busy.actionId : null;
  }

  /** Why a node refuses before it does anything. */
  #refusal(target: SimTarget, request: ActionRequest): ActionReceipt['refusal'] {
    const { instruction, gateway_boot_id: boot } = request;
    const now = this.#clock();
    if (now > Date.parse(request.expires_at) + MINUTE / 2) return 'expired';
    if (target.cure === 'refuses') return 'gateway-unavailable';
    if (!target.capabilities.includes(instruction.verb)) return 'not-declared';
    if (this.#busy(target.id) !== null) return 'busy';
    if (boot !== null && boot !== `gateway-${target.gatewayBoot}`) return 'boot-changed';
    if (instruction.verb !== 'restart') return null;
    const before = (this.#restarts.get(target.id) ?? []).filter((atMs) => atMs > now - HOUR);
    if (before.length >= 3 || before.some((atMs) => atMs > now - 5 * MINUTE)) return 'restart-limit';
    this.#restarts.set(target.id, [...before, now]);
    return null;
  }

  #take(target: SimTarget, request: ActionRequest, content: string): void {
    const now = this.#clock();
    const at = new Date(now).toISOString();
    const { action_id: actionId, run_id: runId, step, instruction } = request;
    const { verb } = instruction;
    const refusal = this.#refusal(target, request);
    let outcome: Partial<ActionReceipt> = { state: 'refused', refusal, message: `refused: ${refusal ?? ''}` };
    if (refusal === null) {
      const wellSinceMs = target.well ? target.wellSinceMs : null;
      const { id: targetId, lastLieMs } = target;
      const told = this.#told.get(targetId) ?? null;
      const beatsStale = target.beatsStale(now);
      const verbs = { actionId, runId, step, targetId, verb, atMs: now, told, wellSinceMs, beatsStale, lastLieMs };
      this.executed.push(verbs);
      this.onExecuted(verbs);
      outcome = target.act(request, now);
    }
    const receipt: ActionReceipt = {
      action_id: actionId,
      node_id: target.id,
      run_id: runId,
      verb,
      state: 'succeeded',
      refusal: null,
      message: 'done',
      started_at: at,
      finished_at: at,
      notes: [],
      before: {},
      after: {},
      ...outcome,
    };
    const readyMs = now + (refusal === null ? target.takesMs : 0);
    this.#busyUntil.set(target.id, { actionId, untilMs: readyMs });
    this.#known.set(actionId, { receipt, content, readyMs });
  }

  #receipt(actionId: string): ActionReceipt | null {
    const known = this.#known.get(actionId);
    if (known === undefined) return null;
    if (this.#clock() >= known.readyMs) return known.receipt;
    return { ...known.receipt, state: 'running', finished_at: null, refusal: null, message: 'under way' };
  }
}
