const LIMIT_MS = 30_000;
const POLL_MS = 2;

/** Waits in real time until `condition` holds. @param say what is missing, for the message */
export async function waitFor(
  condition: () => boolean,
  say: () => string = () => 'condition',
  limitMs = LIMIT_MS
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1000} s in vain: ${say()}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
