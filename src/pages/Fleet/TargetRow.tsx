import { Badge, Checkbox, TextLink } from '@grafana/ui';
import type { FleetTarget } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { BandBadge, StateBadge } from '../../components/badges.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { href } from '../../constants.ts';
import { t } from '../../i18n.ts';

interface PickProps {
  readonly id: string;
  readonly name: string;
  readonly picked: boolean;
  readonly onPick: (id: string, picked: boolean) => void;
}

interface Props extends Pick<PickProps, 'picked' | 'onPick'> {
  readonly target: FleetTarget;
}

/** One target. Most of its changes are a new time that it was last seen: so each of the other cells stands for itself. */
export const TargetRow = memo(function TargetRow({ target, picked, onPick }: Props) {
  const { id, name, liveness } = target;
  return (
    <tr aria-selected={picked}>
      <td>
        <PickBox id={id} name={name} picked={picked} onPick={onPick} />
      </td>
      <td>
        <Name id={id} name={name} />
      </td>
      <td>{target.zone}</td>
      <td>
        <BandBadge band={target.band} score={target.fleetHealthScore ?? null} /> {target.isolated && <Isolated />}
      </td>
      <td>
        <StateBadge state={liveness.state} /> {liveness.flapping && <Flapping />}
      </td>
      <td>
        <TimeAgo at={target.lastSeenAt} never={t('fleet.table.never', 'Never')} />
      </td>
      <td>{target.owner ?? '–'}</td>
    </tr>
  );
});

const PickBox = memo(function PickBox({ id, name, picked, onPick }: PickProps) {
  return (
    <Checkbox
      value={picked}
      aria-label={t('fleet.table.pick', 'Select {{name}}', { name })}
      onChange={(event) => onPick(id, event.currentTarget.checked)}
    />
  );
});

const Name = memo(function Name({ id, name }: Pick<PickProps, 'id' | 'name'>) {
  return (
    <TextLink href={href.target(id)} inline={false}>
      {name}
    </TextLink>
  );
});

const Isolated = memo(function Isolated() {
  return <Badge color="red" icon="lock" text={t('fleet.table.isolated', 'Isolated')} />;
});

const Flapping = memo(function Flapping() {
  return <Badge color="orange" icon="sync" text={t('fleet.table.flapping', 'Flapping')} />;
});
