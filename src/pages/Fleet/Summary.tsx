import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Icon, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { IconName } from '@grafana/ui';
import { css } from '@emotion/css';
import { BANDS } from '@openclaw-fleet/contract';
import type { FleetSummary, RemediationStatus } from '@openclaw-fleet/contract';
import type { ReactElement, ReactNode } from 'react';
import { t } from '../../i18n.ts';
import { POLL, useLive } from '../../api/poll.ts';
import { BandBadge, VerdictBadge } from '../../components/badges.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { bandWord } from '../../words.ts';
import { headlineOf, trustOf } from './headline.ts';
import type { Loudness } from './headline.ts';
import { RepairStrip } from './RepairStrip.tsx';

const ICONS: Record<Loudness, IconName> = {
  well: 'check-circle',
  look: 'info-circle',
  wrong: 'exclamation-circle',
  unsure: 'question-circle',
};

interface Props {
  readonly summary: FleetSummary;
  /** Undefined: not known. */
  readonly status: RemediationStatus | undefined;
  /** Why the state of repairs is not known; null: it has merely not come yet, or is. */
  readonly statusError: string | null;
  /** When the summary was read last, and whether that should have happened again since. */
  readonly readMs: number;
  readonly isStale: boolean;
}

/** Is anything wrong, and can I trust this view? In one look. */
export function Summary({ summary, status, statusError, readMs, isStale }: Props) {
  const styles = useStyles2(getStyles);
  const live = useLive();
  const { loudness, title, concerns } = headlineOf(summary, status, isStale);
  const silent = summary.expected - summary.online;
  return (
    <section className={styles.summary} aria-label={t('fleet.summary.label', 'Summary')}>
      <div className={`${styles.headline} ${styles[loudness]}`}>
        <Stack direction="row" gap={1} alignItems="center">
          <Icon name={ICONS[loudness]} size="xl" className={styles.icon} />
          <Text element="h2" variant="h3">
            {title}
          </Text>
        </Stack>
        {concerns.length > 0 && <Text>{concerns.join(' · ')}</Text>}
        <div className={styles.trust}>
          <VerdictBadge verdict={summary.verdict.value} />
          {trustOf(summary, isStale)} {sentence(summary.verdict.reason)}{' '}
          {live
            ? t('fleet.summary.live', 'Changes come as they happen.')
            : t('fleet.summary.polled', 'It is read anew every {{seconds}} s.', { seconds: POLL.fallback / 1000 })}{' '}
          <Trans i18nKey="fleet.summary.read">Last read</Trans> <TimeAgo at={new Date(readMs).toISOString()} />.
        </div>
      </div>
      <ul className={styles.tiles} aria-label={t('fleet.summary.counts', 'The fleet in numbers')}>
        {BANDS.map((band) => (
          <Tile key={band} label={<BandBadge band={band} />}>
            <Count
              count={summary.bands[band]}
              to={href.fleet(`?band=${band}`)}
              label={t('fleet.summary.show-band', '{{band}}: {{count}}. Show them', {
                band: bandWord(band),
                count: summary.bands[band],
              })}
            />
          </Tile>
        ))}
        <Tile label={<Trans i18nKey="fleet.summary.isolated">Isolated</Trans>}>
          <Count
            count={summary.isolated}
            to={href.fleet('?isolated=true')}
            label={t('fleet.summary.show-isolated', 'Isolated: {{count}}. Show them', { count: summary.isolated })}
          />
        </Tile>
        <Tile label={<Trans i18nKey="fleet.summary.flapping">Flapping</Trans>}>
          <Text variant="h3" element="span">
            {summary.flapping.toLocaleString()}
          </Text>
        </Tile>
        <Tile label={<Trans i18nKey="fleet.summary.online">Online</Trans>}>
          <Text variant="h3" element="span">
            {summary.online.toLocaleString()}
          </Text>
          <Text variant="bodySmall">
            {t('fleet.summary.expected', 'of {{expected}} expected', { expected: summary.expected.toLocaleString() })}
          </Text>
          {silent > 0 && (
            <TextLink variant="bodySmall" href={href.fleet('?state=stale&state=expired&state=unknown')}>
              {t('fleet.summary.silent', 'Show {{silent}} silent', { silent })}
            </TextLink>
          )}
        </Tile>
      </ul>
      <RepairStrip status={status} error={statusError} />
    </section>
  );
}

/** The collector's reasons may come without a full stop. */
const sentence = (text: string): string => (/[.!?]$/.test(text) ? text : `${text}.`);

function Tile({ label, children }: { readonly label: ReactElement; readonly children: ReactNode }) {
  const styles = useStyles2(getStyles);
  return (
    <li className={styles.tile}>
      <Text variant="bodySmall" color="secondary">
        {label}
      </Text>
      {children}
    </li>
  );
}

interface CountProps {
  readonly count: number;
  readonly to: string;
  readonly label: string;
}

const Count = ({ count, to, label }: CountProps) => (
  <TextLink href={to} variant="h3" inline={false} color="primary" aria-label={label}>
    {count.toLocaleString()}
  </TextLink>
);

const getStyles = (theme: GrafanaTheme2) => {
  const edge = (colour: string) => css({ borderLeftColor: colour, '--loudness': colour });
  return {
    summary: css({ display: 'flex', flexDirection: 'column', gap: theme.spacing(1) }),
    headline: css({
      display: 'flex',
      flexDirection: 'column',
      gap: theme.spacing(0.5),
      padding: theme.spacing(1.5, 2),
      borderRadius: theme.shape.radius.default,
      borderLeft: '4px solid',
      background: theme.colors.background.secondary,
    }),
    trust: css({ color: theme.colors.text.secondary, '> :first-child': { marginRight: theme.spacing(1) } }),
    icon: css({ color: 'var(--loudness)' }),
    well: edge(theme.colors.success.text),
    look: edge(theme.colors.info.text),
    wrong: edge(theme.colors.error.text),
    unsure: edge(theme.colors.warning.text),
    tiles: css({
      display: 'grid',
      gridTemplateColumns: 'repeat(auto-fit, minmax(100px, 1fr))',
      gap: theme.spacing(1),
      listStyle: 'none',
      margin: 0,
      padding: 0,
    }),
    tile: css({
      position: 'relative',
      display: 'flex',
      flexDirection: 'column',
      alignItems: 'flex-start',
      gap: theme.spacing(0.25),
      padding: theme.spacing(1, 1.5),
      borderRadius: theme.shape.radius.default,
      background: theme.colors.background.secondary,
      '&:has(> a):hover': { background: theme.colors.emphasize(theme.colors.background.secondary, 0.05) },
      // The whole tile is the link.
      '> a:only-of-type::after': { content: '""', position: 'absolute', inset: 0 },
    }),
  };
};
