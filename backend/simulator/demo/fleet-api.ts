import { summarySchema, targetPageSchema } from '@openclaw-fleet/contract';
import type { FleetSummary, FleetTarget } from '@openclaw-fleet/contract';

/** The fleet as the collector's API shows it at one moment. */
export interface FleetPicture {
  readonly summary: FleetSummary;
  readonly targets: readonly FleetTarget[];
}

const TIMEOUT_MS = 5000;

/** Reads the fleet, up to 500 targets. @throws Error when the collector does not answer as it should */
export async function readFleet(apiUrl: string, token: string): Promise<FleetPicture> {
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(apiUrl + path, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!answer.ok) throw new Error(`GET ${path} answered ${answer.status}`);
    return answer.json();
  };
  const [summary, page] = await Promise.all([get('/fleet/summary'), get('/fleet/targets?limit=500')]);
  return { summary: summarySchema.parse(summary), targets: targetPageSchema.parse(page).items };
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
