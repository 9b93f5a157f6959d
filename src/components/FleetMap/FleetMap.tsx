import type { MapTarget, ZoneSummary } from '@openclaw-fleet/contract';

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

/** One cell per target, by zone: its band by colour and letter, reachable by keyboard. */
export function FleetMap(_props: FleetMapProps) {
  return null;
}
