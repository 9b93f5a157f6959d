type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/**
 * Waits until `condition` gives something truthy.
 * @param what in words, for the error; a function is asked only then
 * @param limitMs gives up after this
 * @param everyMs looks this often
 */
export async function waitFor<T>(
  condition: () => T | Promise<T>,
  what: string | (() => string),
  limitMs = 30_000,
  everyMs = 20
): Promise<Truthy<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Truthy<T>;
    if (performance.now() > end)
      throw new Error(`waited ${limitMs / 1000} s in vain for ${typeof what === 'string' ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
