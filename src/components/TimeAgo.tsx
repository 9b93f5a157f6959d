import { dateTimeFormat } from '@grafana/data';
import { useSyncExternalStore } from 'react';
import { t } from '../i18n.ts';

/** One clock for everything on a page, so that a thousand ages cost one timer. */
const TICK_MS = 5000;
const listeners = new Set<() => void>();
let now = Date.now();
let timer: ReturnType<typeof setInterval> | null = null;
function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === null) {
    now = Date.now();
    timer = setInterval(() => {
      now = Date.now();
      for (const each of listeners) each();
    }, TICK_MS);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}
/** The time now, renewed every 5 s. Milliseconds. */
export const useNow = (): number => useSyncExternalStore(subscribe, () => now);

const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** A span in its largest unit that fits, such as `3 min`. @param ms milliseconds; negative counts as 0 */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [unit, size] = UNITS.find(([, each]) => seconds >= each) ?? ['s', 1];
  return `${Math.floor(seconds / size)} ${unit}`;
}

interface Props {
  /** ISO 8601; null or undefined: never. */
  readonly at: string | null | undefined;
  /** What to say when there is none. */
  readonly never?: string;
}

/** How long ago something was, or how soon it will be; the exact time is its title. */
export function TimeAgo({ at, never = '–' }: Props) {
  const nowMs = useNow();
  if (at === null || at === undefined) return <span>{never}</span>;
  const ms = nowMs - Date.parse(at);
  if (Number.isNaN(ms)) return <span>{never}</span>;
  return (
    <time dateTime={at} title={dateTimeFormat(at)}>
      {wordsOf(ms)}
    </time>
  );
}

/** @param ms since then; negative: until then */
function wordsOf(ms: number): string {
  // The clock of the page may be a tick behind: what has just happened is not ahead of it.
  if (Math.abs(ms) < TICK_MS) return t('components.time.now', 'just now');
  const age = span(Math.abs(ms));
  return ms >= 0 ? t('components.time.ago', '{{age}} ago', { age }) : t('components.time.ahead', 'in {{age}}', { age });
}
