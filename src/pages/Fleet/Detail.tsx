import { Trans } from '@grafana/i18n';
import { Badge, IconButton, LinkButton, Stack, Text } from '@grafana/ui';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { useHealthScore, useTarget } from '../../api/targets.ts';
import { BandBadge, StateBadge } from '../../components/badges.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';

interface Props {
  readonly id: string;
  readonly onClose: () => void;
}

/** Reasons that are shown; the node's page has them all. */
const MOST_REASONS = 3;

/** One node of the map in short: how it is doing, why, and where to read on. */
export function Detail({ id, onClose }: Props) {
  const target = useTarget(id);
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row" justifyContent="space-between" gap={1}>
        <Text element="h3" variant="h5" truncate>
          {target.data?.name ?? id}
        </Text>
        <IconButton name="times" aria-label={t('fleet.detail.close', 'Close')} onClick={onClose} />
      </Stack>
      <Loadable query={target}>{(data) => <Facts target={data} />}</Loadable>
      <LinkButton href={href.target(id)} icon="arrow-right" size="sm" variant="secondary">
        <Trans i18nKey="fleet.detail.open">Open this node</Trans>
      </LinkButton>
    </Stack>
  );
}

function Facts({ target }: { readonly target: FleetTarget }) {
  const reasons = useHealthScore(target.id).data?.reasons ?? [];
  return (
    <Stack direction="column" gap={1}>
      <Stack direction="row" gap={0.5} wrap="wrap">
        <BandBadge band={target.band} score={target.fleetHealthScore ?? null} />
        <StateBadge state={target.liveness.state} />
        {target.isolated && <Badge color="red" icon="lock" text={t('fleet.detail.isolated', 'Isolated')} />}
        {target.liveness.flapping && <Badge color="orange" icon="sync" text={t('fleet.detail.flapping', 'Flapping')} />}
      </Stack>
      <Text>{target.liveness.reason}</Text>
      {reasons.length > 0 && (
        <ul aria-label={t('fleet.detail.reasons', 'Why its score is not 100')} style={{ paddingLeft: 16 }}>
          {reasons.slice(0, MOST_REASONS).map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
          {reasons.length > MOST_REASONS && (
            <li>{t('fleet.detail.more', '{{more}} more', { more: reasons.length - MOST_REASONS })}</li>
          )}
        </ul>
      )}
      <Text variant="bodySmall" color="secondary">
        {target.zone} · {target.owner ?? t('fleet.detail.no-owner', 'no owner')} ·{' '}
        <Trans i18nKey="fleet.detail.seen">last seen</Trans>{' '}
        <TimeAgo at={target.lastSeenAt} never={t('fleet.detail.never', 'never')} />
      </Text>
    </Stack>
  );
}
