import { Trans } from '@grafana/i18n';
import { Stack, Text } from '@grafana/ui';
import type { FleetTarget, JobsBlock } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { Empty } from '../../components/states.tsx';
import { Fact, Facts, Section } from './Section.tsx';

/** Share of failures in words; nothing to share gives a dash. Pure. */
export function failureShare(failures: number | undefined, results: number | undefined): string {
  if (failures === undefined || results === undefined) return '–';
  if (results === 0) return t('target.jobs.no-results', 'No results');
  const percent = Math.round((100 * failures) / results);
  return t('target.jobs.share', '{{failures}} of {{results}} ({{percent}} %)', { failures, results, percent });
}

/** The scheduled jobs of its gateway, in numbers. */
export function JobsTab({ target: { jobs, bridged } }: { readonly target: FleetTarget }) {
  return (
    <Section title={t('target.jobs.title', 'Scheduled jobs')}>
      {jobs === null ? (
        <Empty title={t('target.jobs.none', 'Nothing is known of its jobs')}>
          {bridged
            ? t(
                'target.jobs.not-read',
                'Its bridge has not reported them: it could not read them from its gateway yet.'
              )
            : t('target.jobs.no-bridge', 'Only a bridge reports them, and none stands beside its gateway.')}
        </Empty>
      ) : (
        <Jobs jobs={jobs} />
      )}
    </Section>
  );
}

const Jobs = ({ jobs }: { readonly jobs: JobsBlock }) => (
  <Stack direction="column" gap={2}>
    <Text>
      {jobs.total === 0
        ? t('target.jobs.zero', 'Its gateway has no scheduled jobs.')
        : jobs.failing === 0
          ? t('target.jobs.well', 'No job fails.')
          : t('target.jobs.failing-words', 'The last result of {{failing}} of {{total}} jobs is a failure.', {
              failing: jobs.failing,
              total: jobs.total,
            })}
    </Text>
    <Facts>
      <Fact label={t('target.jobs.total', 'Jobs')}>{jobs.total}</Fact>
      <Fact label={t('target.jobs.enabled', 'Enabled')}>{jobs.enabled}</Fact>
      <Fact label={t('target.jobs.failing', 'Failing now')}>{jobs.failing}</Fact>
      <Fact label={t('target.jobs.hour', 'Failures in the last hour')}>
        {failureShare(jobs.failures_1h, jobs.results_1h)}
      </Fact>
      <Fact label={t('target.jobs.day', 'Failures in the 24 hours before now')}>
        {failureShare(jobs.failures_24h, jobs.results_24h)}
      </Fact>
    </Facts>
    <Text variant="bodySmall" color="secondary">
      <Trans i18nKey="target.jobs.names">
        The names of jobs stay on the node; the page of a repair that calms failing jobs names those that it disabled.
      </Trans>
    </Text>
  </Stack>
);
