import { useStyles2 } from '@grafana/ui';
import { BANDS } from '@openclaw-fleet/contract';
import type { MapTarget } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { bandWord, stateWord } from '../../words.ts';
import { lookOf } from './look.ts';
import { getStyles } from './styles.ts';

interface Entry extends Pick<MapTarget, 'band' | 'state'> {
  readonly text: string;
  readonly isolated?: boolean;
}

const entries = (): Entry[] => [
  ...BANDS.map((band) => ({ band, state: 'online' as const, text: bandWord(band) })),
  { band: 'critical', state: 'expired', text: stateWord('expired') },
  { band: 'unknown', state: 'stopped', text: stateWord('stopped') },
  { band: 'critical', state: 'online', isolated: true, text: t('components.map.round', 'Isolated (round)') },
];

/** What colours, letters and shapes of the map mean. */
export function Legend() {
  const styles = useStyles2(getStyles);
  return (
    <ul className={styles.legend} aria-label={t('components.map.legend', 'What the cells mean')}>
      {entries().map(({ text, isolated, ...entry }) => {
        const { band, mark, silent } = lookOf(entry);
        return (
          <li key={text}>
            <span
              aria-hidden
              data-band={band}
              data-mark={mark}
              data-silent={silent || undefined}
              data-isolated={isolated}
            />
            {text}
          </li>
        );
      })}
    </ul>
  );
}
