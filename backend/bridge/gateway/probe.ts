import { get } from 'node:http';
import { list, record, text, number } from './parse.ts';

/** How long a gateway may take to answer a probe, in milliseconds (openclaw-notes section 11). */
export const PROBE_TIMEOUT = 2_000;
const MAX_BODY_BYTES = 64 * 1024;

export const ENDPOINTS = ['healthz', 'startupz', 'readyz'] as const;
export type Endpoint = (typeof ENDPOINTS)[number];

/** What became of one GET. `refused`: nobody listens, or the process went away. `timeout`: it took the connection and said nothing. */
export type ProbeOutcome =
  | { readonly kind: 'answer'; readonly status: number; readonly body: Readonly<Record<string, unknown>> }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'failed'; readonly reason: string };

/** One look at the three endpoints. */
export interface ProbeRound {
  readonly outcomes: Readonly<Record<Endpoint, ProbeOutcome>>;
  /** How long each took, in milliseconds. */
  readonly durations: Readonly<Record<Endpoint, number>>;
}

const GONE: ReadonlySet<string> = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE']);

/** GET of one endpoint over a connection of its own; never rejects. @param base such as `http://127.0.0.1:18789` */
export function probe(base: URL, endpoint: Endpoint, timeoutMs = PROBE_TIMEOUT): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    const deadline = AbortSignal.timeout(timeoutMs);
    const fail = (error: unknown): void => resolve(deadline.aborted ? { kind: 'timeout' } : failure(error));
    const request = get(new URL(`/${endpoint}`, base), { agent: false, signal: deadline }, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_BODY_BYTES) request.destroy(new Error(`an answer of more than ${MAX_BODY_BYTES} bytes`));
        else chunks.push(chunk);
      });
      response.on('error', fail);
      response.on('end', () => {
        resolve({ kind: 'answer', status: response.statusCode ?? 0, body: parsed(Buffer.concat(chunks)) });
      });
    });
    request.on('error', fail);
  });
}

/** Looks at all three endpoints at once, so that a hung gateway costs one timeout. */
export async function probeRound(base: URL, monotonic: () => number, timeoutMs = PROBE_TIMEOUT): Promise<ProbeRound> {
  const results = await Promise.all(
    ENDPOINTS.map(async (endpoint) => {
      const startedAt = monotonic();
      const outcome = await probe(base, endpoint, timeoutMs);
      return [endpoint, outcome, monotonic() - startedAt] as const;
    })
  );
  return {
    outcomes: Object.fromEntries(results.map(([name, outcome]) => [name, outcome])) as ProbeRound['outcomes'],
    durations: Object.fromEntries(results.map(([name, , ms]) => [name, ms])) as ProbeRound['durations'],
  };
}

/** What a round says, freed of HTTP. */
export type Sighting =
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'timeout' }
  /** Something answers that is not an OpenClaw gateway, or the probe itself failed. */
  | { readonly kind: 'unclear'; readonly reason: string }
  | {
      readonly kind: 'answer';
      readonly phase: 'started' | 'starting' | 'draining';
      /** What the start waits for. */
      readonly pending: string | null;
      readonly ready: boolean;
      /** Why it is not ready, such as `gateway-draining`. */
      readonly failing: readonly string[];
      readonly version: string | null;
      /** Since the gateway's last start, also one inside its process. Milliseconds. */
      readonly uptimeMs: number | null;
      /** Why its event loop is degraded; empty when it is not. */
      readonly eventLoop: readonly string[];
    };

/** Reads a round (openclaw-notes section 1): /healthz decides whether it lives, /startupz and /readyz how far it is. */
export function interpret(round: ProbeRound): Sighting {
  const { healthz, startupz, readyz } = round.outcomes;
  if (healthz.kind === 'failed') return { kind: 'unclear', reason: healthz.reason };
  if (healthz.kind !== 'answer') return healthz;
  if (healthz.status !== 200 || healthz.body['status'] !== 'live') {
    return { kind: 'unclear', reason: `/healthz answers ${healthz.status} and not as an OpenClaw gateway does` };
  }
  const startup = startupz.kind === 'answer' ? startupz.body : {};
  const readiness = readyz.kind === 'answer' ? readyz.body : {};
  const failing = list(readiness['failing']).map(String);
  const ready = readyz.kind === 'answer' && readyz.status === 200 && readiness['ready'] === true;
  const loop = record(readiness['eventLoop']);
  return {
    kind: 'answer',
    phase: phaseOf(text(startup['status']), failing),
    pending: text(startup['pendingReason']),
    ready,
    failing: ready || failing.length > 0 ? failing : [`/readyz: ${wordsOf(readyz)}`],
    version: text(startup['version']),
    uptimeMs: number(startup['uptimeMs']) ?? number(readiness['uptimeMs']),
    eventLoop: loop['degraded'] === true ? list(loop['reasons']).map(String) : [],
  };
}

function phaseOf(status: string | null, failing: readonly string[]): 'started' | 'starting' | 'draining' {
  if (status === 'started' || status === 'starting' || status === 'draining') return status;
  if (failing.includes('gateway-draining')) return 'draining';
  return failing.includes('startup-sidecars') ? 'starting' : 'started';
}

/** One outcome in words. */
export function wordsOf(outcome: ProbeOutcome): string {
  switch (outcome.kind) {
    case 'answer':
      return `answered ${outcome.status}`;
    case 'refused':
      return 'connection refused';
    case 'timeout':
      return `no answer within ${PROBE_TIMEOUT / 1000} s`;
    case 'failed':
      return outcome.reason;
  }
}

function failure(error: unknown): ProbeOutcome {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && GONE.has(code)) return { kind: 'refused', code };
  return { kind: 'failed', reason: code ?? message };
}

function parsed(body: Buffer): Readonly<Record<string, unknown>> {
  try {
    return record(JSON.parse(body.toString('utf8')));
  } catch {
    return {};
  }
}
