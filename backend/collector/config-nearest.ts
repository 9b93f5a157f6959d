/** How many letters must be added, removed or changed to make `b` of `a` (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/** The name that was probably meant: the nearest, when it is near (at most a third of its letters off). */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const scored = names.map((one) => ({ one, off: distance(name.toLowerCase(), one.toLowerCase()) }));
  const best = scored.toSorted((a, b) => a.off - b.off)[0];
  return best !== undefined && best.off <= Math.max(2, Math.floor(best.one.length / 3)) ? best.one : undefined;
}
