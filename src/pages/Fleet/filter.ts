import { BANDS, LIVENESS_STATES, TARGET_SORTS } from '@openclaw-fleet/contract';
import type { Band, LivenessState, TargetSort } from '@openclaw-fleet/contract';
import type { Query } from '../../api/client.ts';
import type { UrlState, Values } from '../../hooks/use-url-state.ts';

/** Which targets the page shows, as its address says. The names are those of the API's query. */
export interface FleetFilter {
  readonly zone: readonly string[];
  readonly band: readonly Band[];
  readonly state: readonly LivenessState[];
  readonly owner: readonly string[];
  readonly profile: readonly string[];
  readonly tag: readonly string[];
  readonly isolated: boolean;
  /** A part of the id or name. */
  readonly q: string;
}

export const NO_FILTER: FleetFilter = {
  zone: [],
  band: [],
  state: [],
  owner: [],
  profile: [],
  tag: [],
  isolated: false,
  q: '',
};

/** The longest text, and the most values of one kind, that the API takes. */
const MOST = { text: 128, values: 64 } as const;

export function filterIn(url: Pick<UrlState, 'get' | 'list'>): FleetFilter {
  const texts = (name: string): string[] =>
    url
      .list(name)
      .filter((each) => each.length <= MOST.text)
      .slice(0, MOST.values);
  return {
    zone: texts('zone'),
    band: url.list('band', BANDS),
    state: url.list('state', LIVENESS_STATES),
    owner: texts('owner'),
    profile: texts('profile'),
    tag: texts('tag'),
    isolated: url.get('isolated') === 'true',
    q: (url.get('q') ?? '').slice(0, MOST.text),
  };
}

/** What to set in the address for some changes of the filter. */
export function addressOf({ isolated, ...rest }: Partial<FleetFilter>): Values {
  return { ...rest, ...(isolated !== undefined && { isolated: isolated ? 'true' : null }) };
}

/** The filter as the API's lists take it; what it leaves open is left out, so that equal filters share what was read. */
export function queryOf({ isolated, q, ...lists }: FleetFilter): Query {
  const named = Object.entries(lists).filter(([, values]) => (values as readonly string[]).length > 0);
  return {
    ...(Object.fromEntries(named) as Record<string, readonly string[]>),
    ...(isolated && { isolated: 'true' }),
    ...(q.trim() !== '' && { q: q.trim() }),
  };
}

export const isFiltered = (filter: FleetFilter): boolean => Object.keys(queryOf(filter)).length > 0;

/** The order of the table: a column, and which way round. */
export interface Order {
  readonly by: TargetSort;
  readonly descending: boolean;
}

/** @param text as the API has it, such as `-score`; what it does not know is by name */
export function orderIn(text: string | null): Order {
  const by = TARGET_SORTS.find((each) => each === text?.replace(/^-/, ''));
  return by === undefined ? { by: 'name', descending: false } : { by, descending: text?.startsWith('-') ?? false };
}

export const orderText = ({ by, descending }: Order): string => `${descending ? '-' : ''}${by}`;

/** The order after a click on a column: the other way round, or first what is worst, oldest or first of the alphabet. */
export function orderAfter(order: Order, by: TargetSort): Order {
  if (order.by === by) return { by, descending: !order.descending };
  return { by, descending: false };
}
