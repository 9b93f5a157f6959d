import { dateTimeFormat } from '@grafana/data';
import { Button, Combobox, Field, Input, Modal, RadioButtonGroup, Stack, Text } from '@grafana/ui';
import type { MaintenanceWindow } from '@openclaw-fleet/contract';
import { useId, useMemo, useState } from 'react';
import { REASON } from '../../../components/ActionDialog.tsx';
import { useNow } from '../../../components/TimeAgo.tsx';
import { useFocusReturn } from '../../../hooks/use-focus-return.ts';
import { t } from '../../../i18n.ts';
import { parseCron } from './cron.ts';
import { cronWords, lengthWords } from './cron-words.ts';
import { windowState } from './when.ts';

interface Props {
  /** Null: a new one. */
  readonly window: MaintenanceWindow | null;
  readonly onDone: (window: MaintenanceWindow) => void;
  readonly onDismiss: () => void;
}

const NEW: MaintenanceWindow = {
  kind: 'deny',
  schedule: '0 22 * * *',
  durationMinutes: 480,
  timeZone: 'UTC',
  reason: '',
};
/** As the contract's `maintenanceWindowSchema` has it. */
const LONGEST = 10_080;

type Errors = Partial<Record<'schedule' | 'duration' | 'reason', string>>;

/** What is wrong with a window as it was typed; the collector looks again. */
export function windowErrors(schedule: string, duration: string, reason: string): Errors {
  const minutes = Number(duration);
  const length = reason.trim().length;
  return {
    ...(parseCron(schedule) === null && {
      schedule: t(
        'policies.window.bad-schedule',
        'Write minute, hour, day of month, month and day of week, such as 0 22 * * FRI for Fridays at 22:00.'
      ),
    }),
    ...((!Number.isInteger(minutes) || minutes < 1 || minutes > LONGEST) && {
      duration: t('policies.window.bad-duration', 'Enter whole minutes, from 1 to {{longest}} (a week).', {
        longest: LONGEST,
      }),
    }),
    ...((length < REASON.least || length > REASON.most) && {
      reason: t('policies.window.bad-reason', 'Say why, in at least 3 characters.'),
    }),
  };
}

/** Asks for one window. What it would do is shown next, before it is saved. */
export function WindowDialog({ window, onDone, onDismiss }: Props) {
  useFocusReturn();
  const [draft, setDraft] = useState(window ?? NEW);
  const [duration, setDuration] = useState(String((window ?? NEW).durationMinutes));
  const [tried, setTried] = useState(false);
  const id = useId();
  const zones = useMemo(
    () => ['UTC', ...Intl.supportedValuesOf('timeZone')].map((value) => ({ value, label: value })),
    []
  );
  const found = windowErrors(draft.schedule, duration, draft.reason);
  const errors = tried ? found : {};
  const set = (change: Partial<MaintenanceWindow>): void => setDraft({ ...draft, ...change });
  return (
    <Modal
      title={window === null ? t('policies.window.new', 'Add a window') : t('policies.window.edit', 'Edit the window')}
      isOpen
      closeOnBackdropClick={false}
      onDismiss={onDismiss}
    >
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if (Object.keys(found).length > 0) return;
          onDone({
            ...draft,
            schedule: draft.schedule.trim(),
            durationMinutes: Number(duration),
            reason: draft.reason.trim(),
          });
          onDismiss();
        }}
      >
        <Stack direction="column" gap={2}>
          <Field label={t('policies.window.kind', 'While it is open, automation')} noMargin>
            <RadioButtonGroup<MaintenanceWindow['kind']>
              value={draft.kind}
              options={[
                { value: 'deny', label: t('policies.windows.deny', 'Waits') },
                { value: 'allow', label: t('policies.windows.allow', 'May act') },
              ]}
              onChange={(kind) => set({ kind })}
            />
          </Field>
          <Field
            label={t('policies.window.schedule', 'Opens at')}
            description={t(
              'policies.window.schedule-hint',
              'Five cron fields: minute, hour, day of month, month, day of week.'
            )}
            htmlFor={`${id}-schedule`}
            invalid={errors.schedule !== undefined}
            error={errors.schedule}
            required
            noMargin
          >
            <Input
              id={`${id}-schedule`}
              aria-invalid={errors.schedule !== undefined}
              value={draft.schedule}
              spellCheck={false}
              onChange={(event) => set({ schedule: event.currentTarget.value })}
            />
          </Field>
          <Field label={t('policies.window.zone', 'Time zone')} htmlFor={`${id}-zone`} required noMargin>
            <Combobox
              id={`${id}-zone`}
              value={draft.timeZone}
              options={zones}
              onChange={({ value }) => set({ timeZone: value })}
            />
          </Field>
          <Field
            label={t('policies.window.duration', 'Stays open (minutes)')}
            htmlFor={`${id}-duration`}
            invalid={errors.duration !== undefined}
            error={errors.duration}
            required
            noMargin
          >
            <Input
              id={`${id}-duration`}
              aria-invalid={errors.duration !== undefined}
              value={duration}
              inputMode="numeric"
              onChange={(event) => setDuration(event.currentTarget.value)}
            />
          </Field>
          <Field
            label={t('policies.window.reason', 'Reason')}
            description={t('policies.window.reason-hint', 'Shown wherever the window holds a repair back.')}
            htmlFor={`${id}-reason`}
            invalid={errors.reason !== undefined}
            error={errors.reason}
            required
            noMargin
          >
            <Input
              id={`${id}-reason`}
              aria-invalid={errors.reason !== undefined}
              value={draft.reason}
              maxLength={REASON.most}
              onChange={(event) => set({ reason: event.currentTarget.value })}
            />
          </Field>
          <Next
            window={{ ...draft, durationMinutes: Number(duration) }}
            valid={found.schedule === undefined && found.duration === undefined}
          />
        </Stack>
        <Modal.ButtonRow>
          <Button type="button" variant="secondary" fill="outline" onClick={onDismiss}>
            {t('policies.window.dismiss', 'Keep as it is')}
          </Button>
          <Button type="submit">{t('policies.window.review', 'Review the change')}</Button>
        </Modal.ButtonRow>
      </form>
    </Modal>
  );
}

/** What was typed, in words and with its next time, so that a slip is seen. */
function Next({ window, valid }: { readonly window: MaintenanceWindow; readonly valid: boolean }) {
  const nowMs = useNow();
  if (!valid) return null;
  const state = windowState(window, nowMs);
  const values = {
    when: cronWords(window.schedule),
    zone: window.timeZone,
    length: lengthWords(window.durationMinutes),
  };
  return (
    <Text color="secondary">
      {t('policies.window.words', 'It opens {{when}} ({{zone}}), for {{length}}.', values)}{' '}
      {state === null
        ? t('policies.window.never', 'No such time comes.')
        : state.open
          ? t('policies.window.is-open', 'It would be open now.')
          : t('policies.window.next', 'Next: {{at}}, in the time zone of your profile.', {
              at: dateTimeFormat(state.opensMs),
            })}
    </Text>
  );
}
