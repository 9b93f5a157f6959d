import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';

/** Plain numbers that are added to in place (`tally.accepted++`); a scrape reads them. */
export type Tally<K extends string> = Record<K, number>;

/** A tally of zeros. */
export function zeros<K extends string>(names: readonly K[]): Tally<K> {
  return Object.fromEntries(names.map((name) => [name, 0])) as Tally<K>;
}

/** Exposes a tally as a counter with one series a key. */
export function exposeTally<K extends string>(
  registry: Registry,
  tally: Tally<K>,
  { name, help, label }: { name: string; help: string; label: string }
): void {
  new Counter({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      this.reset();
      for (const key of Object.keys(tally) as K[]) this.inc({ [label]: key }, tally[key]);
    },
  });
}
