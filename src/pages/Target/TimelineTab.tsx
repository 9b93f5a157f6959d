import { css } from '@emotion/css';
import { dateTimeFormat } from '@grafana/data';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Button, FilterPill, Stack, Text, useStyles2 } from '@grafana/ui';
import { CHANGE_KINDS } from '@openclaw-fleet/contract';
import type { TimelineEntry } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { t } from '../../i18n.ts';
import { useTimeline } from '../../api/targets.ts';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { Empty } from '../../components/states.tsx';
import { TimeAgo } from '../../components/TimeAgo.tsx';
import { useUrlState } from '../../hooks/use-url-state.ts';
import { changeWord } from '../../words.ts';
import { Section } from './Section.tsx';
import { ofKinds, toggled } from './timeline-filter.ts';

/** What happened to it, newest first. */
export function TimelineTab({ targetId }: { readonly targetId: string }) {
  const styles = useStyles2(getStyles);
  const url = useUrlState();
  const query = useTimeline(targetId);
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const kinds = url.list('kind', CHANGE_KINDS);
  const clear = (): void => url.set({ kind: [] });
  return (
    <Section title={t('target.timeline.title', 'What happened')}>
      <div role="group" aria-label={t('target.timeline.filter', 'Show only')}>
        <Stack direction="row" gap={1} wrap="wrap">
          {CHANGE_KINDS.map((kind) => (
            <FilterPill
              key={kind}
              label={changeWord(kind)}
              selected={kinds.includes(kind)}
              onClick={() => url.set({ kind: toggled(kinds, kind) })}
            />
          ))}
        </Stack>
      </div>
      <Loadable query={{ ...query, data: data?.pages.flatMap(({ items }) => items) }}>
        {(entries) => {
          const shown = ofKinds(entries, kinds);
          if (entries.length === 0)
            return <Empty title={t('target.timeline.none', 'Nothing has happened to it that is still kept')} />;
          if (shown.length === 0)
            return (
              <Empty
                title={t('target.timeline.no-match', 'Nothing of these kinds in what is loaded')}
                button={
                  <Button variant="secondary" onClick={clear}>
                    <Trans i18nKey="target.timeline.clear">Clear the filter</Trans>
                  </Button>
                }
              >
                {hasNextPage && t('target.timeline.older', 'There may be some further back: load older entries.')}
              </Empty>
            );
          return (
            <ol className={styles.list} aria-label={t('target.timeline.list', 'Timeline, the newest first')}>
              {shown.map((entry) => (
                <Entry key={entry.id} entry={entry} />
              ))}
            </ol>
          );
        }}
      </Loadable>
      {hasNextPage && (
        <div>
          <Button variant="secondary" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            <Trans i18nKey="target.timeline.more">Load older entries</Trans>
          </Button>
        </div>
      )}
    </Section>
  );
}

const Entry = memo(function Entry({ entry }: { readonly entry: TimelineEntry }) {
  const styles = useStyles2(getStyles);
  return (
    <li className={styles.entry}>
      <div className={styles.when}>
        <div>{dateTimeFormat(entry.at)}</div>
        <Text variant="bodySmall" color="secondary">
          <TimeAgo at={entry.at} />
        </Text>
      </div>
      <div className={styles.kind}>
        <Text weight="medium">{changeWord(entry.kind)}</Text>
      </div>
      <div className={styles.what}>
        {shortHash(entry.summary)}
        {(entry.actor !== null || entry.reason !== null) && (
          <div>
            <Text variant="bodySmall" color="secondary">
              {[entry.actor, entry.reason].filter((each) => each !== null).join(': ')}
            </Text>
          </div>
        )}
      </div>
    </li>
  );
});

const getStyles = (theme: GrafanaTheme2) => ({
  list: css({ listStyle: 'none', margin: 0, padding: 0 }),
  entry: css({
    display: 'flex',
    gap: theme.spacing(2),
    padding: theme.spacing(1, 0),
    borderBottom: `1px solid ${theme.colors.border.weak}`,
  }),
  when: css({ flex: '0 0 160px', fontVariantNumeric: 'tabular-nums' }),
  kind: css({ flex: '0 0 90px' }),
  what: css({ minWidth: 0, overflowWrap: 'anywhere' }),
});
