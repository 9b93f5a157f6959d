import { useMemo } from 'react';
import type { Choice } from '../../components/FaultTable/cells.tsx';
import { whyNotChosen } from '../../components/FaultTable/faults.ts';
import type { Fault } from '../../components/FaultTable/faults.ts';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { can } from '../../permissions.ts';

export interface Chosen<Item> {
  /** Absent: who looks can repair nothing. */
  readonly choice?: Choice<Item>;
  /** Those of the items that are chosen, and still can be. */
  readonly chosen: readonly Item[];
  readonly choose: (items: readonly Item[]) => void;
}

/** Several faults that are chosen for one repair, as the page's address has them. */
export function useChoice<Item extends Fault>(items: readonly Item[]): Chosen<Item> {
  const url = useUrlState();
  const ids = url.list('select').join(' ');
  const { set } = url;
  return useMemo(() => {
    const wanted = new Set(ids.split(' '));
    const chosen: Item[] = [];
    for (const item of items) if (wanted.has(item.id) && whyNotChosen(item, chosen) === null) chosen.push(item);
    const has = ({ id }: Item): boolean => chosen.some((each) => each.id === id);
    const choose = (next: readonly Item[]): void => set({ select: next.map(({ id }) => id) });
    const onToggle = (item: Item): void =>
      choose(has(item) ? chosen.filter(({ id }) => id !== item.id) : [...chosen, item]);
    const choice = { has, why: (item: Item) => whyNotChosen(item, chosen), onToggle };
    return { chosen, choose, ...(can('operator') && { choice }) };
  }, [ids, items, set]);
}
