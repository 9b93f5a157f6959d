import { useCallback, useEffect, useMemo, useRef } from 'react';
import { useSearchParams } from 'react-router-dom';

export type Values = Record<string, string | readonly string[] | null>;

/**
 * What a page keeps in its address, so that a link shows the same. Filters replace the entry in the history. It stays the same
 * object as long as the address does.
 */
export interface UrlState {
  /** One value; null: there is none. */
  get(name: string): string | null;
  /** Every value of a list; those that are not among `allowed` are left out. */
  list<T extends string>(name: string, allowed?: readonly T[]): T[];
  /** Sets some values; null and an empty list take one away. It stays the same function. */
  readonly set: (values: Values) => void;
}

export function useUrlState(): UrlState {
  const [params, setParams] = useSearchParams();
  // The router's own setter knows the address of its render alone: two changes in a row would undo the first.
  const latest = useRef({ params, setParams });
  useEffect(() => {
    latest.current = { params, setParams };
  }, [params, setParams]);
  const set = useCallback((values: Values) => {
    const next = new URLSearchParams(latest.current.params);
    for (const [name, value] of Object.entries(values)) {
      next.delete(name);
      if (value === null || value === '') continue;
      for (const each of typeof value === 'string' ? [value] : value) next.append(name, each);
    }
    latest.current.params = next;
    latest.current.setParams(next, { replace: true });
  }, []);
  return useMemo(
    () => ({
      get: (name) => params.get(name),
      list: <T extends string>(name: string, allowed?: readonly T[]) => {
        const all = params.getAll(name) as T[];
        return allowed === undefined ? all : all.filter((each) => allowed.includes(each));
      },
      set,
    }),
    [params, set]
  );
}
