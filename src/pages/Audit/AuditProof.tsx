import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Alert, Button, ClipboardButton, Stack, Text, TextLink, useStyles2 } from '@grafana/ui';
import { t } from '../../i18n.ts';
import { useAuditExport, useAuditHead } from '../../api/audit.ts';
import type { Query } from '../../api/client.ts';
import { ActionButton } from '../../components/ActionButton.tsx';
import { shortHash } from '../../components/FaultTable/hash.ts';
import { Loadable } from '../../components/Loadable.tsx';
import { Failure } from '../../components/states.tsx';
import { saveFile } from './save-file.ts';

const FILE = 'audit.jsonl';
const HEAD_FILE = `${FILE}.head.jws`;
const DOCS = 'https://github.com/openclaw-fleet/openclaw-fleet/blob/main/docs/audit.md';

const saveHead = (jws: string): void => saveFile(HEAD_FILE, new Blob([`${jws}\n`], { type: 'application/jose' }));

interface ExportProps {
  readonly query: Query;
  /** Whether the filters leave out records from between others. */
  readonly partial: boolean;
}

/** Saves the records that match, with the head that proves them. */
export function AuditExportButton({ query, partial }: ExportProps) {
  const { mutate, isPending, data, error } = useAuditExport();
  return (
    <Stack direction="column" gap={1}>
      <div>
        <ActionButton
          role="approver"
          variant="secondary"
          icon="download-alt"
          why={isPending ? t('audit.export.busy', 'It is being exported.') : null}
          onClick={() => mutate(query, { onSuccess: ({ lines }) => saveFile(FILE, lines) })}
        >
          {isPending ? t('audit.export.exporting', 'Exporting…') : t('audit.export.button', 'Export what matches')}
        </ActionButton>
      </div>
      {error !== null && <Failure error={error} />}
      {data !== undefined && (
        <Alert severity="success" title={t('audit.export.done', 'Exported to {{file}}', { file: FILE })}>
          <Stack direction="column" gap={1} alignItems="flex-start">
            <Text>
              {partial
                ? t(
                    'audit.export.partial',
                    'The filters leave records out, so it is for reading: it cannot be verified.'
                  )
                : t('audit.export.whole', 'Keep it byte for byte, with its signed head: a formatter breaks it.')}
            </Text>
            {data.head !== null && (
              <Button size="sm" variant="secondary" icon="save" onClick={() => saveHead(data.head ?? '')}>
                <Trans i18nKey="audit.export.save-head">Save its signed head</Trans>
              </Button>
            )}
          </Stack>
        </Alert>
      )}
    </Stack>
  );
}

/** The signed head of the chain, and how to verify with it. */
export function AuditHead() {
  const styles = useStyles2(getStyles);
  const query = useAuditHead();
  return (
    <Loadable query={query}>
      {({ seq, hash, jws }) => (
        <Stack direction="column" gap={1} alignItems="flex-start">
          <Text element="h2" variant="h4">
            <Trans i18nKey="audit.head.title">Signed head</Trans>
          </Text>
          <Text>
            {t('audit.head.newest', 'The newest record is no. {{seq}} (hash {{hash}}).', {
              seq,
              hash: shortHash(hash),
            })}{' '}
            <Trans i18nKey="audit.head.why">
              Each record carries the hash of the one before it. The head is the newest hash, signed by the collector.
              Keep heads where nobody who can write to the collector can: with one, it is found when records were cut
              off or rewritten.
            </Trans>
          </Text>
          <Stack direction="row" gap={1}>
            <ClipboardButton size="sm" variant="secondary" icon="copy" getText={() => jws}>
              <Trans i18nKey="audit.head.copy">Copy the signed head</Trans>
            </ClipboardButton>
            <Button size="sm" variant="secondary" icon="save" onClick={() => saveHead(jws)}>
              <Trans i18nKey="audit.head.save">Save the signed head</Trans>
            </Button>
          </Stack>
          <Text>
            <Trans i18nKey="audit.head.verify">
              To verify an export without filters, on any machine, with the pin that “pki init” printed:
            </Trans>
          </Text>
          <pre className={styles.command}>
            npx openclaw-fleet audit verify --file {FILE} --head {HEAD_FILE} --pin sha256/…
          </pre>
          <TextLink href={DOCS} external>
            {t('audit.head.docs', 'What the audit proves, and what it does not')}
          </TextLink>
        </Stack>
      )}
    </Loadable>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  command: css({ marginBottom: 0, fontSize: theme.typography.bodySmall.fontSize, whiteSpace: 'pre-wrap' }),
});
