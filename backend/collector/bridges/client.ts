import { DelegateBackoff, handleWhenResult, retry, type RetryPolicy } from 'cockatiel';
import { ACTION_PATHS, actionIdSchema, type ActionRequest, type BridgeLink } from '@openclaw-fleet/contract';
import { BridgeError, type BridgeClient } from '../remediation/types.ts';
import { createRouter, type Router } from './address.ts';
import { Agents } from './agents.ts';
import { observationOf, receiptIfAny, receiptOf } from './answers.ts';
import { ask, type Answer, type Failure, type Request } from './ask.ts';
import { createBreaker, type Breaker } from './breaker.ts';
import { Contacts } from './contacts.ts';
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

/** What a request came to: what the answer says, why the answer is none that we take, or why there is no answer. */
type Told<Result> = { readonly result: Result } | { readonly wrong: BridgeError } | { readonly failure: Failure };
/** What one attempt over the routes of a target came to. */
type Round<Result> = Exclude<Told<Result>, { failure: Failure }> | { readonly failures: readonly Failure[] };

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
  /** How it reaches a target, and what came of that; null: the target has no bridge. Asks nobody. */
  link(targetId: string): BridgeLink | null;
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
  readonly #contacts: Contacts;
  readonly #agents: Agents;
  readonly #retries: RetryPolicy;
  /** Of the direct ways of hybrid targets, while something is wrong with them. */
  readonly #breakers = new Map<string, Breaker>();
  readonly #closing = new AbortController();

  constructor(options: BridgeClientOptions) {
    this.#options = options;
    this.#pace = { ...PACE, ...options.pace };
    this.#routes = createRouter(options.settings);
    this.#contacts = new Contacts(options);
    this.#agents = new Agents({ ...this.#pace, credentials: options.credentials, standing: options.standing });
    const { retries, backoffMs } = this.#pace;
    this.#retries = retry(
      handleWhenResult((round) => mayGoBetter(round as Round<unknown>)),
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

  link(targetId: string): BridgeLink | null {
    return this.#contacts.link(targetId);
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
    if ('result' in round) return round.result;
    const error = 'wrong' in round ? round.wrong : errorOf(round.failures);
    throw forTarget(
      targetId,
      error,
      before.some(({ arrived }) => arrived)
    );
  }

  /** Each route once, until one gives an answer. */
  async #round<Result>(targetId: string, routes: readonly Route[], call: Call<Result>): Promise<Round<Result>> {
    const failures: Failure[] = [];
    for (const [index, route] of routes.entries()) {
      const isLast = index === routes.length - 1;
      const told = isLast ? await this.#ask(targetId, route, call) : await this.#guarded(targetId, route, call);
      if (!('failure' in told)) return told;
      failures.push(told.failure);
      if (!tryElsewhere(told)) break;
    }
    return { failures };
  }

  /** A way that has another behind it. */
  async #guarded<Result>(targetId: string, route: Route, call: Call<Result>): Promise<Told<Result>> {
    const breaker = this.#breakers.get(targetId) ?? this.#newBreaker(targetId);
    this.#breakers.set(targetId, breaker);
    const told = await breaker.run(() => this.#ask(targetId, route, call));
    if (breaker.fresh) this.#breakers.delete(targetId);
    return told ?? { failure: SKIPPED };
  }

  #newBreaker(targetId: string): Breaker {
    const { breakerAfter: after, breakerMs: openMs } = this.#pace;
    const { clock, log } = this.#options;
    return createBreaker((told) => tryElsewhere(told as Told<unknown>), {
      after,
      openMs,
      clock,
      onChange: (open) =>
        open
          ? log.warn({ target: targetId, retryInMs: openMs }, 'the direct way to a bridge fails: its tunnel is used')
          : log.info({ target: targetId }, 'the direct way to a bridge works again'),
    });
  }

  async #ask<Result>(targetId: string, route: Route, { verb, request, read }: Call<Result>): Promise<Told<Result>> {
    const { observer, log, timeoutMs } = this.#options;
    const { transport } = route;
    const started = performance.now();
    const outcome = await this.#agents.use(targetId, (agent) =>
      ask(route, request, agent, { timeoutMs, closing: this.#closing.signal })
    );
    const seconds = (performance.now() - started) / 1000;
    const told = 'failure' in outcome ? outcome : readWith(read, outcome.answer);
    const wrong = 'failure' in told ? told.failure : 'wrong' in told ? told.wrong : null;
    observer.asked({ verb, transport, outcome: wrong?.trouble ?? 'ok', seconds });
    this.#contacts.note(targetId, transport, wrong?.message ?? null);
    if (wrong !== null) {
      const fields = { target: targetId, verb, transport, trouble: wrong.trouble };
      if (wrong.trouble === 'untrusted') log.warn(fields, `a bridge is not trusted: ${wrong.message}`);
      else log.debug(fields, `a bridge was asked in vain: ${wrong.message}`);
    }
    return told;
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

function readWith<Result>(read: Call<Result>['read'], answer: Answer): Told<Result> {
  try {
    return { result: read(answer) };
  } catch (error) {
    if (error instanceof BridgeError) return { wrong: error };
    throw error;
  }
}

/** Another route may lead to the node: this one led to nobody, or to somebody else. */
function tryElsewhere(told: Told<unknown>): boolean {
  return 'failure' in told && (told.failure.trouble === 'unreachable' || told.failure.trouble === 'untrusted');
}

function mayGoBetter(round: Round<unknown>): boolean {
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
