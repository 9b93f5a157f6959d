import { Alert, Button, Stack } from '@grafana/ui';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { useEffect, useRef, useState } from 'react';
import { t } from '../../../i18n.ts';
import { Columns, Group } from '../Group.tsx';
import { fieldGroups } from '../groups.ts';
import { ChangedMeanwhile } from '../review/ChangedMeanwhile.tsx';
import { Review } from '../review/Review.tsx';
import type { Saved } from '../review/Review.tsx';
import { errorsOf, refusedFields } from './errors.ts';
import type { Refused } from './errors.ts';
import { FieldInput } from './FieldInput.tsx';
import { FIELD_NAMES } from './fields.ts';
import type { FieldName, PolicyForm } from './fields.ts';
import { formOf, isSame, patchOf, rebased } from './form.ts';

interface Props {
  readonly policy: PolicyProfile;
  readonly onClose: () => void;
  readonly onSaved: (saved: Saved) => void;
}

const NOTHING_REFUSED: Refused = { fields: {}, others: [] };

/** Edits a policy: the fields first, then what the edits would do, then they are saved. */
export function PolicyEditor({ policy: current, onClose, onSaved }: Props) {
  // The version that is edited. The newest may be another one, when somebody else is faster.
  const [base, setBase] = useState(current);
  const [form, setForm] = useState(() => formOf(current));
  // How often somebody tried to go on; before that nothing is said to be wrong.
  const [attempts, setAttempts] = useState(0);
  const [refused, setRefused] = useState(NOTHING_REFUSED);
  const [reviews, setReviews] = useState(false);
  const before = formOf(base);
  const edited = FIELD_NAMES.filter((name) => !isSame(name, before, form));
  const outdated = current.version !== base.version;
  const keep = (): void => {
    setForm(rebased(form, base, current));
    setBase(current);
  };
  return (
    <Stack direction="column" gap={2}>
      {outdated && <ChangedMeanwhile base={base} current={current} edited={edited} onKeep={keep} />}
      {reviews ? (
        <Review
          base={base}
          patch={patchOf(base, form)}
          outdated={outdated}
          onInvalid={(error) => {
            setRefused(refusedFields(error.problem?.errors));
            setReviews(false);
          }}
          onBack={() => setReviews(false)}
          onSaved={onSaved}
        />
      ) : (
        <Fields
          form={form}
          errors={{ ...refused.fields, ...(attempts > 0 ? errorsOf(form) : {}) }}
          others={refused.others}
          onChange={(change) => {
            setForm({ ...form, ...change });
            // What the collector said of a field was about what stood there.
            const names = new Set(Object.keys(change));
            const fields = Object.entries(refused.fields).filter(([name]) => !names.has(name));
            setRefused({ ...refused, fields: Object.fromEntries(fields) });
          }}
          attempts={attempts}
          unchanged={edited.length === 0}
          onReview={() => {
            setAttempts(attempts + 1);
            setRefused(NOTHING_REFUSED);
            if (Object.keys(errorsOf(form)).length === 0) setReviews(true);
          }}
          onClose={onClose}
        />
      )}
    </Stack>
  );
}

interface FieldsProps {
  readonly form: PolicyForm;
  readonly errors: Partial<Record<FieldName, string>>;
  readonly others: readonly string[];
  readonly attempts: number;
  readonly unchanged: boolean;
  readonly onChange: (change: Partial<PolicyForm>) => void;
  readonly onReview: () => void;
  readonly onClose: () => void;
}

function Fields({ form, errors, others, attempts, unchanged, onChange, onReview, onClose }: FieldsProps) {
  const about = {
    id: 'about',
    title: t('policies.group.about', 'About'),
    hint: undefined,
    fields: ['name', 'owner', 'description'] as const,
  };
  const wrong = Object.keys(errors).length;
  const shown = useRef<HTMLFormElement>(null);
  // Who tried to go on is led to the first field that keeps it back.
  useEffect(() => {
    if (attempts > 0) shown.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [attempts]);
  return (
    <form
      ref={shown}
      aria-label={t('policies.form.label', 'Edit the policy')}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        if (!unchanged) onReview();
      }}
    >
      <Stack direction="column" gap={2}>
        {(wrong > 0 || others.length > 0) && (
          <Alert
            severity="error"
            title={t('policies.form.wrong', 'This cannot be saved yet: correct the fields that say so')}
          >
            {others.join(' ')}
          </Alert>
        )}
        <Columns>
          {[about, ...fieldGroups()].map(({ id, title, hint, fields }) => (
            <Group key={id} title={title} hint={hint}>
              {fields.map((name) => (
                <FieldInput key={name} name={name} form={form} error={errors[name]} onChange={onChange} />
              ))}
            </Group>
          ))}
        </Columns>
        <Stack direction="row" gap={1}>
          <Button
            type="submit"
            disabled={unchanged}
            {...(unchanged && { tooltip: t('policies.form.unchanged', 'Nothing was changed yet.') })}
          >
            {t('policies.form.review', 'Review the changes')}
          </Button>
          <Button variant="secondary" fill="outline" onClick={onClose}>
            {t('policies.form.cancel', 'Stop editing')}
          </Button>
        </Stack>
      </Stack>
    </form>
  );
}
