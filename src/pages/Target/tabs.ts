import { t } from '../../i18n.ts';

export const TABS = ['overview', 'drift', 'jobs', 'repairs', 'timeline', 'metrics'] as const;
export type TabId = (typeof TABS)[number];

export interface TabWords {
  readonly id: TabId;
  readonly label: string;
  /** How many of what it shows are open; undefined: it is not counted, or not known yet. */
  readonly counter?: number;
}

/** The tabs of the page, with what is open in each. */
export function tabs(faults: number | undefined, runs: number | undefined): TabWords[] {
  const some = (count: number | undefined) => (count === undefined || count === 0 ? {} : { counter: count });
  return [
    { id: 'overview', label: t('target.tab.overview', 'Overview') },
    { id: 'drift', label: t('target.tab.drift', 'Drift and violations'), ...some(faults) },
    { id: 'jobs', label: t('target.tab.jobs', 'Jobs') },
    { id: 'repairs', label: t('target.tab.repairs', 'Repairs'), ...some(runs) },
    { id: 'timeline', label: t('target.tab.timeline', 'Timeline') },
    { id: 'metrics', label: t('target.tab.metrics', 'Metrics') },
  ];
}
