import { useCallback } from 'react';
import { useSearchParams } from 'react-router-dom';

export type Values = Record<string, string | readonly string[] | null>;

/** What a page keeps in its address, so that a link shows the same. Filters replace the entry in the history. */
export interface UrlState {
  /** One value; null: there is none. */
  get(name: string): string | null;
  /** Every value of a list; those that are not among `allowed` are left out. */
  list<T extends string>(name: string, allowed?: readonly T[]): T[];
  /** Sets some values; null and an empty list take one away. */
  readonly set: (values: Values) => void;
}

export function useUrlState(): UrlState {
  const [params, setParams] = useSearchParams();
  const set = useCallback(
    (values: Values) =>
      setParams(
        (before) => {
          const next = new URLSearchParams(before);
          for (const [name, value] of Object.entries(values)) {
            next.delete(name);
            if (value === null || value === '') continue;
            for (const each of typeof value === 'string' ? [value] : value) next.append(name, each);
          }
          return next;
        },
        { replace: true }
      ),
    [setParams]
  );
  return {
    get: (name) => params.get(name),
    list: <T extends string>(name: string, allowed?: readonly T[]) => {
      const all = params.getAll(name) as T[];
      return allowed === undefined ? all : all.filter((each) => allowed.includes(each));
    },
    set,
  };
}
