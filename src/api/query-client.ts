import { QueryClient } from '@tanstack/react-query';
import { FleetError } from './client.ts';

/** Failures that another try may cure: the collector restarts, or is busy. */
const PASSING = new Set(['unreachable', 'busy']);

/** One cache for a page or panel; queries that fail are tried again only when that may help. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2000,
        retry: (count, error) => count < 2 && error instanceof FleetError && PASSING.has(error.kind),
        refetchOnWindowFocus: true,
      },
      mutations: { retry: false },
    },
  });
}
