import { useUrlState } from '../../hooks/use-url-state.ts';

export const FAULT_STATES = ['open', 'resolved', 'all'] as const;
export type FaultState = (typeof FAULT_STATES)[number];

export interface FaultFilters<Kind extends string, Severity extends string> {
  readonly state: FaultState;
  readonly kinds: readonly Kind[];
  readonly severities: readonly Severity[];
  readonly zones: readonly string[];
  readonly target: string | null;
  /** Whether anything is filtered beyond what the page shows at first. */
  readonly any: boolean;
}

/** The filters of a list of faults, as its address has them. */
export function useFaultFilters<Kind extends string, Severity extends string>(
  kindName: string,
  allKinds: readonly Kind[],
  allSeverities: readonly Severity[]
) {
  const url = useUrlState();
  const state = url.list('state', FAULT_STATES)[0] ?? 'open';
  const kinds = url.list(kindName, allKinds);
  const severities = url.list('severity', allSeverities);
  const zones = url.list('zone');
  const target = url.get('target');
  const any =
    state !== 'open' || kinds.length > 0 || severities.length > 0 || zones.length > 0 || (target ?? '') !== '';
  const filters: FaultFilters<Kind, Severity> = { state, kinds, severities, zones, target, any };
  // What was chosen is of the list that was there.
  const change = (values: Record<string, string | readonly string[] | null>): void =>
    url.set({ ...values, select: null });
  return {
    filters,
    change,
    clear: () => change({ state: null, [kindName]: null, severity: null, zone: null, target: null }),
  };
}
