import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { locationService } from '@grafana/runtime';
import { Alert, Text, useStyles2 } from '@grafana/ui';
import { css } from '@emotion/css';
import type { FleetMap as FleetMapData, ZoneSummary } from '@openclaw-fleet/contract';
import { memo, useRef } from 'react';
import { t } from '../../i18n.ts';
import { FleetMap } from '../../components/FleetMap/FleetMap.tsx';
import { Legend } from '../../components/FleetMap/Legend.tsx';
import { href } from '../../constants.ts';
import { Detail } from './Detail.tsx';

interface Props {
  readonly map: FleetMapData;
  readonly zones: readonly ZoneSummary[] | undefined;
  readonly selectedId: string | null;
  readonly onSelect: (id: string | null) => void;
}

const open = (id: string): void => locationService.push(href.target(id));

/** The map, and beside it what one of its nodes is about. The place of that is kept, so that a click moves no cell. */
export const MapBlock = memo(function MapBlock({ map, zones, selectedId, onSelect }: Props) {
  const styles = useStyles2(getStyles);
  const cells = useRef<HTMLDivElement>(null);
  const close = (): void => {
    onSelect(null);
    // Who closes it by keyboard goes on from the cell.
    cells.current?.querySelector<HTMLElement>('[role="option"][tabindex="0"]')?.focus();
  };
  return (
    <section aria-labelledby="fleet-map-title">
      <div className={styles.title}>
        <Text element="h2" variant="h4" id="fleet-map-title">
          <Trans i18nKey="fleet.map.title">Map</Trans>
        </Text>
        <Text color="secondary">{t('fleet.map.count', '{{total}} nodes', { total: map.total.toLocaleString() })}</Text>
      </div>
      {map.truncated && (
        <Alert
          severity="warning"
          title={t(
            'fleet.map.truncated',
            'The map shows the first {{shown}} of {{total}} nodes. Filter to see the others.',
            {
              shown: map.items.length.toLocaleString(),
              total: map.total.toLocaleString(),
            }
          )}
        />
      )}
      <Legend />
      <div className={styles.block}>
        <div ref={cells} className={styles.map}>
          <FleetMap
            items={map.items}
            selectedId={selectedId}
            onSelect={onSelect}
            onOpen={open}
            {...(zones && { zones })}
            height="65vh"
          />
        </div>
        <aside className={styles.aside} aria-label={t('fleet.map.selected', 'Selected node')}>
          {selectedId === null ? (
            <Text color="secondary">
              <Trans i18nKey="fleet.map.none">Select a node of the map to see here how it is doing and why.</Trans>
            </Text>
          ) : (
            <Detail key={selectedId} id={selectedId} onClose={close} />
          )}
        </aside>
      </div>
    </section>
  );
});

const getStyles = (theme: GrafanaTheme2) => ({
  title: css({ display: 'flex', alignItems: 'baseline', gap: theme.spacing(1) }),
  block: css({ display: 'flex', flexWrap: 'wrap', gap: theme.spacing(2), paddingTop: theme.spacing(1) }),
  map: css({ flex: '1 1 340px', minWidth: 0 }),
  aside: css({
    flex: '0 1 260px',
    minWidth: 220,
    minHeight: 260,
    maxHeight: '65vh',
    overflowY: 'auto',
    alignSelf: 'flex-start',
    padding: theme.spacing(1.5),
    borderRadius: theme.shape.radius.default,
    background: theme.colors.background.secondary,
  }),
});
