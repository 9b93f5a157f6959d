import { useMemo } from 'react';
import { useFleetMap, useSummary } from '../../api/fleet.ts';
import { useRepairStatus } from '../../api/repairs.ts';
import { useTargets } from '../../api/targets.ts';
import type { UrlState } from '../../hooks/use-url-state.ts';
import { filterIn, isFiltered, orderIn, orderText, queryOf } from './filter.ts';

/** Everything that the page reads, for what its address asks. The map and the table have the same filter. */
export function useFleetPage(url: UrlState) {
  const filter = filterIn(url);
  const order = orderIn(url.get('sort'));
  const query = queryOf(filter);
  const summary = useSummary();
  const status = useRepairStatus();
  const map = useFleetMap(query);
  const targets = useTargets({ ...query, sort: orderText(order) });
  const pages = targets.data?.pages;
  const rows = useMemo(() => pages?.flatMap(({ items }) => items), [pages]);
  return { filter, filtered: isFiltered(filter), order, summary, status, map, targets, rows, total: pages?.[0]?.total };
}
export type FleetPageData = ReturnType<typeof useFleetPage>;
