import { css } from '@emotion/css';
import { Trans } from '@grafana/i18n';
import { Badge, ClipboardButton, Stack, TagList, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { FleetTarget, Hold } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { BandBadge, StateBadge } from '../../components/badges.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { holdWord } from '../../words.ts';
import { Fact, Facts, Section } from './Section.tsx';

interface Props {
  readonly target: FleetTarget;
  readonly holds: readonly Hold[] | undefined;
}

/** Who it is and how it is, in one look. */
export function TargetHeader({ target, holds = [] }: Props) {
  const styles = useStyles2(getStyles);
  const { liveness } = target;
  const kinds = [...new Set(holds.filter(({ targetId }) => targetId !== null).map(({ kind }) => kind))];
  return (
    <Section title={t('target.header.title', 'At a glance')}>
      <Stack direction="row" gap={1} wrap="wrap" alignItems="center">
        <BandBadge band={target.band} score={target.fleetHealthScore ?? null} />
        <StateBadge state={liveness.state} />
        {target.isolated && <Badge color="red" icon="shield" text={t('target.badge.isolated', 'Isolated')} />}
        {liveness.flapping && (
          <Badge color="orange" icon="exchange-alt" text={t('target.badge.flapping', 'Comes and goes')} />
        )}
        {!target.bridged && <Badge color="blue" icon="link" text={t('target.badge.unbridged', 'Without a bridge')} />}
        {kinds.map((kind) => (
          <Badge key={kind} color="purple" icon="pause" text={holdWord(kind)} />
        ))}
        <Text>{liveness.reason}</Text>
      </Stack>
      <Facts>
        <Fact label={t('target.header.id', 'Id')}>
          <Stack direction="row" gap={0.5} alignItems="center">
            <Text>{target.id}</Text>
            <ClipboardButton
              size="sm"
              fill="text"
              variant="secondary"
              icon="copy"
              aria-label={t('target.header.copy', 'Copy the id')}
              getText={() => target.id}
            />
          </Stack>
        </Fact>
        <Fact label={t('target.header.zone', 'Zone')}>
          <TextLink href={href.fleet(`?zone=${encodeURIComponent(target.zone)}`)}>{target.zone}</TextLink>
        </Fact>
        <Fact label={t('target.header.owner', 'Owner')}>{target.owner ?? t('target.header.nobody', 'Nobody')}</Fact>
        <Fact label={t('target.header.profile', 'Policy profile')}>
          <TextLink href={href.policy(target.policyProfileId)}>{target.policyProfileId}</TextLink>
        </Fact>
        <Fact label={t('target.header.last-seen', 'Last seen')}>
          <TimeAgo at={target.lastSeenAt} never={t('target.header.never', 'Never')} />
        </Fact>
        <Fact label={t('target.header.pace', 'Reports every')}>
          <Trans i18nKey="target.header.seconds" values={{ seconds: Math.round(liveness.intervalSeconds) }}>
            {'{{seconds}}'} s
          </Trans>
        </Fact>
      </Facts>
      {target.tags.length > 0 && (
        <TagList
          className={styles.tags}
          tags={target.tags}
          displayMax={12}
          aria-label={t('target.header.tags', 'Tags')}
        />
      )}
    </Section>
  );
}

const getStyles = () => ({ tags: css({ justifyContent: 'flex-start' }) });
