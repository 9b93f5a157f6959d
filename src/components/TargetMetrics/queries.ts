import { t } from '../../i18n.ts';

export interface PanelQuery {
  readonly refId: string;
  readonly expr: string;
  readonly legend: string;
}
export interface MetricPanel {
  readonly key: string;
  readonly title: string;
  readonly description: string;
  readonly unit: string;
  readonly min: number;
  readonly max?: number;
  readonly queries: readonly PanelQuery[];
}

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')}"`;

/** One series of a target; what several collectors or replicas say of it is one line. Pure. */
export const series = (metric: string, targetId: string): string =>
  `max by (target) (${metric}{target=${quoted(targetId)}})`;

/** The panels of the tab, by docs/metrics.md. */
export function metricPanels(targetId: string): MetricPanel[] {
  const of = (refId: string, metric: string, legend: string): PanelQuery => ({
    refId,
    expr: series(metric, targetId),
    legend,
  });
  return [
    {
      key: 'score',
      title: t('target.metrics.score', 'Health score'),
      description: t('target.metrics.score-about', '0 to 100; there is no line while it is unknown.'),
      unit: 'none',
      min: 0,
      max: 100,
      queries: [of('A', 'openclaw_target_health_score', t('target.metrics.score-legend', 'Score'))],
    },
    {
      key: 'sync',
      title: t('target.metrics.sync', 'Sync lag'),
      description: t('target.metrics.sync-about', 'Age of the last state that its bridge read and delivered.'),
      unit: 's',
      min: 0,
      queries: [of('A', 'openclaw_target_sync_lag_seconds', t('target.metrics.sync-legend', 'Lag'))],
    },
    {
      key: 'pushes',
      title: t('target.metrics.pushes', 'Failed pushes'),
      description: t('target.metrics.pushes-about', 'Deliveries that failed in the sliding last hour.'),
      unit: 'short',
      min: 0,
      queries: [of('A', 'openclaw_target_failed_pushes_last_hour', t('target.metrics.pushes-legend', 'Failed'))],
    },
    {
      key: 'queue',
      title: t('target.metrics.queue', 'Queue depth'),
      description: t('target.metrics.queue-about', 'Items that wait in all its queues.'),
      unit: 'short',
      min: 0,
      queries: [of('A', 'openclaw_target_queue_depth', t('target.metrics.queue-legend', 'Waiting'))],
    },
    {
      key: 'jobs',
      title: t('target.metrics.jobs', 'Jobs'),
      description: t('target.metrics.jobs-about', 'Results of scheduled jobs in the sliding last hour.'),
      unit: 'short',
      min: 0,
      queries: [
        of('A', 'openclaw_target_job_results_last_hour', t('target.metrics.jobs-results', 'Results')),
        of('B', 'openclaw_target_job_failures_last_hour', t('target.metrics.jobs-failures', 'Failures')),
        of('C', 'openclaw_target_jobs_failing', t('target.metrics.jobs-failing', 'Jobs that fail now')),
      ],
    },
    {
      key: 'cpu',
      title: t('target.metrics.cpu', 'CPU'),
      description: t('target.metrics.cpu-about', 'CPU that its gateway uses; 100 % is one core.'),
      unit: 'percentunit',
      min: 0,
      queries: [of('A', 'openclaw_target_cpu_usage_ratio', t('target.metrics.cpu-legend', 'CPU'))],
    },
  ];
}
