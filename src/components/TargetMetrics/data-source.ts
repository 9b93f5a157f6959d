import type { DataSourceInstanceSettings } from '@grafana/data';
import { getDataSourceSrv } from '@grafana/runtime';

type Named = Pick<DataSourceInstanceSettings, 'uid' | 'name' | 'isDefault'>;

/** The data source to ask; or why there is none. */
export type Source =
  | { readonly uid: string; readonly name: string }
  | { readonly lacks: 'any-prometheus' }
  | { readonly lacks: 'configured'; readonly uid: string };

/** The one that the settings name; else the default Prometheus, or the first one. Pure. */
export function chosen(configured: string, find: (uid: string) => Named | undefined, all: readonly Named[]): Source {
  if (configured !== '') {
    const named = find(configured);
    return named === undefined ? { lacks: 'configured', uid: configured } : { uid: named.uid, name: named.name };
  }
  const found = all.find(({ isDefault }) => isDefault === true) ?? all[0];
  return found === undefined ? { lacks: 'any-prometheus' } : { uid: found.uid, name: found.name };
}

/** @param configured `prometheusUid` of the app's settings */
export function prometheusOf(configured = ''): Source {
  const sources = getDataSourceSrv();
  return chosen(
    configured.trim(),
    (uid) => sources.getInstanceSettings({ uid }),
    sources.getList({ type: 'prometheus' })
  );
}
