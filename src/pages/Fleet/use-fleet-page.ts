import { useCallback, useMemo } from 'react';
import { useFleetMap, useSummary } from '../../api/fleet.ts';
import { useRepairStatus } from '../../api/repairs.ts';
import { useTargets } from '../../api/targets.ts';
import type { UrlState } from '../../hooks/use-url-state.ts';
import { filterIn, isFiltered, orderIn, orderText, queryOf } from './filter.ts';

/**
 * Everything that the page reads, for what its address asks. The map and the table have the same filter. What did not change
 * stays the same object, so that a second of events renders little.
 */
export function useFleetPage(url: UrlState) {
  const address = useMemo(() => {
    const filter = filterIn(url);
    return { filter, filtered: isFiltered(filter), order: orderIn(url.get('sort')), picks: url.list('pick') };
  }, [url]);
  const query = queryOf(address.filter);
  const summary = useSummary();
  const status = useRepairStatus();
  const map = useFleetMap(query);
  const targets = useTargets({ ...query, sort: orderText(address.order) });
  const pages = targets.data?.pages;
  const rows = useMemo(() => pages?.flatMap(({ items }) => items), [pages]);
  const { hasNextPage, fetchNextPage } = targets;
  const more = useCallback(() => void fetchNextPage(), [fetchNextPage]);
  const zones = useSame(summary.data?.zones.map(({ zone }) => zone) ?? []);
  const owners = useSame(rows?.flatMap(({ owner }) => owner ?? []) ?? []);
  const tags = useSame(rows?.flatMap((row) => row.tags) ?? []);
  return {
    ...address,
    summary,
    status,
    map,
    targets,
    rows,
    total: pages?.[0]?.total,
    onMore: hasNextPage ? more : null,
    offers: { zones, owners, tags },
  };
}

/** Texts without repeats; the same list as long as the texts are. */
function useSame(texts: readonly string[]): readonly string[] {
  const all = JSON.stringify([...new Set(texts)]);
  return useMemo(() => JSON.parse(all) as string[], [all]);
}
