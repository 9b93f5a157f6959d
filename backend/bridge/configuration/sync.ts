import type { Clock, CollectorRequests, Logger } from '@openclaw-fleet/client';
import { countOfValues, MAX_CONFIG_BYTES, MAX_CONFIG_VALUES, MAX_MANAGED_PATHS } from '@openclaw-fleet/contract';
import type { ConfigReport, ConfigValues, HeartbeatReply, NodeRevision, ReportedBlock } from '@openclaw-fleet/contract';
import { managedConfigHash, managedValues } from '../gateway/config-hash.ts';
import type { KeptRevision } from './kept.ts';
import { Failed, fetchRevision, refusal, UNKNOWN_WAIT } from './fetch.ts';
import type { Fetched } from './fetch.ts';
import { leavesOf } from './leaves.ts';
import { RevisionRefused, verifyRevision } from './verify.ts';

/** The waits after failures in a row, in milliseconds; the last one goes on. */
const BACKOFF = [2_000, 4_000, 8_000, 16_000, 60_000, 300_000];

/** What a heartbeat says of the managed configuration. */
export interface ManagedFacts {
  /** The revision the bridge was told; null: none. */
  readonly revision: string | null;
  /** Over the revision's paths on the gateway; null while there is none, or nothing was read yet. */
  readonly configHash: string | null;
  /**
   * `APPLIED`: the gateway has what was told, or had it once: another hash is then an edit on the node. `FAILED`: the bridge
   * tried to apply just that, and could not. `UNSET`: it never had it.
   */
  readonly applyStatus: ReportedBlock['apply_status'];
}
export const UNMANAGED: ManagedFacts = { revision: null, configHash: null, applyStatus: 'UNSET' };

/** What the bridge is doing about a revision's values, or last did. */
export interface Applying {
  /** Of the values, with the target's overlay. */
  readonly configHash: string;
  readonly state: 'APPLYING' | 'FAILED';
}

export interface ConfigSyncOptions {
  readonly nodeId: string;
  /** OPENCLAW_ACTIONS_PIN; without one no revision is taken. */
  readonly pins: readonly string[];
  readonly requests: CollectorRequests;
  readonly kept: KeptRevision;
  /** A target's overlay can change under the same revision: it is fetched again this often. Milliseconds. */
  readonly refreshMs: number;
  readonly clock: Clock;
  /** From 0 to under 1. */
  readonly random: () => number;
  readonly logger: Logger;
  /** `facts()` may say something new. */
  readonly onChange: () => void;
}

/** Fetches what the gateway is to run, and tells the collector what it runs. Never waits for it: heartbeats go on. */
export interface ConfigSync {
  /** The collector answered a heartbeat. */
  replied(reply: HeartbeatReply): void;
  /** The gateway's configuration was read: `parsed` of `config.get`, secrets redacted. */
  read(config: Readonly<Record<string, unknown>>): void;
  facts(): ManagedFacts;
  /**
   * The revision as the collector hands it out now; what is desired from here on.
   * @throws as `fetchRevision` does
   */
  fetch(id: string): Promise<NodeRevision>;
  /** The revision that the bridge was told; null: none. */
  told(): NodeRevision | null;
  /** Null: nothing is being applied, and nothing failed. */
  applying(what: Applying | null): void;
  stop(): void;
}

/** What the gateway has, ready to be told. */
interface Seen {
  readonly revision: string | null;
  readonly values: ConfigValues;
  readonly hash: string;
}
const sameSeen = (a: Seen | null, b: Seen | null): boolean => a?.revision === b?.revision && a?.hash === b?.hash;

export function createConfigSync(options: ConfigSyncOptions): ConfigSync {
  const { clock, logger, requests, kept } = options;
  const expected = { nodeId: options.nodeId, pins: options.pins };
  let current: NodeRevision | null = restored();
  /** The effective hash that the gateway last had as it was told. */
  let converged: string | null = lastConverged();
  /** What the collector wants; undefined: it has not said yet. */
  let desired: string | null | undefined;
  let fetchedAt = -Infinity;
  let config: Readonly<Record<string, unknown>> | null = null;
  let seen: Seen | null = null;
  /** What the collector has, or does not want. */
  let settled: Seen | null = null;
  /** Counts what made `settled` void: an answer that was asked for before it settles nothing. */
  let voided = 0;
  let applying: Applying | null = null;

  let stopped = false;
  let busy = false;
  let failures = 0;
  let heldUntil = -Infinity;
  let unreachable = false;
  let cancelRetry: () => void = () => undefined;
  let said = '';
  /** Requests go one after another: the connection is closed after each. */
  let turn: Promise<unknown> = Promise.resolve();

  function restored(): NodeRevision | null {
    try {
      const jws = kept.load();
      return jws === null ? null : verifyRevision(jws, expected);
    } catch (error) {
      logger.warn(`the kept configuration revision is not used: ${messageOf(error)}; it is fetched again`);
      return null;
    }
  }

  function lastConverged(): string | null {
    try {
      return kept.converged();
    } catch {
      return null;
    }
  }

  function noteConverged(): void {
    if (current === null || seen?.revision !== current.revision || seen.hash !== current.config_hash) return;
    if (applying?.state === 'APPLYING' || converged === seen.hash) return;
    converged = seen.hash;
    try {
      kept.saveConverged(converged);
    } catch (error) {
      logger.warn(`OPENCLAW_BRIDGE_STATE_DIR: that the gateway converged cannot be kept there (${codeOf(error)})`);
    }
  }

  /** Each trouble once, until it changes or ends. */
  function trouble(message: string): void {
    if (said === message) return;
    said = message;
    logger.warn(message);
  }

  function look(): void {
    const before = facts();
    try {
      seen = config === null ? null : see(config);
    } catch {
      seen = null;
      trouble('the gateway’s configuration cannot be hashed: it holds text that is no Unicode');
    }
    noteConverged();
    tellNews(before);
  }

  function tellNews(before: ManagedFacts): void {
    const after = facts();
    const news = (['revision', 'configHash', 'applyStatus'] as const).some((name) => before[name] !== after[name]);
    if (news) options.onChange();
  }

  function see(document: Readonly<Record<string, unknown>>): Seen {
    const values = current === null ? leavesOf(document) : managedValues(document, current.values);
    return { revision: current?.revision ?? null, values, hash: managedConfigHash(values) };
  }

  function facts(): ManagedFacts {
    if (current === null) return UNMANAGED;
    const configHash = seen?.revision === current.revision ? seen.hash : null;
    return { revision: current.revision, configHash, applyStatus: applyStatus(current.config_hash, configHash) };
  }

  function applyStatus(wanted: string, has: string | null): ManagedFacts['applyStatus'] {
    const own = applying?.configHash === wanted ? applying.state : null;
    // What is being verified may still be taken back.
    if (own === 'APPLYING') return own;
    if (has === wanted) return 'APPLIED';
    return own ?? (converged === wanted ? 'APPLIED' : 'UNSET');
  }

  const fetchDue = (): boolean =>
    typeof desired === 'string' &&
    (current?.revision !== desired || clock.monotonic() - fetchedAt >= options.refreshMs);
  const reportDue = (): boolean =>
    seen !== null && desired !== undefined && seen.revision === desired && !sameSeen(seen, settled);

  function wake(): void {
    if (stopped || busy || !(fetchDue() || reportDue())) return;
    cancelRetry();
    const waitMs = heldUntil - clock.monotonic();
    if (waitMs > 0) cancelRetry = clock.after(waitMs, wake);
    else void work();
  }

  function inTurn<T>(request: () => Promise<T>): Promise<T> {
    const mine = turn
      .then(request)
      // One connection a node is enough for the collector to keep open.
      .finally(() => requests.close());
    turn = mine.catch(() => undefined);
    return mine;
  }

  async function work(): Promise<void> {
    busy = true;
    try {
      // First, so that a revision that cannot be had keeps nothing else from being told.
      await inTurn(async () => {
        await reportIfDue();
        if (isRunning() && fetchDue()) await takeDesired(String(desired));
        await reportIfDue();
      });
      [failures, unreachable] = [0, false];
      if (said !== '') logger.info('the configuration is in step with the collector again');
      said = '';
    } catch (error) {
      const wait = BACKOFF[Math.min(failures, BACKOFF.length - 1)] ?? 0;
      failures += 1;
      unreachable = !(error instanceof Failed);
      heldUntil =
        clock.monotonic() + ((error instanceof Failed ? error.waitMs : null) ?? wait * (0.8 + 0.4 * options.random()));
      const why = messageOf(error);
      if (isRunning()) trouble(unreachable ? `the collector was not reached about the configuration: ${why}` : why);
    } finally {
      busy = false;
      wake();
    }
  }

  async function takeDesired(id: string): Promise<void> {
    try {
      const fetched = await fetchRevision(requests, expected, id);
      fetchedAt = clock.monotonic();
      // The collector wants another one, or none, by now.
      if (desired === id) take(fetched);
    } catch (error) {
      if (!(error instanceof RevisionRefused)) throw error;
      throw new Failed(
        `the configuration revision that the collector sent is refused: ${error.message}`,
        BACKOFF.at(-1)
      );
    }
  }

  function take({ revision, jws }: Fetched): void {
    current = revision;
    keep(jws);
    look();
  }

  function keep(jws: string | null): void {
    try {
      kept.save(jws);
    } catch (error) {
      logger.warn(`OPENCLAW_BRIDGE_STATE_DIR: the configuration revision cannot be kept there (${codeOf(error)})`);
    }
  }

  async function reportIfDue(): Promise<void> {
    if (isRunning() && reportDue() && seen !== null) await report(seen);
  }

  async function report(what: Seen): Promise<void> {
    const body = JSON.stringify({
      revision: what.revision,
      config_hash: what.hash,
      values: what.values,
    } satisfies ConfigReport);
    const before = voided;
    const settle = (): void => {
      if (voided === before) settled = what;
    };
    const paths = Object.keys(what.values).length;
    const count = countOfValues(what.values);
    if (Buffer.byteLength(body) > MAX_CONFIG_BYTES || paths > MAX_MANAGED_PATHS || count > MAX_CONFIG_VALUES) {
      settle();
      throw new Failed(
        `the gateway’s configuration is too large to report (${paths} settings, ${count} values, ${Buffer.byteLength(body)} bytes); name a revision with fewer paths for this target`
      );
    }
    const reply = await requests.send({ method: 'PUT', path: 'config-report', body });
    if (reply.status >= 200 && reply.status < 300) {
      settle();
      return;
    }
    const unknown = reply.status === 404 || reply.status === 405 || reply.status === 501;
    if (unknown)
      throw new Failed('the collector takes no reports of configurations; it is asked again later', UNKNOWN_WAIT);
    // Sent again unchanged it would be refused again.
    if (isFinal(reply.status)) settle();
    throw refusal('the report of the configuration was not taken', reply);
  }

  function forget(): void {
    settled = null;
    voided += 1;
  }

  const isRunning = (): boolean => !stopped;

  return {
    replied: (reply) => {
      if (reply.report_full_state === true) forget();
      // A beat that came too late says nothing else of now.
      if (reply.status !== 'accepted') {
        wake();
        return;
      }
      const next = reply.desired_revision ?? null;
      if (next !== desired) {
        forget();
        [failures, heldUntil] = [0, -Infinity];
      }
      // The collector is back: no reason to wait on.
      if (unreachable) heldUntil = -Infinity;
      desired = next;
      if (next === null && current !== null) {
        current = null;
        keep(null);
        look();
      }
      wake();
    },
    read: (document) => {
      config = document;
      look();
      wake();
    },
    facts,
    fetch: async (id) => {
      const fetched = await inTurn(() => fetchRevision(requests, expected, id));
      [desired, fetchedAt] = [id, clock.monotonic()];
      take(fetched);
      wake();
      return fetched.revision;
    },
    told: () => current,
    applying: (what) => {
      const before = facts();
      applying = what;
      noteConverged();
      tellNews(before);
    },
    stop: () => {
      stopped = true;
      cancelRetry();
      requests.close();
    },
  };
}

const isFinal = (status: number): boolean =>
  status >= 400 && status < 500 && ![401, 403, 408, 425, 429].includes(status);

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'an unknown error');
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? messageOf(error);
