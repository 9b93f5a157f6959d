import type { Clock } from '@openclaw-fleet/client';
import type { ReadMethod } from './connection.ts';
import { RpcError } from './connection.ts';
import { configOf, healthFactsOf, lanesOf, systemOf, workOf } from './facts.ts';
import type { ConfigFacts, HealthFacts, Lane, SystemFacts } from './facts.ts';
import type { JobList, JobTally } from './jobs.ts';
import { JobWindow, oldestOf } from './jobs.ts';
import type { Observed } from './observed.ts';
import { list, number, record } from './parse.ts';
import type { GatewayRpc } from './rpc.ts';

const DAY = 86_400_000;
/** Pages of jobs, and of results, that are read at most. */
const MAX_PAGES = 5;
const PAGE = 200;
const MAX_ROWS = MAX_PAGES * PAGE;
/** What counts miss when there is more than is read. */
const PARTIAL: Partial<Record<ReadMethod, string>> = {
  'cron.list': `the gateway has more than ${MAX_ROWS} scheduled jobs: those past the first ${MAX_ROWS} are not counted, nor seen failing`,
  'cron.runs': `the gateway has more than ${MAX_ROWS} job results of the last 24 hours: older ones than the newest ${MAX_ROWS} are not counted`,
};
/** The gateway's own answers for "not now"; no trouble. */
const NOT_NOW: ReadonlySet<string | null> = new Set(['gateway-suspending', 'startup-sidecars']);

type Payload = Readonly<Record<string, unknown>>;
type Facts = Pick<Observed, 'lanes' | 'work' | 'config' | 'divergedMs' | 'health' | 'system' | 'jobs' | 'readTroubles'>;

export interface GatewayReads {
  /** A new connection: everything is due, the history of jobs too. */
  connected(): void;
  /** Everything is due. */
  refresh(): void;
  /** The event `config.changed`. */
  configChanged(): void;
  /** The event `cron`. */
  jobEvent(payload: Payload): void;
  /**
   * Reads what is due. Never rejects: what could not be read is in `readTroubles`.
   * @returns whether anything was read, and whether that was all there is
   */
  run(): Promise<{ readonly some: boolean; readonly all: boolean }>;
  facts(): Facts;
  /** Results of the last hour of each job that had any. */
  jobCounts(): ReadonlyMap<string, JobTally>;
}

export interface ReadsOptions {
  /** Between two reads of what changes seldom. Milliseconds. */
  readonly slowMs: number;
  readonly clock: Clock;
  /** The configuration that was read: `parsed` of `config.get`. Not while its file cannot be parsed. */
  readonly onConfig?: (parsed: Payload) => void;
  /** There is more than is read: what the counts miss, in words. Once, until all of it was read again. */
  readonly onPartial?: (message: string) => void;
  /** Whether the configuration is read each time, since somebody waits for a change. */
  readonly watchConfig?: () => boolean;
}

/**
 * What is read over the connection, and when (openclaw-notes section 11): lanes and work each time; health, jobs,
 * configuration and system every `slowMs`; the configuration also after a change, until it is active, and each time while
 * it is watched: not every way to change it is announced.
 */
export function createGatewayReads(rpc: Pick<GatewayRpc, 'read'>, options: ReadsOptions): GatewayReads {
  const { slowMs, clock } = options;
  const window = new JobWindow();
  const troubles = new Map<ReadMethod, string>();
  const partial = new Set<ReadMethod>();
  let lanes: Lane[] | null = null;
  let work: Readonly<Record<string, number>> | null = null;
  let config: ConfigFacts | null = null;
  let divergedSince: number | null = null;
  let health: HealthFacts | null = null;
  let system: SystemFacts | null = null;
  let jobList: JobList | null = null;
  let slowAt = -Infinity;
  let configReads = 0;
  let backfill = false;

  async function read(method: ReadMethod, take: (payload: Payload) => void, params: Payload = {}): Promise<boolean> {
    try {
      take(await rpc.read(method, params));
      troubles.delete(method);
      return true;
    } catch (error) {
      if (!(error instanceof RpcError)) troubles.set(method, `${method}: the answer cannot be used`);
      else if (error.code !== 'CLOSED' && !NOT_NOW.has(error.detail)) troubles.set(method, error.message);
      return false;
    }
  }

  /** Reads pages until `take` or the gateway says that it is enough. @returns false when one could not be read */
  async function readPages(method: ReadMethod, params: Payload, take: (page: Payload) => boolean): Promise<boolean> {
    let offset: number | null = 0;
    for (let page = 0; offset !== null && page < MAX_PAGES; page += 1) {
      const pages: (number | null)[] = [];
      const takeOne = (payload: Payload): void => {
        pages.push(take(payload) && payload['hasMore'] === true ? number(payload['nextOffset']) : null);
      };
      if (!(await read(method, takeOne, { ...params, limit: PAGE, offset }))) return false;
      offset = pages[0] ?? null;
    }
    tellPartial(method, offset !== null);
    return true;
  }

  function tellPartial(method: ReadMethod, more: boolean): void {
    if (more && !partial.has(method)) options.onPartial?.(PARTIAL[method] ?? method);
    if (more) partial.add(method);
    else partial.delete(method);
  }

  async function readConfig(): Promise<boolean> {
    configReads = Math.max(0, configReads - 1);
    return read('config.get', (payload) => {
      config = configOf(payload);
      divergedSince = config.converged ? null : (divergedSince ?? clock.monotonic());
      if (config.fullHash !== null) options.onConfig?.(record(payload['parsed']));
    });
  }

  async function readJobs(): Promise<boolean> {
    const found: unknown[] = [];
    const params = { includeDisabled: true, includeDeliveryPreviews: false, compact: true };
    const listed = await readPages('cron.list', params, (page) => {
      found.push(...list(page['jobs']));
      return true;
    });
    if (!listed) return false;
    jobList = window.takeList(found);
    if (!backfill) return true;
    const filled = await readPages('cron.runs', { scope: 'all' }, (page) => {
      for (const entry of list(page['entries'])) window.take(record(entry), clock.now());
      const oldest = oldestOf(page['entries']);
      return oldest !== null && oldest > clock.now() - DAY;
    });
    backfill = !filled;
    return filled;
  }

  return {
    connected: () => {
      backfill = true;
      slowAt = -Infinity;
      troubles.clear();
    },
    refresh: () => {
      slowAt = -Infinity;
    },
    configChanged: () => {
      // Once now and once with the next round: the gateway answers from a cache for a moment.
      configReads = 2;
    },
    jobEvent: (payload) => window.take(payload, clock.now()),
    run: async () => {
      const now = clock.monotonic();
      const slow = now >= slowAt;
      if (slow) slowAt = now + slowMs;
      const done = await Promise.all([
        read('diagnostics.lanes', (payload) => {
          lanes = lanesOf(payload);
        }),
        read('gateway.restart.preflight', (payload) => {
          work = workOf(payload);
        }),
        ...(slow || configReads > 0 || divergedSince !== null || options.watchConfig?.() ? [readConfig()] : []),
        ...(slow
          ? [
              readJobs(),
              read('health', (payload) => {
                health = healthFactsOf(payload);
              }),
              read('system.info', (payload) => {
                system = systemOf(payload);
              }),
            ]
          : []),
      ]);
      // What a hung or suspended gateway owes is asked for again as soon as it answers.
      if (slow && done.includes(false)) slowAt = -Infinity;
      return { some: done.includes(true), all: slow };
    },
    jobCounts: () => window.tallies(clock.now()),
    facts: () => ({
      lanes,
      work,
      config,
      divergedMs: divergedSince === null ? 0 : clock.monotonic() - divergedSince,
      health,
      system,
      jobs: jobList && { list: jobList, counts: window.counts(clock.now()) },
      readTroubles: [...troubles.values()],
    }),
  };
}
