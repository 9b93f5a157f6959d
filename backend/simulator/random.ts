/** A source of numbers in [0, 1), the same for the same seed. */
export type Random = () => number;

/** FNV-1a over UTF-16 code units: a 32-bit hash, good enough to keep streams of one seed apart. */
function hash32(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/**
 * A seeded generator (mulberry32). Not for secrets.
 * @param seed any integer
 * @param stream names an independent stream of the seed, so that drawing in one place never shifts another
 */
export function randomOf(seed: number, stream = ''): Random {
  let state = (seed ^ hash32(stream)) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** `values` in a random order; the input stays as it is. */
export function shuffled<T>(values: readonly T[], random: Random): T[] {
  const result = [...values];
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}

/** `length` lower-case hex digits. */
export function hex(length: number, random: Random): string {
  let text = '';
  while (text.length < length) text += Math.floor(random() * 16).toString(16);
  return text;
}
