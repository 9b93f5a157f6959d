type Truthy<T> = Exclude<T, false | null | undefined | 0 | ''>;

/**
 * Waits until `condition` gives something truthy.
 * @param what in words, for the error
 * @param limitMs gives up after this
 */
export async function waitFor<T>(condition: () => T | Promise<T>, what: string, limitMs = 20_000): Promise<Truthy<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const value = await condition();
    if (value) return value as Truthy<T>;
    if (performance.now() > end) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
