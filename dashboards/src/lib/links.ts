import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import { DashboardLinkBuilder, DashboardLinkType, type DashboardLink } from '@grafana/grafana-foundation-sdk/dashboard';

export const APP = '/a/openclaw-fleet-app';
export const TAG = 'openclaw-fleet';
export const UIDS = {
  overview: 'openclaw-fleet-overview',
  target: 'openclaw-fleet-target',
  heartbeats: 'openclaw-fleet-heartbeats',
  remediation: 'openclaw-fleet-remediation',
  collector: 'openclaw-fleet-collector',
} as const;

/** A link as fields and panels have it. */
export interface Link {
  readonly title: string;
  readonly url: string;
}

/** A link in the open: the SDK would put every one into a menu. */
function shown(link: DashboardLinkBuilder): Builder<DashboardLink> {
  const built = link.build();
  delete built.placement;
  return { build: () => built };
}

export const linkBuilder = ({ title, url }: Link): Builder<DashboardLink> =>
  shown(new DashboardLinkBuilder(title).type(DashboardLinkType.Link).url(url));

/** An address of another of the dashboards, with the reader's data source and time range. */
export const board = (uid: string, query = ''): string =>
  `/d/${uid}?\${datasource:queryparam}&\${__url_time_range}${query === '' ? '' : `&${query}`}`;

/**
 * Where a target leads to.
 * @param id the expression of Grafana's that gives its id
 */
export const targetLinks = (id: string): Link[] => [
  { title: 'Open in the fleet app', url: `${APP}/targets/${id}` },
  { title: 'Target dashboard', url: board(UIDS.target, `var-target=${id}`) },
];
/** For series with the label target. */
export const SERIES_TARGET = '${__field.labels.target}';
/** For rows of a table that has a column of that name. */
export const ROW_TARGET = '${__data.fields.target}';

/** The links at the top of every dashboard: to its sisters, and to the app. */
export const topLinks = (more: readonly Link[] = []): Builder<DashboardLink>[] => [
  shown(
    new DashboardLinkBuilder('Fleet dashboards')
      .type(DashboardLinkType.Dashboards)
      .tags([TAG])
      .asDropdown(true)
      .includeVars(true)
      .keepTime(true)
  ),
  ...[...more, { title: 'Fleet app', url: `${APP}/fleet` }].map(linkBuilder),
];
