import type { PanelProps } from '@grafana/data';
import { t } from '@grafana/i18n';
import { locationService } from '@grafana/runtime';
import { Stack, TextLink } from '@grafana/ui';
import type { FleetMap as MapData } from '@openclaw-fleet/contract';
import { useState } from 'react';
import { useFleetMap } from '../../api/fleet.ts';
import { BandBadge, StateBadge } from '../../components/badges.tsx';
import { FleetMap } from '../../components/FleetMap/FleetMap.tsx';
import { Loadable } from '../../components/Loadable.tsx';
import { Empty } from '../../components/states.tsx';
import { href } from '../../constants.ts';
import { linksOf } from '../links.ts';
import { PanelShell } from '../PanelShell.tsx';
import { namesOf } from '../names.ts';
import type { MapOptions } from './options.ts';

const TROUBLE = ['warning', 'degraded', 'critical', 'unknown'] as const;

/** The map of the fleet in a dashboard. Without data links a cell leads to its target; with them, it offers them. */
export function FleetMapPanel(props: PanelProps<MapOptions>) {
  return (
    <PanelShell>
      <Content {...props} />
    </PanelShell>
  );
}

function Content(props: PanelProps<MapOptions>) {
  const { options, replaceVariables } = props;
  const zone = namesOf(options.zones, replaceVariables);
  const map = useFleetMap({ zone, ...(options.onlyTrouble && { band: TROUBLE }) });
  return <Loadable query={map}>{(read) => <Shown map={read} zones={zone} {...props} />}</Loadable>;
}

interface ShownProps extends Pick<PanelProps<MapOptions>, 'options' | 'fieldConfig' | 'replaceVariables' | 'height'> {
  readonly map: MapData;
  readonly zones: readonly string[];
}

function Shown({ map: { items, total }, zones, options, fieldConfig, replaceVariables, height }: ShownProps) {
  const [selected, setSelected] = useState<string | null>(null);
  if (items.length === 0) {
    // A zone that does not exist has no trouble either.
    if (options.onlyTrouble && zones.length > 0)
      return (
        <Empty title={t('panels.map.no-trouble', 'No target of these zones needs a look')}>{zones.join(', ')}</Empty>
      );
    if (options.onlyTrouble) return <Empty good title={t('panels.map.healthy', 'Every target is healthy')} />;
    return <Empty title={t('panels.map.empty', 'No target matches the options of this panel')} />;
  }
  const links = fieldConfig.defaults.links ?? [];
  const target = items.find(({ id }) => id === selected);
  const choose = (id: string): void => {
    if (links.length === 0) locationService.push(href.target(id));
    else setSelected(id);
  };
  return (
    <Stack direction="column" gap={1}>
      {target !== undefined && (
        <Stack direction="row" gap={1} alignItems="center" wrap="wrap">
          <TextLink href={href.target(target.id)}>{target.name}</TextLink>
          <BandBadge band={target.band} score={target.score} />
          <StateBadge state={target.state} />
          {linksOf(links, target, replaceVariables).map(({ title, href: to, newTab }) => (
            <TextLink key={to} href={to} external={newTab}>
              {title}
            </TextLink>
          ))}
        </Stack>
      )}
      <FleetMap
        items={items}
        selectedId={selected ?? undefined}
        onSelect={choose}
        groupBy={options.groupByZone ? 'zone' : 'none'}
        height={height}
      />
      {items.length < total && (
        <span>
          {t('panels.map.truncated', '{{shown}} of {{total}} targets are shown: filter by zone.', {
            shown: items.length,
            total,
          })}
        </span>
      )}
    </Stack>
  );
}
