import { fullConfigHash } from './config-hash.ts';
import { code, list, number, record, text } from './parse.ts';

type Payload = Readonly<Record<string, unknown>>;

/** One command lane of the gateway: a queue with so many workers. */
export interface Lane {
  readonly name: string;
  readonly queued: number;
  readonly active: number;
  /** Null for the sum of the short-lived lanes, which have no limit of their own. */
  readonly workers: number | null;
  /** It takes nothing new. */
  readonly closed: boolean;
}

/** Reads `diagnostics.lanes`; the lanes of single sessions come summed up, as `dynamic`. */
export function lanesOf(payload: Payload): Lane[] {
  const lanes = list(payload['lanes'])
    .map(record)
    .map((lane) => ({
      name: code(lane['lane']),
      queued: number(lane['queuedCount']) ?? 0,
      active: number(lane['activeCount']) ?? 0,
      workers: number(lane['maxConcurrent']),
      closed: lane['draining'] === true || text(lane['blockedBy']) !== null,
    }));
  const dynamic = record(payload['dynamic']);
  const queued = number(dynamic['queuedCount']);
  const active = number(dynamic['activeCount']) ?? 0;
  return queued === null ? lanes : [...lanes, { name: 'dynamic', queued, active, workers: null, closed: false }];
}

/** Work under way by kind, from `gateway.restart.preflight`. */
export function workOf(payload: Payload): Readonly<Record<string, number>> {
  const counts = Object.entries(record(payload['counts'])).slice(0, 32);
  return Object.fromEntries(counts.map(([kind, count]) => [code(kind), number(count) ?? 0]));
}

export interface ConfigFacts {
  /** Null while the file cannot be parsed. */
  readonly fullHash: string | null;
  readonly valid: boolean;
  /** The saved configuration is the active one. */
  readonly converged: boolean;
  /** Where the first issue is: two levels of the path at most, since deeper keys can be people's names. */
  readonly firstIssue: string | null;
}

/** Reads `config.get` (openclaw-notes section 3). */
export function configOf(payload: Payload): ConfigFacts {
  const { parsed } = payload;
  const saved = text(payload['configRevisionHash']);
  const issue = text(record(list(payload['issues'])[0])['path']);
  const readable = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
  return {
    fullHash: readable ? fullConfigHash(record(parsed)) : null,
    valid: payload['valid'] === true,
    converged: saved !== null && saved === payload['appliedConfigHash'],
    firstIssue: issue === null ? null : code(issue.split('.').slice(0, 2).join('.')),
  };
}

export interface SystemFacts {
  /** Of one core, so it may exceed 100. */
  readonly cpuPct: number | null;
  readonly memUsedBytes: number | null;
}

/** Reads `system.info`: of the gateway's process, not of the machine. */
export function systemOf(payload: Payload): SystemFacts {
  const ratio = number(record(payload['eventLoop'])['cpuCoreRatio']);
  return {
    cpuPct: ratio === null ? null : Math.round(ratio * 1000) / 10,
    memUsedBytes: number(record(payload['processMemory'])['rssBytes']),
  };
}

export interface HealthFacts {
  readonly pluginErrors: number;
  readonly modelRuntimeDegraded: boolean;
  /** Messages given up on, in all delivery queues. */
  readonly failedDeliveries: number;
}

/** Reads `health`. Its `ok` only means that a snapshot was made. */
export function healthFactsOf(payload: Payload): HealthFacts {
  const failed = list(record(payload['deliveryQueues'])['failed']).map((queue) => number(record(queue)['count']) ?? 0);
  return {
    pluginErrors: list(record(payload['plugins'])['errors']).length,
    modelRuntimeDegraded: record(payload['modelRuntime'])['degraded'] === true,
    failedDeliveries: failed.reduce((sum, count) => sum + count, 0),
  };
}
