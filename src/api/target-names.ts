import { useQuery } from '@tanstack/react-query';
import { fleetMapSchema } from '@openclaw-fleet/contract';
import type { FleetMap } from '@openclaw-fleet/contract';
import { useCallback, useMemo } from 'react';
import { call } from './client.ts';
import type { FleetError } from './client.ts';

/** Names hardly ever change: they are read anew this often. Milliseconds. */
const RENEWED_MS = 300_000;

export interface TargetNames {
  /** What people call a target; its id while that is not known. The same function until a name changes. */
  readonly nameOf: (id: string) => string;
  /** By name. */
  readonly all: readonly { readonly id: string; readonly name: string }[];
}

/** Names of all targets, for records that have ids alone. Whatever fails here, ids are shown. */
export function useTargetNames(): TargetNames {
  const { data } = useQuery<FleetMap, FleetError>({
    queryKey: ['names'],
    queryFn: ({ signal }) => call<FleetMap>('fleet/map', { signal, shape: fleetMapSchema }),
    staleTime: RENEWED_MS,
    refetchInterval: RENEWED_MS,
  });
  const names = useMemo(() => new Map(data?.items.map(({ id, name }) => [id, name])), [data]);
  const all = useMemo(
    () => [...names].map(([id, name]) => ({ id, name })).sort((a, b) => (a.name < b.name ? -1 : 1)),
    [names]
  );
  const nameOf = useCallback((id: string) => names.get(id) ?? id, [names]);
  return { nameOf, all };
}
