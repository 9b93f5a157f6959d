import { Trans } from '@grafana/i18n';
import { Text, useStyles2 } from '@grafana/ui';
import type { MapTarget, ZoneSummary } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { t } from '../../i18n.ts';
import { BandBadge, VerdictBadge } from '../badges.tsx';
import { Chunk } from './Cells.tsx';
import { CELLS_PER_CHUNK, chunksOf, sameItems, worstOf } from './layout.ts';
import { getStyles } from './styles.ts';

interface Props {
  /** Null: the map is not divided. */
  readonly zone: string | null;
  readonly items: readonly MapTarget[];
  /** How many of them to draw now. */
  readonly most: number;
  readonly summary: ZoneSummary | undefined;
  /** Where in `items` the cell is that Tab leads to, and the one that is selected; -1: elsewhere. */
  readonly active: number;
  readonly selected: number;
  readonly idOf: (id: string) => string;
  readonly nameOf: (item: MapTarget) => string;
}

/** One zone of the map: how it is doing, and its cells. */
export const Zone = memo(
  function Zone({ zone, items, most, summary, active, selected, idOf, nameOf }: Props) {
    const styles = useStyles2(getStyles);
    const within = (position: number, chunk: number): number =>
      Math.floor(position / CELLS_PER_CHUNK) === chunk ? position % CELLS_PER_CHUNK : -1;
    return (
      <div className={styles.zone}>
        {zone !== null && <Heading zone={zone} items={items} summary={summary} />}
        <div
          role="listbox"
          className={styles.cells}
          aria-label={
            zone === null
              ? t('components.map.nodes', 'Nodes')
              : t('components.map.nodes-of', 'Nodes of {{zone}}', { zone })
          }
        >
          {chunksOf(items.slice(0, most)).map((chunk, index) => (
            <Chunk
              key={index}
              items={chunk}
              active={within(active, index)}
              selected={within(selected, index)}
              idOf={idOf}
              nameOf={nameOf}
            />
          ))}
        </div>
      </div>
    );
  },
  (a, b) =>
    a.zone === b.zone &&
    a.most === b.most &&
    a.summary === b.summary &&
    a.active === b.active &&
    a.selected === b.selected &&
    a.idOf === b.idOf &&
    a.nameOf === b.nameOf &&
    sameItems(a.items, b.items)
);

type HeadingProps = Pick<Props, 'items' | 'summary'> & { readonly zone: string };

function Heading({ zone, items, summary }: HeadingProps) {
  const styles = useStyles2(getStyles);
  const worst = worstOf(items);
  const online = summary?.online ?? items.filter(({ state }) => state === 'online').length;
  const expected = summary?.expected ?? items.length;
  return (
    <div className={styles.heading}>
      <Text element="h3" variant="h5">
        {zone}
      </Text>
      {summary !== undefined && <VerdictBadge verdict={summary.verdict} />}
      <Text color="secondary" variant="bodySmall">
        {summary === undefined
          ? t('components.map.online', '{{online}} of {{expected}} online', { online, expected })
          : t('components.map.expected', '{{online}} of {{expected}} expected online', { online, expected })}
      </Text>
      {worst !== null && (
        <span className={styles.worst}>
          <Trans i18nKey="components.map.worst">Worst:</Trans> <BandBadge band={worst} />
        </span>
      )}
    </div>
  );
}
