import { css } from '@emotion/css';
import type { GrafanaTheme2 } from '@grafana/data';
import { Trans } from '@grafana/i18n';
import { Alert, Button, Drawer, Field, Input, Stack, Text, TextArea, TextLink, useStyles2 } from '@grafana/ui';
import type { ConfigRevision, ConfigValues } from '@openclaw-fleet/contract';
import { useId, useMemo, useRef, useState } from 'react';
import { useNavigate } from 'react-router-dom';
import { t } from '../../i18n.ts';
import { failureOf } from '../../api/client.ts';
import type { FleetError } from '../../api/client.ts';
import { useCreateConfig } from '../../api/configurations.ts';
import { REASON } from '../../components/ActionDialog.tsx';
import { href } from '../../constants.ts';
import { DeniedPaths } from './DeniedPaths.tsx';
import { checkDocument } from './document.ts';
import type { PathProblem } from './document.ts';

interface Props {
  /** The values to begin with. */
  readonly values?: ConfigValues;
  readonly onDismiss: () => void;
}

const EXAMPLE: ConfigValues = { 'messages.ackReaction': 'eyes' };

/** Writes a revision. It is desired of nobody until a policy or a target names it. */
export function NewRevision({ values, onDismiss }: Props) {
  const styles = useStyles2(getStyles);
  const navigate = useNavigate();
  const id = useId();
  const create = useCreateConfig();
  const [title, setTitle] = useState('');
  const [reason, setReason] = useState('');
  const [text, setText] = useState(() => JSON.stringify(values ?? EXAMPLE, null, 2));
  const [failure, setFailure] = useState<FleetError | null>(null);
  const [known, setKnown] = useState<ConfigRevision | null>(null);
  const [busy, setBusy] = useState(false);
  // State is only seen at the next render; a second click may come before it.
  const under = useRef(false);
  const checked = useMemo(() => checkDocument(text), [text]);
  const refused = ofValues(failure);
  const lacks = whatLacks(title, reason);
  const ready = lacks === null && checked.values !== null && checked.problems.length === 0;

  const submit = async (): Promise<void> => {
    if (under.current || !ready) return;
    under.current = true;
    setBusy(true);
    setFailure(null);
    const asked = { title: title.trim(), values: checked.values, reason: reason.trim() };
    try {
      const revision = await create.mutateAsync(asked);
      // The same values make the same revision: then it is the one that was there, with its own title.
      if (revision.title === asked.title && revision.reason === asked.reason) {
        navigate(href.configuration(revision.id));
        onDismiss();
        return;
      }
      setKnown(revision);
    } catch (error) {
      setFailure(failureOf(error));
    }
    under.current = false;
    setBusy(false);
  };

  return (
    <Drawer title={t('configurations.new.title', 'New revision')} size="md" onClose={onDismiss}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack direction="column" gap={2}>
          <Text>
            <Trans i18nKey="configurations.new.text">
              A revision is a set of paths of the gateway’s configuration with their values. Nothing changes on any node
              by storing it: it is desired of nobody until a policy or a target names it.
            </Trans>
          </Text>
          <Field
            label={t('configurations.new.name', 'Title')}
            htmlFor={`${id}-title`}
            invalid={failure?.fieldError('title') !== undefined}
            error={failure?.fieldError('title')}
            required
            noMargin
          >
            <Input
              id={`${id}-title`}
              value={title}
              maxLength={128}
              autoFocus
              onChange={(event) => setTitle(event.currentTarget.value)}
            />
          </Field>
          <Field
            label={t('configurations.new.values', 'Paths and values, as JSON')}
            description={t(
              'configurations.new.values-hint',
              'A secret is a reference: { "$secretRef": "its-name" }. An array is one value.'
            )}
            htmlFor={`${id}-values`}
            invalid={checked.error !== null || checked.problems.length > 0 || refused.length > 0}
            error={checked.error ?? undefined}
            required
            noMargin
          >
            <TextArea
              id={`${id}-values`}
              className={styles.code}
              value={text}
              rows={16}
              spellCheck={false}
              onChange={(event) => {
                setText(event.currentTarget.value);
                setFailure(null);
                setKnown(null);
              }}
            />
          </Field>
          <Problems problems={checked.problems.length > 0 ? checked.problems : refused} />
          <DeniedPaths />
          <Field
            label={t('configurations.new.reason', 'Reason')}
            description={t('configurations.new.reason-hint', 'Goes into the audit. At least 3 characters.')}
            htmlFor={`${id}-reason`}
            invalid={failure?.fieldError('reason') !== undefined}
            error={failure?.fieldError('reason')}
            required
            noMargin
          >
            <TextArea
              id={`${id}-reason`}
              value={reason}
              rows={2}
              maxLength={REASON.most}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          </Field>
          {failure !== null && (
            <Alert severity="error" title={t('configurations.new.failed', 'It was not stored')}>
              {failure.message} {elsewhere(failure)}
            </Alert>
          )}
          {known !== null && (
            <Alert severity="info" title={t('configurations.new.known', 'These values are a revision already')}>
              <TextLink href={href.configuration(known.id)}>{known.title}</TextLink>
            </Alert>
          )}
          {lacks !== null && (
            <Text color="secondary" variant="bodySmall">
              {lacks}
            </Text>
          )}
          <Stack direction="row" gap={1}>
            <Button type="submit" disabled={!ready || busy}>
              {busy ? t('configurations.new.busy', 'Storing…') : t('configurations.new.store', 'Store the revision')}
            </Button>
            <Button type="button" variant="secondary" onClick={onDismiss} disabled={busy}>
              <Trans i18nKey="configurations.new.dismiss">Discard</Trans>
            </Button>
          </Stack>
        </Stack>
      </form>
    </Drawer>
  );
}

function Problems({ problems }: { readonly problems: readonly PathProblem[] }) {
  const styles = useStyles2(getStyles);
  if (problems.length === 0) return null;
  return (
    <Alert severity="error" title={t('configurations.new.problems', 'These paths cannot be stored')}>
      <ul className={styles.problems} aria-label={t('configurations.new.problems', 'These paths cannot be stored')}>
        {problems.map(({ path, message }) => (
          <li key={`${path} ${message}`}>
            <code>{path}</code>: {message}
          </li>
        ))}
      </ul>
    </Alert>
  );
}

/** What still lacks before it can be stored, in words; null: nothing. */
function whatLacks(title: string, reason: string): string | null {
  if (title.trim() === '') return t('configurations.new.lacks-title', 'Give it a title to store it.');
  return reason.trim().length < REASON.least
    ? t('configurations.new.lacks-reason', 'Give a reason to store it.')
    : null;
}

const VALUES = 'values.';
/** What the collector refuses of single paths. */
const ofValues = (failure: FleetError | null): PathProblem[] =>
  (failure?.problem?.errors ?? [])
    .filter(({ field }) => field.startsWith(VALUES))
    .map(({ field, message }) => ({ path: field.slice(VALUES.length), message }));

/** What it refuses of fields that are not here. */
const elsewhere = (failure: FleetError): string =>
  (failure.problem?.errors ?? [])
    .filter(({ field }) => !field.startsWith(VALUES) && field !== 'title' && field !== 'reason')
    .map(({ field, message }) => `${field}: ${message}`)
    .join(' ');

const getStyles = (theme: GrafanaTheme2) => ({
  code: css({ fontFamily: theme.typography.fontFamilyMonospace, fontSize: theme.typography.bodySmall.fontSize }),
  problems: css({ paddingLeft: theme.spacing(2), overflowWrap: 'anywhere' }),
});
