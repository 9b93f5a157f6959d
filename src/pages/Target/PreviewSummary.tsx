import { Trans } from '@grafana/i18n';
import { Alert, Button, Stack, Text } from '@grafana/ui';
import type { Band, PlaybookId, PolicyPreview, PreviewItem } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';
import { BandBadge } from '../../components/badges.tsx';
import { Failure } from '../../components/states.tsx';
import { faultWord, playbookWord } from '../../words.ts';
import type { Preview } from './use-preview.ts';

interface Props {
  readonly preview: Preview;
  /** Why there is nothing to look at yet; null: there is. */
  readonly why: string | null;
}

/** Lets a person look at what a change would do, before it can be made. */
export function PreviewSummary({ preview, why }: Props) {
  const { data, error, busy, look } = preview;
  return (
    <Stack direction="column" gap={1}>
      <div>
        <Button variant="secondary" icon="eye" type="button" disabled={busy || why !== null} onClick={look}>
          {busy ? t('target.preview.busy', 'Looking…') : t('target.preview.look', 'Preview')}
        </Button>
      </div>
      {error !== null && <Failure error={error} />}
      {data !== null && <Outcome preview={data} />}
    </Stack>
  );
}

function Outcome({ preview }: { readonly preview: PolicyPreview }) {
  const [item] = preview.items;
  if (item === undefined)
    return (
      <Alert
        bottomSpacing={0}
        severity="success"
        title={t('target.preview.same', 'Its score and faults stay as they are')}
      >
        <Trans i18nKey="target.preview.same-text">Nothing opens, nothing closes, and no repair would begin.</Trans>
      </Alert>
    );
  return (
    <Alert
      bottomSpacing={0}
      severity={item.opens.length > 0 || item.playbooks.length > 0 ? 'warning' : 'info'}
      title={t('target.preview.title', 'What this would change')}
    >
      <Stack direction="column" gap={1}>
        <Stack direction="row" gap={1} alignItems="center">
          <BandBadge band={item.before.band as Band} score={item.before.score} />
          <Text>{t('target.preview.becomes', 'becomes')}</Text>
          <BandBadge band={item.after.band as Band} score={item.after.score} />
        </Stack>
        <Lines title={t('target.preview.opens', 'Would open')} lines={linesOf(item.opens)} />
        <Lines title={t('target.preview.closes', 'Would close')} lines={linesOf(item.closes)} />
        <Lines
          title={t('target.preview.changes', 'Would change its severity')}
          lines={item.changes.map(({ fault, before, after }) => `${faultWord(fault)}: ${before} → ${after}`)}
        />
        <Lines
          title={t('target.preview.playbooks', 'Automation would begin')}
          lines={item.playbooks.map((each) => playbookWord(each as PlaybookId))}
        />
      </Stack>
    </Alert>
  );
}

const linesOf = (faults: PreviewItem['opens']): string[] =>
  faults.map(({ fault, severity, message }) => `${faultWord(fault)} (${severity}): ${message}`);

const Lines = ({ title, lines }: { readonly title: string; readonly lines: readonly string[] }) =>
  lines.length === 0 ? null : (
    <div>
      <Text weight="medium">{title}</Text>
      <ul>
        {lines.map((line) => (
          <li key={line}>{line}</li>
        ))}
      </ul>
    </div>
  );
