import { useStyles2 } from '@grafana/ui';
import type { MapTarget, ZoneSummary } from '@openclaw-fleet/contract';
import { useCallback, useEffect, useId, useMemo, useRef, useState } from 'react';
import type { FocusEvent, KeyboardEvent, MouseEvent } from 'react';
import { t } from '../../i18n.ts';
import { stepTo, zonesOf } from './layout.ts';
import { createCellNames } from './look.ts';
import { MapTooltip } from './MapTooltip.tsx';
import { CELL, getStyles } from './styles.ts';
import { Zone } from './Zone.tsx';

export interface FleetMapProps {
  /** In the order of the API: by zone, then by name. */
  readonly items: readonly MapTarget[];
  readonly selectedId?: string | null;
  /** A click, Enter or the space bar on a cell. */
  readonly onSelect: (id: string) => void;
  /** Enter on the selected cell, or a double click; left out: nothing more. */
  readonly onOpen?: (id: string) => void;
  /** `none`: one block without headings. */
  readonly groupBy?: 'zone' | 'none';
  /** What the collector says of each zone; left out: headings count `items` alone. */
  readonly zones?: readonly ZoneSummary[];
  /** The most it takes before it scrolls by itself: pixels, or a length of CSS. */
  readonly height?: number | string;
}

/** The target that an event on the map is about. */
function targetOf({ target }: { readonly target: EventTarget }): string | null {
  return target instanceof Element ? (target.closest('[data-target]')?.getAttribute('data-target') ?? null) : null;
}

/** How many cells the row has that a cell is in. */
function columnsAt(cell: Element): number {
  const width = cell.parentElement?.clientWidth ?? 0;
  return Math.max(1, Math.floor((width - CELL.gap) / (CELL.size + CELL.gap)));
}

/** One cell per target, by zone: its band by colour and letter, reachable by keyboard. */
export function FleetMap({
  items,
  selectedId = null,
  onSelect,
  onOpen,
  groupBy = 'zone',
  zones,
  height,
}: FleetMapProps) {
  const styles = useStyles2(getStyles);
  const root = useRef<HTMLDivElement>(null);
  const mapId = useId();
  const hintId = `${mapId}-hint`;
  const idOf = useCallback((id: string) => `${mapId}-${id}`, [mapId]);
  const [nameOf] = useState(createCellNames);
  const groups = useMemo(() => zonesOf(items, groupBy), [items, groupBy]);
  const places = useMemo(() => {
    const ids = groups.flatMap((group) => group.items.map(({ id }) => id));
    return { ids, of: new Map(ids.map((id, index) => [id, index])) };
  }, [groups]);
  // The one cell that Tab leads to.
  const [activeId, setActiveId] = useState<string | null>(null);
  const selected = places.of.get(selectedId ?? '') ?? -1;
  const active = places.of.get(activeId ?? '') ?? Math.max(selected, 0);

  const drawn = useSteps(items.length);
  const begun = groups.filter(({ first }) => first < drawn);

  const onKeyDown = (event: KeyboardEvent<HTMLElement>): void => {
    const id = targetOf(event);
    const position = places.of.get(id ?? '');
    if (id === null || position === undefined || event.altKey) return;
    if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      if (event.key === 'Enter' && id === selectedId && onOpen !== undefined) onOpen(id);
      else onSelect(id);
      return;
    }
    const far = event.ctrlKey || event.metaKey;
    const next = stepTo(event.key, { groups, position, columns: columnsAt(event.target as Element), far });
    if (next === null) return;
    event.preventDefault();
    document.getElementById(idOf(places.ids[next] ?? id))?.focus();
  };
  const onFocus = (event: FocusEvent): void => {
    const id = targetOf(event);
    if (id !== null) setActiveId(id);
  };
  const onClick = (event: MouseEvent): void => {
    const id = targetOf(event);
    if (id !== null) onSelect(id);
  };
  const onDoubleClick = (event: MouseEvent): void => {
    const id = targetOf(event);
    if (id !== null) onOpen?.(id);
  };

  return (
    <div
      ref={root}
      role="group"
      aria-label={t('components.map.label', 'Map of the fleet')}
      aria-describedby={hintId}
      className={styles.map}
      style={{ maxHeight: height }}
      onKeyDown={onKeyDown}
      onFocus={onFocus}
      onClick={onClick}
      onDoubleClick={onDoubleClick}
    >
      <span id={hintId} hidden>
        {onOpen === undefined
          ? t('components.map.hint', 'Arrow keys move, Enter selects.')
          : t('components.map.hint-open', 'Arrow keys move, Enter selects, Enter again opens.')}
      </span>
      {begun.map(({ zone, first, items: inZone }) => (
        <Zone
          key={zone ?? ''}
          zone={zone}
          items={inZone}
          most={Math.min(drawn - first, inZone.length)}
          summary={zones?.find((each) => each.zone === zone)}
          active={within(active, first, inZone.length)}
          selected={within(selected, first, inZone.length)}
          idOf={idOf}
          nameOf={nameOf}
        />
      ))}
      <MapTooltip map={root} />
    </div>
  );
}

/** Cells that are drawn at once, and in each step after that: more would hold the page for too long. */
const CELLS = { first: 2000, step: 1000 } as const;

/** How many cells to draw now: of many, the first ones at once and the others soon after, between whatever else goes on. */
function useSteps(count: number): number {
  const [drawn, setDrawn] = useState<number>(CELLS.first);
  useEffect(() => {
    if (drawn >= count) return;
    const timer = setTimeout(() => setDrawn(drawn + CELLS.step));
    return () => clearTimeout(timer);
  }, [drawn, count]);
  return drawn;
}

/** A place of the map as one of a zone; -1: it is in another. */
const within = (position: number, first: number, count: number): number =>
  position >= first && position < first + count ? position - first : -1;
