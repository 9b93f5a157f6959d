import { useIsMutating } from '@tanstack/react-query';
import { createContext, useContext } from 'react';

/** How often a resource is read when no event says that it changed. Milliseconds. */
export const POLL = { live: 30_000, fallback: 5000 } as const;

/** Whether the event stream is connected; without one (in a panel, in a test) everything is polled. */
const Live = createContext(false);
export const LiveProvider = Live.Provider;
export const useLive = (): boolean => useContext(Live);

/**
 * The interval to poll at: slow while events come, and not at all while an action is under way. A hidden tab does not poll
 * (TanStack Query's `refetchIntervalInBackground`).
 */
export function usePoll(): number | false {
  const live = useLive();
  const acting = useIsMutating() > 0;
  if (acting) return false;
  return live ? POLL.live : POLL.fallback;
}
