import { Trans } from '@grafana/i18n';
import { Alert, Button, Checkbox, Field, Modal, Stack, TextArea } from '@grafana/ui';
import { useId, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { t } from '../i18n.ts';
import { failureOf } from '../api/client.ts';
import type { FleetError } from '../api/client.ts';
import { useFocusReturn } from '../hooks/use-focus-return.ts';

/** The bounds of a reason, as the contract's `reasonSchema` has them. */
export const REASON = { least: 3, most: 500 } as const;

export interface ActionDialogProps {
  readonly title: string;
  /** Exactly what will happen, to which nodes. */
  readonly children: ReactNode;
  readonly confirm: string;
  readonly destructive?: boolean;
  /** What must be ticked before it can be done, for what cannot be taken back. */
  readonly acknowledge?: string;
  /** Why it cannot be confirmed yet, such as a plan that is still being made; null: it can. */
  readonly blocked?: string | null;
  /** How much of a reason it takes; for what must be explained. Characters. */
  readonly leastReason?: number;
  /** What is in it has a field that takes the focus, before the one for the reason. */
  readonly hasFields?: boolean;
  /** What the field for the reason starts with. */
  readonly reason?: string;
  /** Carries it out. What it rejects with stays in the dialog. */
  readonly onConfirm: (reason: string) => Promise<unknown>;
  /** What to add to its words, such as a link to what was stored. */
  readonly failure?: (error: FleetError) => ReactNode;
  readonly onDismiss: () => void;
}

/** Asks for a reason and confirms one action. Errors stay in it, and a double click does nothing twice. */
export function ActionDialog({
  title,
  children,
  confirm,
  destructive = false,
  acknowledge,
  blocked,
  ...props
}: ActionDialogProps) {
  useFocusReturn();
  const [reason, setReason] = useState(props.reason ?? '');
  const [known, setKnown] = useState(acknowledge === undefined);
  const [error, setError] = useState<FleetError | null>(null);
  const [busy, setBusy] = useState(false);
  // State is only seen at the next render; a second click may come before it.
  const under = useRef(false);
  const id = useId();
  const text = reason.trim();
  const least = props.leastReason ?? REASON.least;
  const tooShort = text.length < least;
  const ready = !tooShort && known && (blocked ?? null) === null;

  const submit = async (): Promise<void> => {
    if (under.current || !ready) return;
    under.current = true;
    setBusy(true);
    setError(null);
    try {
      await props.onConfirm(text);
      props.onDismiss();
    } catch (failure) {
      setError(failureOf(failure));
      under.current = false;
      setBusy(false);
    }
  };

  return (
    <Modal title={title} isOpen onDismiss={busy ? () => undefined : props.onDismiss} closeOnBackdropClick={false}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <Stack direction="column" gap={2}>
          <div>{children}</div>
          <Field
            label={t('components.dialog.reason', 'Reason')}
            description={t('components.dialog.reason-hint', 'Goes into the audit. At least {{least}} characters.', {
              least,
            })}
            htmlFor={id}
            required
            noMargin
          >
            <TextArea
              id={id}
              value={reason}
              maxLength={REASON.most}
              rows={2}
              autoFocus={props.hasFields !== true}
              onChange={(event) => setReason(event.currentTarget.value)}
            />
          </Field>
          {acknowledge !== undefined && (
            <div>
              <Checkbox label={acknowledge} value={known} onChange={(event) => setKnown(event.currentTarget.checked)} />
            </div>
          )}
          {(blocked ?? null) !== null && <Alert severity="info" title={blocked ?? ''} />}
          {error !== null && (
            <Alert severity="error" title={t('components.dialog.failed', 'It was not done')}>
              {[error.message, ...fieldErrors(error)].join(' ')}
              {props.failure?.(error)}
            </Alert>
          )}
          {/* The row of buttons stays in view, above the last line otherwise. */}
          <div />
        </Stack>
        <Modal.ButtonRow>
          <Button type="button" variant="secondary" fill="outline" onClick={props.onDismiss} disabled={busy}>
            <Trans i18nKey="components.dialog.dismiss">Keep as it is</Trans>
          </Button>
          <Button type="submit" variant={destructive ? 'destructive' : 'primary'} disabled={!ready || busy}>
            {busy ? t('components.dialog.busy', 'Working…') : confirm}
          </Button>
        </Modal.ButtonRow>
      </form>
    </Modal>
  );
}

const fieldErrors = ({ problem }: FleetError): string[] =>
  problem?.errors?.map((each) => `${each.field}: ${each.message}`) ?? [];
