import { DelegateBackoff, handleWhenResult, retry, type RetryPolicy } from 'cockatiel';
import { ACTION_PATHS, actionIdSchema, type ActionRequest } from '@openclaw-fleet/contract';
import { BridgeError, type BridgeClient } from '../remediation/types.ts';
import { createRouter, type Router } from './address.ts';
import { Agents } from './agents.ts';
import { observationOf, receiptIfAny, receiptOf } from './answers.ts';
import { ask, type Answer, type Failure, type Outcome, type Request } from './ask.ts';
import { createBreaker, type Breaker } from './breaker.ts';
import { requireStanding, Untrusted } from './identity.ts';
import { signedAction } from './sign.ts';
import type { Ask, BridgeClientOptions, Pace, Route } from './types.ts';

const PACE: Pace = {
  connectMs: 5000,
  idleMs: 30_000,
  retries: 2,
  backoffMs: 250,
  breakerAfter: 2,
  breakerMs: 30_000,
  kept: 256,
};

/** What one attempt over the routes of a target came to. */
type Round = { readonly answer: Answer } | { readonly failures: readonly Failure[] };

const SKIPPED: Failure = {
  trouble: 'unreachable',
  message: 'its direct way failed a moment ago and was not tried',
  arrived: false,
  again: false,
};

/** A call that reads an answer, and how it is counted. */
interface Call<Result> {
  readonly verb: Ask['verb'];
  readonly request: Request;
  readonly read: (answer: Answer) => Result;
}

/** The transports to bridges. Call `close` once; what is under way then fails as `unreachable`. */
export interface BridgeTransports extends BridgeClient {
  /** Closes the connections to nodes that are revoked. Others are judged anew before and after each request anyway. */
  dismiss(targetIds: readonly string[]): void;
  close(): void;
}

/**
 * Reaches bridges at their doors: directly, through the tunnel they keep open, or (hybrid) directly first and through the
 * tunnel where that fails. docs/transports.md says what each needs. A request that a node may have taken is repeated only as
 * it is, with its action id, so that the node does nothing twice.
 */
export function createBridgeClient(options: BridgeClientOptions): BridgeTransports {
  return new Client(options);
}

class Client implements BridgeTransports {
  readonly #options: BridgeClientOptions;
  readonly #pace: Pace;
  readonly #routes: Router;
  readonly #agents: Agents;
  readonly #retries: RetryPolicy;
  /** Of the direct ways of hybrid targets, while something is wrong with them. */
  readonly #breakers = new Map<string, Breaker<Outcome>>();
  readonly #closing = new AbortController();

  constructor(options: BridgeClientOptions) {
    this.#options = options;
    this.#pace = { ...PACE, ...options.pace };
    this.#routes = createRouter(options.settings);
    this.#agents = new Agents({ ...this.#pace, credentials: options.credentials, standing: options.standing });
    const { retries, backoffMs } = this.#pace;
    this.#retries = retry(
      handleWhenResult((round) => mayGoBetter(round as Round)),
      {
        maxAttempts: retries,
        backoff: new DelegateBackoff(({ attempt }) => backoffMs * 2 ** (attempt - 1) * (0.5 + options.random() / 2)),
      }
    );
  }

  observe(targetId: string) {
    return this.#call(targetId, {
      verb: 'observe',
      request: { path: ACTION_PATHS.observation },
      read: (answer) => observationOf(answer, targetId),
    });
  }

  async act(targetId: string, request: ActionRequest) {
    const body = await signedAction(targetId, request, this.#options.credentials().actionsKey);
    return this.#call(targetId, {
      verb: 'act',
      request: { path: ACTION_PATHS.actions, body },
      read: (answer) => receiptOf(answer, targetId, request.action_id),
    });
  }

  async receipt(targetId: string, actionId: string) {
    if (!actionIdSchema.safeParse(actionId).success)
      throw new BridgeError('refused', 'no action has such an id; nothing was sent');
    return this.#call(targetId, {
      verb: 'receipt',
      request: { path: `${ACTION_PATHS.actions}/${actionId}` },
      read: (answer) => receiptIfAny(answer, targetId, actionId),
    });
  }

  dismiss(targetIds: readonly string[]): void {
    for (const targetId of targetIds) this.#agents.drop(targetId);
  }

  close(): void {
    this.#closing.abort();
    this.#agents.close();
  }

  async #call<Result>(targetId: string, call: Call<Result>): Promise<Result> {
    this.#requireOpen();
    this.#requireEnrolled(targetId);
    const routes = this.#routes(targetId, this.#options.reported(targetId));
    if (routes.length === 1) this.#breakers.delete(targetId);
    const before: Failure[] = [];
    const round = await this.#retries.execute(async () => {
      const tried = await this.#round(targetId, routes, call);
      if ('failures' in tried) before.push(...tried.failures);
      return tried;
    });
    const arrived = before.some((failure) => failure.arrived);
    try {
      if ('failures' in round) throw errorOf(round.failures);
      return call.read(round.answer);
    } catch (error) {
      throw forTarget(targetId, error as BridgeError, arrived);
    }
  }

  /** Each route once, until one gives an answer. */
  async #round(targetId: string, routes: readonly Route[], call: Call<unknown>): Promise<Round> {
    const failures: Failure[] = [];
    for (const [index, route] of routes.entries()) {
      const isLast = index === routes.length - 1;
      const outcome = isLast ? await this.#ask(targetId, route, call) : await this.#guarded(targetId, route, call);
      if (outcome === null) {
        failures.push(SKIPPED);
        continue;
      }
      if ('answer' in outcome) return outcome;
      failures.push(outcome.failure);
      if (!tryElsewhere(outcome)) break;
    }
    return { failures };
  }

  /** A way that has another behind it. Null: its breaker is open. */
  async #guarded(targetId: string, route: Route, call: Call<unknown>): Promise<Outcome | null> {
    const breaker = this.#breakers.get(targetId) ?? this.#newBreaker(targetId);
    this.#breakers.set(targetId, breaker);
    const outcome = await breaker.run(() => this.#ask(targetId, route, call));
    if (breaker.fresh) this.#breakers.delete(targetId);
    return outcome;
  }

  #newBreaker(targetId: string): Breaker<Outcome> {
    const { breakerAfter: after, breakerMs: openMs } = this.#pace;
    const { clock, log } = this.#options;
    return createBreaker(tryElsewhere, {
      after,
      openMs,
      clock,
      onChange: (open) =>
        open
          ? log.warn({ target: targetId, retryInMs: openMs }, 'the direct way to a bridge fails: its tunnel is used')
          : log.info({ target: targetId }, 'the direct way to a bridge works again'),
    });
  }

  async #ask(targetId: string, route: Route, { verb, request }: Call<unknown>): Promise<Outcome> {
    const { observer, log, timeoutMs } = this.#options;
    const started = performance.now();
    const outcome = await this.#agents.use(targetId, (agent) =>
      ask(route, request, agent, { timeoutMs, closing: this.#closing.signal })
    );
    const trouble = 'failure' in outcome ? outcome.failure.trouble : 'ok';
    const { transport } = route;
    observer.asked({ verb, transport, outcome: trouble, seconds: (performance.now() - started) / 1000 });
    if ('failure' in outcome) {
      const { message } = outcome.failure;
      const fields = { target: targetId, verb, transport, trouble };
      if (trouble === 'untrusted') log.warn(fields, `a bridge was not asked: ${message}`);
      else log.debug(fields, `a bridge was asked in vain: ${message}`);
    }
    return outcome;
  }

  #requireOpen(): void {
    if (this.#closing.signal.aborted)
      throw new BridgeError('unreachable', 'the collector is stopping; nothing was sent');
  }

  /** No connection is made to a node that may not be trusted whatever it shows. */
  #requireEnrolled(targetId: string): void {
    try {
      requireStanding(targetId, '', this.#options.standing);
    } catch (error) {
      throw error instanceof Untrusted ? new BridgeError('untrusted', error.message) : error;
    }
  }
}

/** Another route may lead to the node: this one led to nobody, or to somebody else. */
function tryElsewhere(outcome: Outcome): boolean {
  return 'failure' in outcome && (outcome.failure.trouble === 'unreachable' || outcome.failure.trouble === 'untrusted');
}

function mayGoBetter(round: Round): boolean {
  return 'failures' in round && round.failures.some(({ again }) => again);
}

const WORST = ['refused', 'protocol', 'untrusted', 'unreachable'] as const;

function errorOf(failures: readonly Failure[]): BridgeError {
  const trouble = WORST.find((one) => failures.some((failure) => failure.trouble === one)) ?? 'unreachable';
  return new BridgeError(trouble, [...new Set(failures.map(({ message }) => message))].join('; then: '));
}

/**
 * Names the target. Once an attempt may have been taken, no later one can say that nothing was sent or done.
 * @param arrived an attempt of this call may have been taken
 */
function forTarget(targetId: string, { trouble, message, refusal }: BridgeError, arrived: boolean): BridgeError {
  const denies = trouble === 'untrusted' || trouble === 'refused';
  return arrived && denies
    ? new BridgeError('unreachable', `${targetId}: it may have taken the request; ${message}`)
    : new BridgeError(trouble, `${targetId}: ${message}`, refusal);
}
