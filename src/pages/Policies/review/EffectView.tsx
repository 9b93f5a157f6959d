import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Alert, Icon, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import type { Band, PlaybookId, PolicyPreview, PreviewItem } from '@openclaw-fleet/contract';
import { memo } from 'react';
import { BandBadge } from '../../../components/badges.tsx';
import { PagedTable } from '../../../components/FaultTable/PagedTable.tsx';
import { TimeAgo } from '../../../components/TimeAgo.tsx';
import { href } from '../../../constants.ts';
import { t } from '../../../i18n.ts';
import { bandWord, faultWord, playbookWord } from '../../../words.ts';
import { effectOf } from './effect.ts';
import type { Effect } from './effect.ts';

/** What a change would do: in numbers, and target by target. */
export function EffectView({ preview }: { readonly preview: PolicyPreview }) {
  const effect = effectOf(preview);
  return (
    <Stack direction="column" gap={2}>
      <Numbers effect={effect} />
      <Begins {...effect.begins} />
      {preview.items.length > 0 && (
        <PagedTable
          label={t('policies.effect.table', 'Targets that would change')}
          items={preview.items}
          head={
            <>
              <th scope="col">{t('policies.effect.target', 'Target')}</th>
              <th scope="col">{t('policies.effect.health', 'Health')}</th>
              <th scope="col">{t('policies.effect.opens', 'Would open')}</th>
              <th scope="col">{t('policies.effect.closes', 'Would close')}</th>
              <th scope="col">{t('policies.effect.severity', 'Would change severity')}</th>
              <th scope="col">{t('policies.effect.begins', 'Automation would begin')}</th>
            </>
          }
          row={(item) => <Row key={item.targetId} item={item} />}
        />
      )}
      {effect.partial && (
        <Text color="secondary">
          {t('policies.effect.partial', 'The first {{listed}} of {{changed}} targets are listed.', {
            listed: preview.items.length,
            changed: effect.changed,
          })}
        </Text>
      )}
      <Text variant="bodySmall" color="secondary">
        {t('policies.effect.at', 'As things were')} <TimeAgo at={preview.at} />.{' '}
        {t('policies.effect.drift', 'Heartbeats that come until then can make a difference.')}
      </Text>
    </Stack>
  );
}

function Numbers({ effect }: { readonly effect: Effect }) {
  const styles = useStyles2(getStyles);
  const { looked, changed, bands, movers, opens, closes, changes, partial } = effect;
  if (looked === 0)
    return <Text>{t('policies.effect.nobody', 'It has no targets, so nothing changes for anybody.')}</Text>;
  if (changed === 0)
    return (
      <Text>{t('policies.effect.nothing', 'Nothing would change for any of the {{looked}} targets.', { looked })}</Text>
    );
  const least = partial ? t('policies.effect.at-least', 'at least ') : '';
  return (
    <ul className={styles.facts}>
      <li>{t('policies.effect.changed', '{{changed}} of {{looked}} targets would change.', { changed, looked })}</li>
      <li>
        {t('policies.effect.movers', '{{least}}{{movers}} would get another health band', { least, movers })}
        {bands.length > 0 && ': '}
        {bands.map(({ band, before, after }) => `${bandWord(band)} ${String(before)} → ${String(after)}`).join(', ')}.
      </li>
      <li>
        {t(
          'policies.effect.faults',
          '{{least}}{{opens}} faults would open, {{closes}} would close, {{changes}} would change their severity.',
          { least, opens, closes, changes }
        )}
      </li>
    </ul>
  );
}

function Begins({ targets, playbooks }: Effect['begins']) {
  if (targets === 0) return <Text>{t('policies.effect.no-begin', 'No automation would begin.')}</Text>;
  const values = { targets, what: playbooks.map(playbookWord).join(', ') };
  return (
    <Alert
      severity="warning"
      title={t('policies.effect.begin', 'Automation would begin on {{targets}} targets: {{what}}', values)}
    >
      {targets > 1 &&
        t(
          'policies.effect.second',
          'A change that starts automation on more than one target waits for the approval of another person.'
        )}
    </Alert>
  );
}

const Row = memo(function Row({ item }: { readonly item: PreviewItem }) {
  const { targetId, before, after, opens, closes, changes, playbooks } = item;
  return (
    <tr>
      <th scope="row">
        <TextLink href={href.target(targetId)} inline={false}>
          {targetId}
        </TextLink>
      </th>
      <td>
        <Stack direction="row" gap={0.5} alignItems="center" wrap="wrap">
          <BandBadge band={before.band as Band} score={before.score} />
          {(before.band !== after.band || before.score !== after.score) && (
            <>
              <Icon name="arrow-right" title={t('policies.effect.becomes', 'becomes')} />
              <BandBadge band={after.band as Band} score={after.score} />
            </>
          )}
        </Stack>
      </td>
      <td>
        <Faults faults={opens} />
      </td>
      <td>
        <Faults faults={closes} />
      </td>
      <td>
        <Faults faults={changes.map((each) => ({ ...each, severity: `${each.before} → ${each.after}` }))} />
      </td>
      <td>{playbooks.length === 0 ? '–' : playbooks.map((each) => playbookWord(each as PlaybookId)).join(', ')}</td>
    </tr>
  );
});

interface FaultsProps {
  readonly faults: readonly { readonly fault: string; readonly severity: string; readonly message: string }[];
}

function Faults({ faults }: FaultsProps) {
  const styles = useStyles2(getStyles);
  if (faults.length === 0) return <span>–</span>;
  return (
    <ul className={styles.faults}>
      {faults.map(({ fault, severity, message }) => (
        <li key={fault}>
          {faultWord(fault)} ({severity})
          <Text element="p" variant="bodySmall" color="secondary">
            {message}
          </Text>
        </li>
      ))}
    </ul>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  facts: css({ paddingLeft: theme.spacing(2.5), margin: 0 }),
  faults: css({ listStyle: 'none', padding: 0, margin: 0, p: { margin: 0 } }),
});
