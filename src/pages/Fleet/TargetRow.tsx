import { t } from '@grafana/i18n';
import { Badge, Checkbox, Stack, TextLink } from '@grafana/ui';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { BandBadge, StateBadge } from '../../components/badges.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';

interface Props {
  readonly target: FleetTarget;
  readonly picked: boolean;
  readonly onPick: (id: string, picked: boolean) => void;
}

export const TargetRow = memo(function TargetRow({ target, picked, onPick }: Props) {
  const { id, name, zone, band, liveness } = target;
  return (
    <tr aria-selected={picked}>
      <td>
        <Checkbox
          value={picked}
          aria-label={t('fleet.table.pick', 'Select {{name}}', { name })}
          onChange={(event) => onPick(id, event.currentTarget.checked)}
        />
      </td>
      <td>
        <TextLink href={href.target(id)} inline={false}>
          {name}
        </TextLink>
      </td>
      <td>{zone}</td>
      <td>
        <Stack direction="row" gap={0.5}>
          <BandBadge band={band} score={target.fleetHealthScore ?? null} />
          {target.isolated && <Badge color="red" icon="lock" text={t('fleet.table.isolated', 'Isolated')} />}
        </Stack>
      </td>
      <td>
        <Stack direction="row" gap={0.5}>
          <StateBadge state={liveness.state} />
          {liveness.flapping && <Badge color="orange" icon="sync" text={t('fleet.table.flapping', 'Flapping')} />}
        </Stack>
      </td>
      <td>
        <TimeAgo at={target.lastSeenAt} never={t('fleet.table.never', 'Never')} />
      </td>
      <td>{target.owner ?? '–'}</td>
    </tr>
  );
});
