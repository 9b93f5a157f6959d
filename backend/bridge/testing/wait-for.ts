/**
 * Resolves once `condition` holds; rejects after `timeoutMs`.
 * @param what it waits for, for the message; a function is asked only then
 */
export async function waitFor(
  what: string | (() => string),
  condition: () => boolean,
  timeoutMs = 30_000
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) {
      throw new Error(`Waited ${timeoutMs} ms in vain for ${typeof what === 'string' ? what : what()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
