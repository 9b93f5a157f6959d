import type { PublisherBlock } from '@openclaw-fleet/contract';
import { Counter } from 'prom-client';
import type { Registry } from 'prom-client';
import type { PublishObserver } from '../fleet/types.ts';
import { MAX_NAMES } from './targets.ts';

/** Why attempts of our publishers fail (backend/client/retry.ts). Others may send reasons of their own. */
const REASONS = [
  'network',
  'timeout',
  'tls',
  'token',
  'credentials',
  'snapshot',
  'internal',
  'http_3xx',
  'http_400',
  'http_401',
  'http_403',
  'http_404',
  'http_408',
  'http_409',
  'http_413',
  'http_422',
  'http_425',
  'http_429',
  'http_4xx',
  'http_500',
  'http_502',
  'http_503',
  'http_504',
  'http_5xx',
] as const;
const OTHER = 'other';

/** A publisher in trouble tries about ten times a minute: one that claims more than a week of that must not drown the others. */
const MOST_AT_ONCE = 100_000;

/** A reason may be called `constructor`. */
function amountOf(counts: PublisherBlock['failure_total'], reason: string): number {
  const amount: unknown = counts[reason];
  return typeof amount === 'number' ? amount : 0;
}

/** Whether a counter of a publisher is smaller than it was: it began anew. */
function fell(before: PublisherBlock, after: PublisherBlock): boolean {
  if (after.success_total < before.success_total) return true;
  if ((after.dropped_total ?? 0) < (before.dropped_total ?? 0)) return true;
  for (const reason in before.failure_total) {
    if (amountOf(after.failure_total, reason) < amountOf(before.failure_total, reason)) return true;
  }
  return false;
}

function growth(before: number, after: number): number {
  return Math.min(after - before, MOST_AT_ONCE);
}

/** Makes the counters of what publishers say of their own deliveries, summed over the fleet. */
export function createPublishInstruments(registry: Registry): PublishObserver {
  let success = 0;
  let dropped = 0;
  // Names come from the network: a Map has none of its own.
  const failures = new Map<string, number>([...REASONS, OTHER].map((reason) => [reason, 0]));

  const count = (name: string, help: string, read: () => number): void => {
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  count(
    'openclaw_fleet_publish_success_total',
    'Heartbeats that publishers say were taken, summed over the fleet: the growth of their own counters since the collector started.',
    () => success
  );
  new Counter({
    name: 'openclaw_fleet_publish_failure_total',
    help: `Attempts that publishers say failed, by reason, summed as the successes are; reasons past the first ${MAX_NAMES} of the fleet are \`${OTHER}\`.`,
    labelNames: ['reason'],
    registers: [registry],
    collect() {
      this.reset();
      for (const [reason, amount] of failures) this.inc({ reason }, amount);
    },
  });
  count(
    'openclaw_fleet_publish_dropped_total',
    'Heartbeats that publishers say will never be delivered, summed as the successes are.',
    () => dropped
  );

  return {
    published(last, now) {
      const before = last === null || fell(last, now) ? null : last;
      success += growth(before?.success_total ?? 0, now.success_total);
      dropped += growth(before?.dropped_total ?? 0, now.dropped_total ?? 0);
      for (const reason in now.failure_total) {
        const told = before === null ? 0 : amountOf(before.failure_total, reason);
        const more = growth(told, amountOf(now.failure_total, reason));
        if (more === 0) continue;
        const shown = failures.has(reason) || failures.size <= MAX_NAMES ? reason : OTHER;
        failures.set(shown, (failures.get(shown) ?? 0) + more);
      }
    },
  };
}
