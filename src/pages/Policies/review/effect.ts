import type { Band, PlaybookId, PolicyPreview } from '@openclaw-fleet/contract';
import { BANDS } from '@openclaw-fleet/contract';

/** A preview in numbers. */
export interface Effect {
  readonly looked: number;
  readonly changed: number;
  /** Bands that have another number of targets then, the best first. */
  readonly bands: readonly { readonly band: Band; readonly before: number; readonly after: number }[];
  readonly movers: number;
  readonly opens: number;
  readonly closes: number;
  readonly changes: number;
  /** Targets that automation would begin on, and with what. */
  readonly begins: { readonly targets: number; readonly playbooks: readonly PlaybookId[] };
  /** Not every target that changes is listed: what is counted from the list is the least. */
  readonly partial: boolean;
}

export function effectOf({ looked, changed, bands, items }: PolicyPreview): Effect {
  const begun = items.filter(({ playbooks }) => playbooks.length > 0);
  const sum = (count: (item: PolicyPreview['items'][number]) => number): number =>
    items.reduce((total, item) => total + count(item), 0);
  return {
    looked,
    changed,
    bands: BANDS.flatMap((band) => {
      const { before = 0, after = 0 } = bands[band] ?? {};
      return before === after ? [] : [{ band, before, after }];
    }),
    movers: items.filter(({ before, after }) => before.band !== after.band).length,
    opens: sum(({ opens }) => opens.length),
    closes: sum(({ closes }) => closes.length),
    changes: sum((item) => item.changes.length),
    begins: {
      targets: begun.length,
      playbooks: [...new Set(begun.flatMap(({ playbooks }) => playbooks))].sort() as PlaybookId[],
    },
    partial: items.length < changed,
  };
}
