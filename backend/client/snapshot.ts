import { hostname as machineName } from 'node:os';
import type { JobsBlock, ReportedBlock } from '@openclaw-fleet/contract';
import { messageOf, PublishFailure } from './failure.ts';
import { amount, count, flag, isPrintable, listOf, matching, objectOf, oneOf, ShapeError, text } from './shape.ts';
import type { Shape } from './shape.ts';

// The bounds of contract/heartbeat.ts, which this package must not import at run time; a test compares them.
const MAX_TAGS = 64;
const MAX_TAG_LENGTH = 128;
const MAX_RESOURCES = 32;
const MAX_CAPABILITIES = 32;
const MAX_REASONS = 8;
const RESOURCE_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

const shortText = text(128);
const hash = matching(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hex');

const reportedShape: Shape<ReportedBlock> = objectOf(
  {
    bridge_version: text(128, 1),
    gateway_state: oneOf('running', 'starting', 'draining', 'restarting', 'hung', 'dead', 'unknown'),
    apply_status: oneOf('UNSET', 'APPLYING', 'APPLIED', 'FAILED'),
    sync_lag_ms: amount,
    health_status: oneOf('ok', 'warn', 'error'),
    health_reasons: listOf(text(200), MAX_REASONS),
    metrics: objectOf({}, { cpu_pct: amount, mem_used_bytes: amount, queue_depth: amount, failed_pushes_1h: count }),
  },
  {
    openclaw_version: shortText,
    openclaw_build: shortText,
    gateway_boot_id: shortText,
    transport: oneOf('reverse_ssh', 'direct_https', 'hybrid'),
    environment: oneOf('local', 'vps', 'cloud'),
    config_hash: hash,
    full_config_hash: hash,
    config_valid: flag,
    config_converged: flag,
    revision: shortText,
    actions_address: shortText,
    tunnel_port: count,
    metrics_address: shortText,
  }
);

const jobsShape: Shape<JobsBlock> = objectOf(
  { total: count, enabled: count, failing: count, results_1h: count, failures_1h: count },
  { results_24h: count, failures_24h: count }
);

const capabilitiesShape = listOf(
  matching(/^[a-z][a-z0-9_:.-]{0,63}$/, 'a capability such as restart'),
  MAX_CAPABILITIES
);

export interface Blocks {
  readonly reported?: ReportedBlock;
  readonly capabilities?: readonly string[];
  readonly jobs?: JobsBlock;
}

/** A snapshot within the bounds of the contract. */
export interface CleanSnapshot {
  readonly hostname: string;
  readonly version: string;
  readonly capacity: Readonly<Record<string, number>>;
  readonly queue_depth: Readonly<Record<string, number>>;
  readonly tags: readonly string[];
  readonly uptime_seconds?: number;
  readonly blocks: Blocks;
}

export interface SnapshotDefaults {
  readonly hostname?: string;
  readonly version?: string;
  readonly tags: readonly string[];
}

/**
 * Makes what a host returned fit to send: unknown members are not sent, a part that cannot be used is left out, so that
 * a broken job count does not silence the whole node.
 * @returns the snapshot, and a sentence for each part left out
 * @throws PublishFailure `snapshot` when it is no object, or cannot be read
 */
export function cleanSnapshot(
  given: unknown,
  defaults: SnapshotDefaults
): { snapshot: CleanSnapshot; problems: readonly string[] } {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new PublishFailure('snapshot', 'snapshot() must return an object; it returned something else');
  }
  try {
    return clean(given as Record<string, unknown>, defaults);
  } catch (error) {
    throw new PublishFailure('snapshot', `what snapshot() returned cannot be read: ${messageOf(error)}`);
  }
}

function clean(
  given: Record<string, unknown>,
  defaults: SnapshotDefaults
): { snapshot: CleanSnapshot; problems: readonly string[] } {
  const problems: string[] = [];
  const part = <T>(name: string, check: Shape<T>): T | undefined => {
    const value = given[name];
    if (value === undefined || value === null) return undefined;
    try {
      return check(value, name);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      problems.push(`${error.message}; ${name} was left out`);
      return undefined;
    }
  };
  const version = part('version', text(128, 1)) ?? defaults.version;
  if (version === undefined) problems.push('version is missing; return it from snapshot() or set OPENCLAW_VERSION');
  const uptime = part('uptime_seconds', amount);
  const reported = part('reported', reportedShape);
  const capabilities = part('capabilities', capabilitiesShape);
  const jobs = part('jobs', jobsShape);
  const snapshot: CleanSnapshot = {
    hostname:
      (part('hostname', text(253, 1)) ?? defaults.hostname ?? text(253)(machineName(), 'hostname')) || 'unknown',
    version: version ?? 'unknown',
    capacity: resources(given['capacity'], 'capacity', problems),
    queue_depth: resources(given['queue_depth'], 'queue_depth', problems),
    tags: tagsOf(given['tags'], defaults.tags, problems),
    ...(uptime !== undefined && { uptime_seconds: uptime }),
    blocks: { ...(reported && { reported }), ...(capabilities && { capabilities }), ...(jobs && { jobs }) },
  };
  return { snapshot, problems };
}

function resources(given: unknown, name: string, problems: string[]): Record<string, number> {
  if (given === undefined || given === null) return {};
  if (typeof given !== 'object' || Array.isArray(given)) {
    problems.push(`${name} must be an object of numbers; it was left out`);
    return {};
  }
  const kept: [string, number][] = [];
  for (const [key, value] of Object.entries(given)) {
    if (RESOURCE_NAME.test(key) && isAmount(value)) kept.push([key, value]);
    else problems.push(`${name} takes short names and numbers from 0 up; one entry was left out`);
  }
  if (kept.length > MAX_RESOURCES) problems.push(`${name} may have ${MAX_RESOURCES} entries; the rest was left out`);
  return Object.fromEntries(kept.slice(0, MAX_RESOURCES));
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= Number.MAX_SAFE_INTEGER;
}

function tagsOf(given: unknown, own: readonly string[], problems: string[]): string[] {
  if (given !== undefined && given !== null && !Array.isArray(given))
    problems.push('tags must be a list; it was left out');
  const all = [...new Set<unknown>([...own, ...(Array.isArray(given) ? (given as unknown[]) : [])])];
  const kept = all.filter(isTag);
  if (kept.length < all.length)
    problems.push(`a tag must be a text of 1 to ${MAX_TAG_LENGTH} printable characters; others were left out`);
  if (kept.length > MAX_TAGS) problems.push(`there may be ${MAX_TAGS} tags; the rest was left out`);
  return kept.slice(0, MAX_TAGS);
}

function isTag(tag: unknown): tag is string {
  return typeof tag === 'string' && tag !== '' && tag.length <= MAX_TAG_LENGTH && isPrintable(tag);
}
