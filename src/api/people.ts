import { getBackendSrv } from '@grafana/runtime';
import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { lastValueFrom } from 'rxjs';
import { failureOf } from './client.ts';
import type { FleetError } from './client.ts';

/** Names hardly ever change: they are read anew this often. Milliseconds. */
const RENEWED_MS = 300_000;
const MOST = 1000;

interface OrgUsers {
  readonly orgUsers: readonly { readonly uid?: string; readonly name: string; readonly login: string }[];
}

/**
 * What people are called, by how the audit names them. Grafana knows it: the collector's `grafana:<id>` has the stable id of
 * a user. Who may not read users of Grafana sees ids alone.
 */
export function usePeople(enabled = true): ReadonlyMap<string, string> {
  const { data } = useQuery<OrgUsers, FleetError>({
    queryKey: ['people'],
    queryFn: async () => {
      const url = `/api/org/users/search?perpage=${MOST}`;
      try {
        return (await lastValueFrom(getBackendSrv().fetch<OrgUsers>({ url, showErrorAlert: false }))).data;
      } catch (error) {
        throw failureOf(error);
      }
    },
    staleTime: RENEWED_MS,
    retry: false,
    enabled,
  });
  return useMemo(() => {
    const names = new Map<string, string>();
    for (const { uid, name, login } of data?.orgUsers ?? [])
      if (uid !== undefined) names.set(`grafana:${uid}`, name === '' ? login : name);
    return names;
  }, [data]);
}
