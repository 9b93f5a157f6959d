import { bulkhead, isBulkheadRejectedError, type BulkheadPolicy } from 'cockatiel';
import { NodeAgent } from './agent.ts';
import type { Outcome } from './ask.ts';
import { Untrusted } from './identity.ts';
import type { CallerCredentials, Pace, Standing } from './types.ts';

export interface AgentsOptions extends Pick<Pace, 'connectMs' | 'idleMs' | 'kept'> {
  readonly credentials: () => CallerCredentials;
  readonly standing: Standing;
}

/** Requests to one node at once, and waiting for their turn. */
const MOST = 4;
const MOST_WAITING = 64;

interface Kept {
  readonly agent: NodeAgent;
  readonly turns: BulkheadPolicy;
  /** Requests that use it, or wait. */
  users: number;
}

/** The agents of the nodes that are asked now, or were a moment ago. */
export class Agents {
  readonly #options: AgentsOptions;
  /** By target; the one used last comes last. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: AgentsOptions) {
    this.#options = options;
  }

  /** Runs a request over connections whose other end is judged before and after it: a node may be revoked meanwhile. */
  async use(targetId: string, request: (agent: NodeAgent) => Promise<Outcome>): Promise<Outcome> {
    const kept = this.#keptFor(targetId);
    kept.users++;
    try {
      return await kept.turns.execute(() => this.#judged(kept.agent, request));
    } catch (error) {
      if (!isBulkheadRejectedError(error)) throw error;
      const message = `${MOST_WAITING} requests to it are waiting already`;
      return { failure: { trouble: 'unreachable', message, arrived: false, again: false } };
    } finally {
      kept.users--;
      if (this.#kept.get(targetId) !== kept && kept.users === 0) kept.agent.destroy();
      else this.#forgetIdle(targetId, kept);
    }
  }

  drop(targetId: string): void {
    this.#kept.get(targetId)?.agent.destroy();
    this.#kept.delete(targetId);
  }

  close(): void {
    for (const targetId of [...this.#kept.keys()]) this.drop(targetId);
  }

  async #judged(agent: NodeAgent, request: (agent: NodeAgent) => Promise<Outcome>): Promise<Outcome> {
    const distrusted = distrust(agent, false);
    if (distrusted !== null) return distrusted;
    const outcome = await request(agent);
    return distrust(agent, true) ?? outcome;
  }

  #keptFor(targetId: string): Kept {
    const credentials = this.#options.credentials();
    let kept = this.#kept.get(targetId);
    if (kept !== undefined && !kept.agent.uses(credentials)) {
      // What is under way on the old connections ends by itself.
      if (kept.users === 0) kept.agent.destroy();
      kept = undefined;
    }
    kept ??= this.#create(targetId, credentials);
    this.#kept.delete(targetId);
    this.#makeRoom();
    this.#kept.set(targetId, kept);
    return kept;
  }

  #create(targetId: string, credentials: CallerCredentials): Kept {
    const { connectMs, idleMs, standing } = this.#options;
    const kept: Kept = {
      users: 0,
      turns: bulkhead(MOST, MOST_WAITING),
      agent: new NodeAgent({
        targetId,
        credentials,
        standing,
        connectMs,
        idleMs,
        onEmpty: () => this.#forgetIdle(targetId, kept),
      }),
    };
    return kept;
  }

  #forgetIdle(targetId: string, kept: Kept): void {
    if (kept.users === 0 && kept.agent.size === 0 && this.#kept.get(targetId) === kept) this.#kept.delete(targetId);
  }

  #makeRoom(): void {
    for (const [targetId, { users }] of this.#kept) {
      if (this.#kept.size < this.#options.kept) return;
      if (users === 0) this.drop(targetId);
    }
  }
}

function distrust(agent: NodeAgent, arrived: boolean): Outcome | null {
  try {
    agent.recheck();
    return null;
  } catch (error) {
    if (!(error instanceof Untrusted)) throw error;
    return { failure: { trouble: 'untrusted', message: error.message, arrived, again: false } };
  }
}
