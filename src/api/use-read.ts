import { useInfiniteQuery, useQuery, keepPreviousData } from '@tanstack/react-query';
import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query';
import { call } from './client.ts';
import type { FleetError, Query } from './client.ts';
import { usePoll } from './poll.ts';
import type { Shape } from './shape.ts';

export interface ReadOptions<T = unknown> {
  readonly enabled?: boolean;
  /** Read once: what never changes. */
  readonly once?: boolean;
  /** How often to read what is like this; null, and left out: as everything else. Milliseconds. */
  readonly every?: (data: T | undefined) => number | null;
}

/** One resource of the collector, kept fresh, and of its shape. What was shown stays while another query loads. */
export function useRead<T>(
  queryKey: readonly unknown[],
  path: string,
  shape: Shape<T>,
  query: Query = {},
  { enabled = true, once = false, every }: ReadOptions<T> = {}
): UseQueryResult<T, FleetError> {
  const poll = usePoll();
  return useQuery<T, FleetError>({
    queryKey,
    queryFn: ({ signal }) => call<T>(path, { query, signal, shape }),
    enabled,
    // What never changes is asked for until it came: nothing else would ask again after the collector was away.
    refetchInterval: ({ state }) =>
      poll === false || (once && state.data !== undefined) ? false : (every?.(state.data) ?? poll),
    ...(once && { staleTime: Infinity }),
    placeholderData: keepPreviousData,
  });
}

interface Page {
  readonly nextCursor: string | null;
}

/** A list that the collector gives in pages; `fetchNextPage` asks for more. */
export function usePages<T extends Page>(
  queryKey: readonly unknown[],
  path: string,
  shape: Shape<T>,
  query: Query = {},
  { enabled = true }: ReadOptions = {}
): UseInfiniteQueryResult<InfiniteData<T, string | null>, FleetError> {
  const poll = usePoll();
  return useInfiniteQuery<T, FleetError, InfiniteData<T, string | null>, readonly unknown[], string | null>({
    queryKey,
    queryFn: ({ signal, pageParam }) => call<T>(path, { query: { ...query, cursor: pageParam }, signal, shape }),
    initialPageParam: null,
    getNextPageParam: (page) => page.nextCursor,
    enabled,
    // Reading every page anew, over and over, is dear: with more than two shown, only events and people do it.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 2 ? false : poll),
    placeholderData: keepPreviousData,
  });
}
