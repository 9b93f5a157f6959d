import type { Problem } from '@openclaw-fleet/contract';
import { t } from '../../../i18n.ts';
import { unitWord } from '../words.ts';
import { isField, NUMBERS } from './fields.ts';
import type { FieldName, PolicyForm } from './fields.ts';
import { badNumbers } from './form.ts';

export type FieldErrors = Partial<Record<FieldName, string>>;

/** What can be seen to be wrong before the collector is asked. */
export function errorsOf(form: PolicyForm): FieldErrors {
  const numbers = badNumbers(form).map((name) => {
    const { least, most, whole, unit } = NUMBERS[name];
    const values = { least: String(least), most: String(most), unit: unitWord(unit) };
    const message = whole
      ? t('policies.form.whole', 'Enter a whole number from {{least}} to {{most}}, or leave it empty.', values)
      : t('policies.form.number', 'Enter a number from {{least}} to {{most}} {{unit}}, or leave it empty.', values);
    return [name, message];
  });
  const name = form.name.trim() === '' ? { name: t('policies.form.no-name', 'Enter a name.') } : {};
  return { ...(Object.fromEntries(numbers) as FieldErrors), ...name };
}

export interface Refused {
  readonly fields: FieldErrors;
  /** What concerns no field of the form, such as a waiver. */
  readonly others: readonly string[];
}

/** What the collector refused, at the field that it concerns: `change.requiredTags[2]` is `requiredTags`. */
export function refusedFields(errors: Problem['errors'] = []): Refused {
  const fields: Partial<Record<FieldName, string>> = {};
  const others: string[] = [];
  for (const { field, message } of errors) {
    const place = field.replace(/^change\./, '');
    const name = place.replace(/\[.*$/, '');
    if (isField(name)) fields[name] = fields[name] === undefined ? message : `${fields[name]} ${message}`;
    else others.push(`${place}: ${message}`);
  }
  return { fields, others };
}
