import { configRevisionSchema, runPageSchema, summarySchema, targetPageSchema } from '@openclaw-fleet/contract';
import type { ConfigValues, DriftMode, FleetSummary, FleetTarget, Run } from '@openclaw-fleet/contract';

/** The fleet as the collector's API shows it at one moment. */
export interface FleetPicture {
  readonly summary: FleetSummary;
  readonly targets: readonly FleetTarget[];
  /** Repairs, the newest first. */
  readonly runs: readonly Run[];
}

const TIMEOUT_MS = 5000;

/** Newest repairs that are looked at. */
const RUNS = 50;

async function call(apiUrl: string, token: string, path: string, body?: object): Promise<Response> {
  return fetch(apiUrl + path, {
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { method: 'POST', body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

async function answerOf(answer: Response, what: string): Promise<unknown> {
  if (answer.ok) return answer.json();
  const { detail } = (await answer.json().catch(() => ({}))) as { detail?: string };
  throw new Error(`${what} answered ${answer.status}${detail === undefined ? '' : `: ${detail}`}`);
}

/** Reads the fleet, up to 500 targets. @throws Error when the collector does not answer as it should */
export async function readFleet(apiUrl: string, token: string): Promise<FleetPicture> {
  const get = async (path: string): Promise<unknown> => answerOf(await call(apiUrl, token, path), `GET ${path}`);
  const [summary, page, runs] = await Promise.all([
    get('/fleet/summary'),
    get('/fleet/targets?limit=500'),
    get(`/fleet/remediations/runs?limit=${RUNS}`),
  ]);
  return {
    summary: summarySchema.parse(summary),
    targets: targetPageSchema.parse(page).items,
    runs: runPageSchema.parse(runs).items,
  };
}

/** What a demo's fleet should run, and what is done about drift by itself. */
export interface DemoPolicy {
  readonly id: string;
  readonly name: string;
  readonly driftMode: DriftMode;
  readonly values: ConfigValues;
}

/**
 * Stores a configuration revision and a profile that names it, and gives the profile to targets as they come up.
 * @param token of role approver
 * @param alive rejects when waiting is in vain
 * @throws Error with what the collector said, or after `limitMs`
 */
export async function applyPolicy(
  apiUrl: string,
  token: string,
  { id, name, driftMode, values }: DemoPolicy,
  targetIds: readonly string[],
  limitMs: number,
  alive: Promise<never>
): Promise<void> {
  const reason = 'the desired state of the demo';
  const post = async (path: string, body: object): Promise<unknown> =>
    answerOf(await call(apiUrl, token, path, { ...body, reason }), `POST ${path}`);
  const revision = configRevisionSchema.parse(await post('/fleet/configs', { title: name, values }));
  await post('/fleet/policies', { id, name, driftMode, desired: { configRevision: revision.id } });
  const deadline = Date.now() + limitMs;
  for (const targetId of targetIds) {
    const path = `/fleet/targets/${targetId}/apply-policy`;
    for (;;) {
      const answer = await Promise.race([call(apiUrl, token, path, { policyId: id, reason }), alive]);
      // It is known from its first heartbeat on.
      if (answer.status !== 404 || Date.now() > deadline) {
        await answerOf(answer, `POST ${path}`);
        break;
      }
      await Promise.race([new Promise((resolve) => setTimeout(resolve, 200)), alive]);
    }
  }
}

/**
 * Waits until `url` answers 200.
 * @param alive rejects when waiting is in vain
 * @throws Error after `limitMs`
 */
export async function waitUntilReady(what: string, url: string, limitMs: number, alive: Promise<never>): Promise<void> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const ready = await Promise.race([answers(url), alive]);
    if (ready) return;
    if (Date.now() > deadline)
      throw new Error(`${what} is not ready after ${limitMs / 1000} s: ${url} does not answer 200.`);
    await Promise.race([new Promise((resolve) => setTimeout(resolve, 200)), alive]);
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    const { ok } = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return ok;
  } catch {
    return false;
  }
}
