import { Gauge, type Registry } from 'prom-client';

/** Adds a gauge that `read` sets anew at each scrape. */
export type AddPulledGauge = <L extends string>(
  name: string,
  help: string,
  labelNames: readonly L[],
  read: (gauge: Gauge<L>) => Promise<void> | void
) => void;

/**
 * Gauges that are read from another part of the collector at each scrape.
 * @param onFailure told when a reading fails: that gauge alone is left out of the scrape
 */
export function pulledGauges(registry: Registry, onFailure: () => void): AddPulledGauge {
  return (name, help, labelNames, read) => {
    new Gauge({
      name,
      help,
      labelNames: [...labelNames],
      registers: [registry],
      async collect() {
        this.reset();
        try {
          await read(this);
        } catch {
          if (labelNames.length === 0) this.remove();
          else this.reset();
          onFailure();
        }
      },
    });
  };
}
