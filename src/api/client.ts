import { getBackendSrv, isFetchError } from '@grafana/runtime';
import type { Problem } from '@openclaw-fleet/contract';
import { lastValueFrom } from 'rxjs';
import { PROXY_URL } from '../constants.ts';
import { misfitOf } from './shape.ts';
import type { Shape } from './shape.ts';

/** What kind of failure it is: each has its own words and its own next step. */
export type FailureKind =
  | 'not-permitted'
  | 'not-found'
  | 'switched-off'
  | 'refused'
  | 'changed-meanwhile'
  | 'invalid'
  | 'busy'
  | 'unreachable'
  | 'setup'
  | 'failed';

/** A call that did not work. `message` is for people and says what to do next. */
export class FleetError extends Error {
  readonly kind: FailureKind;
  /** 0: no answer came. */
  readonly status: number;
  /** The collector's own words; null: they are Grafana's, or none came. */
  readonly problem: Problem | null;

  constructor(kind: FailureKind, status: number, message: string, problem: Problem | null = null) {
    super(message);
    this.name = 'FleetError';
    this.kind = kind;
    this.status = status;
    this.problem = problem;
  }

  /** What is wrong with one field of the body that was sent; undefined: nothing. */
  fieldError(field: string): string | undefined {
    return this.problem?.errors?.find((each) => each.field === field)?.message;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined | null>>;

export interface Call<T = unknown> {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly query?: Query;
  readonly body?: unknown;
  /** Makes a repeat of a POST harmless; one for each thing that a person wants done once. */
  readonly idempotencyKey?: string;
  /** The version that is changed, as its ETag names it. */
  readonly version?: number;
  readonly signal?: AbortSignal;
  /** What its answer must be like; absent: there is none, or nobody looks into it. */
  readonly shape?: Shape<T>;
}

/**
 * How long a read waits for its answer. Grafana's proxy waits for ever, and a browser has six connections to one Grafana:
 * with a collector that hangs, no other page of it would open, not even the runbook. Milliseconds.
 */
export const READ_MS = 10_000;
const LATE = 'late';

/** Lists are repeated, as the collector reads them; what is undefined, null or empty is left out. */
export function queryString(query: Query): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    if (Array.isArray(value)) for (const each of value as readonly string[]) params.append(name, each);
    else params.append(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}

/**
 * Calls the collector through Grafana's plugin proxy.
 * @param path below the collector's root, such as `fleet/targets`; writes go under `fleet/operator/` or `fleet/approver/`
 * @throws FleetError
 */
export async function call<T>(
  path: string,
  { method = 'GET', query = {}, body, shape, ...more }: Call<T> = {}
): Promise<T> {
  const headers: Record<string, string> = {};
  if (more.idempotencyKey !== undefined) headers['Idempotency-Key'] = more.idempotencyKey;
  if (more.version !== undefined) headers['If-Match'] = `"${String(more.version)}"`;
  const waiting = new AbortController();
  const stop = () => waiting.abort();
  const giveUp = () => waiting.abort(LATE);
  // A write that is cut off may have happened.
  const timer = method === 'GET' ? setTimeout(giveUp, READ_MS) : undefined;
  if (more.signal?.aborted === true) stop();
  more.signal?.addEventListener('abort', stop);
  try {
    const { data, status } = await lastValueFrom(
      getBackendSrv().fetch<T>({
        url: `${PROXY_URL}/${path}${queryString(query)}`,
        method,
        headers,
        data: body,
        showErrorAlert: false,
        showSuccessAlert: false,
        abortSignal: waiting.signal,
      })
    );
    const misfit = misfitOf(shape, data);
    if (misfit !== null) throw notTheCollector(path, status, misfit);
    return data;
  } catch (error) {
    throw waiting.signal.reason === LATE ? notInTime() : failureOf(error);
  } finally {
    clearTimeout(timer);
    more.signal?.removeEventListener('abort', stop);
  }
}

const notInTime = (): FleetError =>
  new FleetError(
    'unreachable',
    0,
    `The collector did not answer within ${String(READ_MS / 1000)} s. Check that it runs and is not overloaded, and its URL on the Setup page.`
  );

const notTheCollector = (path: string, status: number, found: string): FleetError =>
  new FleetError(
    'setup',
    status,
    `What answers to ${path} is not the collector, or not of the version of this app: it sent ${found}. Check the URL of the collector on the Setup page; if that is right, bring the collector and the app to the same version.`
  );

/** What went wrong, in words for people. @param error as Grafana's backendSrv rejects */
export function failureOf(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  if (!isFetchError<unknown>(error)) {
    const why = error instanceof Error ? ` (${error.message})` : '';
    return new FleetError('unreachable', 0, `Grafana did not answer${why}. Check your connection, and try again.`);
  }
  const { status } = error;
  const problem = problemOf(error.data);
  if (problem !== null) return new FleetError(kindOf(problem), status, problem.detail, problem);
  switch (status) {
    case 401:
      return new FleetError('not-permitted', status, 'Your session in Grafana has ended. Log in again.');
    case 403:
      return new FleetError(
        'not-permitted',
        status,
        'Grafana does not let you do this: your role lacks the permission. Ask your Grafana administrator.'
      );
    case 404:
      return new FleetError(
        'setup',
        status,
        'Nothing answers at this address. Check the URL of the collector on the Setup page, and that the plugin is up to date.'
      );
    case 0:
    case 502:
    case 503:
    case 504:
      return new FleetError(
        'unreachable',
        status,
        'Grafana cannot reach the collector. Check that it runs, and its URL on the Setup page.'
      );
    default:
      return new FleetError(
        'failed',
        status,
        messageOf(error.data) ?? `Grafana answered ${String(status)}. Try again.`
      );
  }
}

/** The collector's own words for a failure; null: somebody else answered. */
function problemOf(data: unknown): Problem | null {
  const { type, detail } = (data ?? {}) as Partial<Record<string, unknown>>;
  const isOurs = typeof type === 'string' && type.startsWith('urn:openclaw-fleet:problem:');
  return isOurs && typeof detail === 'string' ? (data as Problem) : null;
}

function messageOf(data: unknown): string | null {
  const { message } = (data ?? {}) as Partial<Record<string, unknown>>;
  return typeof message === 'string' && message !== '' ? message : null;
}

function kindOf({ type, status }: Problem): FailureKind {
  const name = type.slice(type.lastIndexOf(':') + 1);
  if (name === 'feature-disabled') return 'switched-off';
  if (name.startsWith('grafana-')) return 'setup';
  if (name === 'not-ready' || name === 'storage-unavailable') return 'unreachable';
  if (name === 'precondition-failed') return 'changed-meanwhile';
  switch (status) {
    case 403:
      return 'not-permitted';
    case 404:
      return 'not-found';
    case 409:
      return 'refused';
    case 400:
    case 413:
    case 422:
      return 'invalid';
    case 429:
    case 503:
      return 'busy';
    default:
      return 'failed';
  }
}
