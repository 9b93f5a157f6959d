import { BANDS, LIVENESS_STATES } from '@openclaw-fleet/contract';
import type { Band, LivenessState, MapTarget } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { bandWord, stateWord } from '../../words.ts';

/** Letters of the bands, so that nobody needs the colours. */
const BAND_MARKS: Record<Band, string> = { healthy: '', warning: 'W', degraded: 'D', critical: 'C', unknown: '?' };
/** A cell that is not filled does not report; its mark says why, its colour is still that of the band. */
const SILENT_MARKS: Partial<Record<LivenessState, string>> = {
  expired: '✕',
  stopped: 'II',
  inactive: '–',
  retired: '–',
};

/** How a cell looks: colour by band, a mark, and whether it is filled. */
export interface Look {
  readonly band: Band;
  readonly mark: string;
  readonly silent: boolean;
}

export function lookOf({ band, state }: Pick<MapTarget, 'band' | 'state'>): Look {
  const silent = SILENT_MARKS[state];
  return { band, mark: silent ?? BAND_MARKS[band], silent: silent !== undefined };
}

const lower = (word: string): string => word.toLocaleLowerCase();

/** Names for cells. The words are translated once: there are thousands of cells. */
export function createCellNames(): (item: MapTarget) => string {
  const bands = new Map(BANDS.map((band) => [band, lower(bandWord(band))]));
  const states = new Map(LIVENESS_STATES.map((state) => [state, lower(stateWord(state))]));
  const isolated = t('components.map.isolated', 'isolated');
  const flapping = t('components.map.flapping', 'flapping');
  const scores = new Map<number | null, string>([[null, t('components.map.no-score', 'no score')]]);
  const scoreWord = (score: number | null): string => {
    const known = scores.get(score);
    if (known !== undefined) return known;
    const word = t('components.map.score', 'score {{score}}', { score });
    scores.set(score, word);
    return word;
  };
  return (item) => {
    const words = [item.name, item.zone, bands.get(item.band), scoreWord(item.score)];
    if (item.state !== 'online') words.push(states.get(item.state));
    if (item.isolated) words.push(isolated);
    if (item.flapping) words.push(flapping);
    return words.join(', ');
  };
}
