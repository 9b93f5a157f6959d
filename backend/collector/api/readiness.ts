/** Why the collector is not ready, each in words that name no secret; empty when it is. */
export type ReadinessCheck = () => Promise<readonly string[]> | readonly string[];

/** Longer than this is an answer too. Milliseconds. */
const TIME_LIMIT_MS = 5000;

/**
 * Wraps a check for an address that asks for no token: callers at the same time share one run, and a check that hangs
 * or throws is a reason.
 */
export function sharedReadiness(check: ReadinessCheck, limitMs = TIME_LIMIT_MS): () => Promise<readonly string[]> {
  let underWay: Promise<readonly string[]> | null = null;
  const run = async (): Promise<readonly string[]> => {
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<readonly string[]>((resolve) => {
      timer = setTimeout(() => resolve([`the checks did not end within ${limitMs / 1000} s`]), limitMs);
    });
    try {
      return await Promise.race([Promise.resolve().then(check), limit]);
    } catch {
      return ['a check failed; see the log'];
    } finally {
      clearTimeout(timer);
    }
  };
  return () => (underWay ??= run().finally(() => (underWay = null)));
}
