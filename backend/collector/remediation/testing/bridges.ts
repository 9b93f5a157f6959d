import type { ActionReceipt, ActionRequest, Observation, ObservedJob, Verb } from '@openclaw-fleet/contract';
import { BridgeError, type BridgeClient } from '../types.ts';

/** One gateway with its bridge, as a test has it: what is wrong with it, and what its verbs do about that. */
export interface FakeNode {
  readonly id: string;
  gatewayState: Observation['gateway_state'];
  gatewayBoot: number;
  bridgeBoot: number;
  health: Observation['health_status'];
  lastAcceptedMs: number | null;
  revision: string | null;
  configHash: string | null;
  converged: boolean;
  metricsOk: boolean;
  jobs: ObservedJob[];
  busy: string | null;
  /** Nothing answers. */
  silent: boolean;
  /** Looks that are not answered before one is. */
  deaf: number;
  /** What a verb does when it is carried out; the default cures. */
  carryOut: (node: FakeNode, request: ActionRequest) => Partial<ActionReceipt> | undefined;
  /** How long a verb takes. Milliseconds. */
  takesMs: number;
}

/** A job as a bridge sees it. */
export function fakeJob(id: string, more: Partial<ObservedJob> = {}): ObservedJob {
  return {
    id,
    name: `Job ${id}`,
    enabled: true,
    throttled: false,
    throttleable: true,
    consecutive_errors: 0,
    results_1h: 10,
    failures_1h: 0,
    ...more,
  };
}

/** What a bridge that works does for each verb. */
export function cure(node: FakeNode, { instruction }: ActionRequest): undefined {
  switch (instruction.verb) {
    case 'restart':
      if (instruction.what === 'bridge') node.bridgeBoot += 1;
      else node.gatewayBoot += 1;
      Object.assign(node, { gatewayState: 'running', health: 'ok', lastAcceptedMs: 1000 });
      break;
    case 'reconcile':
      if (instruction.apply === null) break;
      Object.assign(node, { revision: instruction.apply.revision, configHash: instruction.apply.configHash });
      break;
    case 'reload':
      node.converged = true;
      break;
    case 'throttle':
    case 'resume': {
      const { verb, jobs } = instruction;
      node.jobs = node.jobs.map((job) =>
        jobs.includes(job.id)
          ? { ...job, enabled: verb === 'resume', throttled: verb === 'throttle', consecutive_errors: 0 }
          : job
      );
      break;
    }
    case 'doctor':
      break;
  }
  return undefined;
}

/**
 * Bridges of several nodes in memory, in the place of a network and other machines. As a real one, it carries an action out
 * at most once by its id, refuses one that is too late, and knows its receipts after anything that happens to the collector.
 */
export class FakeBridges implements BridgeClient {
  readonly nodes = new Map<string, FakeNode>();
  /** Every verb that was carried out, in order. */
  readonly executed: {
    readonly actionId: string;
    readonly targetId: string;
    readonly verb: Verb;
    readonly atMs: number;
  }[] = [];
  /** Called before and after every call. What it throws is thrown instead; after: when the node has done it already. */
  tap: (when: 'before' | 'after', call: 'observe' | 'act' | 'receipt', targetId: string) => void = () => undefined;
  readonly #receipts = new Map<string, { receipt: ActionReceipt; content: string; readyMs: number }>();
  readonly #clock: () => number;

  constructor(clock: () => number) {
    this.#clock = clock;
  }

  add(id: string, more: Partial<FakeNode> = {}): FakeNode {
    const node: FakeNode = {
      id,
      gatewayState: 'running',
      gatewayBoot: 1,
      bridgeBoot: 1,
      health: 'ok',
      lastAcceptedMs: 1000,
      revision: null,
      configHash: null,
      converged: true,
      metricsOk: true,
      jobs: [],
      busy: null,
      silent: false,
      deaf: 0,
      carryOut: cure,
      takesMs: 0,
      ...more,
    };
    this.nodes.set(id, node);
    return node;
  }

  node(id: string): FakeNode {
    const node = this.nodes.get(id);
    if (node === undefined) throw new BridgeError('no-bridge', `${id} has no bridge`);
    return node;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must reject.
  async observe(targetId: string): Promise<Observation> {
    this.tap('before', 'observe', targetId);
    const node = this.#reach(targetId);
    if (node.deaf > 0) {
      node.deaf -= 1;
      throw new BridgeError('unreachable', 'nothing answered within 5 s');
    }
    const seen = this.#observation(node);
    this.tap('after', 'observe', targetId);
    return seen;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must reject.
  async act(targetId: string, request: ActionRequest): Promise<ActionReceipt> {
    this.tap('before', 'act', targetId);
    const node = this.#reach(targetId);
    const content = JSON.stringify(request);
    const known = this.#receipts.get(request.action_id);
    if (known === undefined) this.#take(node, request, content);
    else if (known.content !== content)
      throw new BridgeError('refused', 'this action is known with another content', 'altered-repeat');
    const receipt = this.#receipt(request.action_id);
    this.tap('after', 'act', targetId);
    if (receipt === null) throw new Error('an action that was taken has a receipt');
    return receipt;
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what it throws must reject.
  async receipt(targetId: string, actionId: string): Promise<ActionReceipt | null> {
    this.tap('before', 'receipt', targetId);
    this.#reach(targetId);
    const receipt = this.#receipt(actionId);
    this.tap('after', 'receipt', targetId);
    return receipt;
  }

  #reach(targetId: string): FakeNode {
    const node = this.node(targetId);
    if (node.silent) throw new BridgeError('unreachable', 'nothing answered within 5 s');
    return node;
  }

  #take(node: FakeNode, request: ActionRequest, content: string): void {
    const at = new Date(this.#clock()).toISOString();
    const base: ActionReceipt = {
      action_id: request.action_id,
      node_id: node.id,
      run_id: request.run_id,
      verb: request.instruction.verb,
      state: 'succeeded',
      refusal: null,
      message: `${request.instruction.verb}: done`,
      started_at: at,
      finished_at: at,
      notes: [],
      before: {},
      after: {},
    };
    const late = this.#clock() > Date.parse(request.expires_at);
    const outcome: Partial<ActionReceipt> = late
      ? { state: 'refused', refusal: 'expired', message: 'the request came too late' }
      : (node.carryOut(node, request) ?? {});
    if (outcome.state !== 'refused') {
      const { verb } = request.instruction;
      this.executed.push({ actionId: request.action_id, targetId: node.id, verb, atMs: this.#clock() });
    }
    const readyMs = this.#clock() + node.takesMs;
    this.#receipts.set(request.action_id, { receipt: { ...base, ...outcome }, content, readyMs });
  }

  #receipt(actionId: string): ActionReceipt | null {
    const known = this.#receipts.get(actionId);
    if (known === undefined) return null;
    if (this.#clock() >= known.readyMs) return known.receipt;
    return { ...known.receipt, state: 'running', finished_at: null, refusal: null, message: 'under way' };
  }

  #observation(node: FakeNode): Observation {
    return {
      node_id: node.id,
      at: new Date(this.#clock()).toISOString(),
      bridge_version: '1.0.0',
      bridge_boot_id: `bridge-${node.bridgeBoot}`,
      last_accepted_ms: node.lastAcceptedMs,
      gateway_state: node.gatewayState,
      gateway_boot_id: `gateway-${node.gatewayBoot}`,
      openclaw_version: '2026.7.1',
      health_status: node.health,
      health_reasons: node.health === 'ok' ? [] : ['the event loop is blocked'],
      sync_lag_ms: 1000,
      revision: node.revision,
      config_hash: node.configHash,
      full_config_hash: null,
      config_valid: true,
      config_converged: node.converged,
      metrics_ok: node.metricsOk,
      capabilities: ['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'],
      jobs: node.jobs,
      job_results_1h: 10,
      job_failures_1h: 0,
      busy: node.busy,
      restart_allowed_at: null,
    };
  }
}
