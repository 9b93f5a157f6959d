import type { ReactNode } from 'react';
import type { FleetError } from '../api/client.ts';
import { Failure, Loading } from './states.tsx';

/** As much of a query as its states need. */
export interface Readable<T> {
  readonly data: T | undefined;
  readonly error: FleetError | null;
  readonly dataUpdatedAt: number;
  refetch(): unknown;
}

interface Props<T> {
  readonly query: Readable<T>;
  /** What to show while nothing came yet; a placeholder of its size keeps the page still. */
  readonly loading?: ReactNode;
  readonly children: (data: T) => ReactNode;
}

/**
 * A query in each of its states: nothing yet, failed, there, and there but stale because the collector stopped answering;
 * then what was read last stays, and says how old it is.
 */
export function Loadable<T>({ query, loading, children }: Props<T>) {
  const { data, error } = query;
  const retry = (): void => void query.refetch();
  if (data === undefined) return error === null ? (loading ?? <Loading />) : <Failure error={error} onRetry={retry} />;
  return (
    <>
      {error !== null && <Failure error={error} onRetry={retry} lastGoodMs={query.dataUpdatedAt} />}
      {children(data)}
    </>
  );
}
