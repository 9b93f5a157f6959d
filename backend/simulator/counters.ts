import type { HeartbeatStatus } from '@openclaw-fleet/contract';
import type { SendResult } from './sender.ts';

/** What became of all the beats of a simulation. */
export interface Counters {
  /** Requests made, replays, clones' and retried beats included. */
  readonly sent: number;
  /** Answers 200, by what the collector made of the beat. */
  readonly accepted: Readonly<Record<HeartbeatStatus, number>>;
  /** Other answers, by HTTP status. */
  readonly refused: Readonly<Record<number, number>>;
  /** No answer, by reason. */
  readonly failed: Readonly<Record<string, number>>;
}

const SAMPLES = 10_000;

/** Counts what became of beats, for one node or for all. */
export class Tally {
  #sent = 0;
  readonly #accepted = { accepted: 0, duplicate: 0, superseded: 0 };
  readonly #refused: Record<number, number> = {};
  readonly #failed: Record<string, number> = {};
  readonly #latencies: number[] = [];

  count(result: SendResult, latencyMs: number): void {
    this.#latencies[this.#sent % SAMPLES] = latencyMs;
    this.#sent += 1;
    if ('error' in result) this.#failed[result.error] = (this.#failed[result.error] ?? 0) + 1;
    else if (result.reply) this.#accepted[result.reply.status] += 1;
    else this.#refused[result.status] = (this.#refused[result.status] ?? 0) + 1;
  }

  counters(): Counters {
    return {
      sent: this.#sent,
      accepted: { ...this.#accepted },
      refused: { ...this.#refused },
      failed: { ...this.#failed },
    };
  }

  /** Milliseconds that a share `quantile` of the last 10,000 requests took at most; 0 before the first. */
  latencyMs(quantile: number): number {
    const sorted = this.#latencies.toSorted((a, b) => a - b);
    return sorted[Math.min(sorted.length - 1, Math.floor(quantile * sorted.length))] ?? 0;
  }
}

/** One line for a person. */
export function countersInWords(counters: Counters): string {
  const { sent, accepted, refused, failed } = counters;
  const others = [
    ...Object.entries(refused).map(([status, count]) => `${count} refused with ${status}`),
    ...Object.entries(failed).map(([reason, count]) => `${count} without an answer (${reason})`),
  ];
  const parts = [
    `${accepted.accepted} accepted`,
    `${accepted.superseded} superseded`,
    `${accepted.duplicate} duplicate`,
    ...others,
  ];
  return `${sent} sent: ${parts.join(', ')}`;
}
