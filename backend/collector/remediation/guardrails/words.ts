import type { Hold } from '@openclaw-fleet/contract';

/** An instant as messages name it: `2026-02-06 12:34:56 UTC`. */
export function instant(atMs: number): string {
  return `${new Date(Math.ceil(atMs / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** Who holds something back, since when, and why. */
export function heldBy({ by, since, reason }: Hold): string {
  return `by ${by} since ${instant(Date.parse(since))}: ${reason}`;
}

/** As a sentence's end. */
export function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
