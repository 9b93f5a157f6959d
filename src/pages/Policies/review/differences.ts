import type { MaintenanceWindow, PolicySpec, Waiver } from '@openclaw-fleet/contract';
import { t } from '../../../i18n.ts';
import { violationWord } from '../../../words.ts';
import { FIELD_NAMES, isFlag, isList, isNumber, NUMBERS } from '../form/fields.ts';
import type { FieldName, PolicyForm } from '../form/fields.ts';
import { formOf, isSame } from '../form/form.ts';
import { cronWords, lengthWords } from '../windows/cron-words.ts';
import { driftModeWord, fieldWord, unitWord } from '../words.ts';

/** One thing that differs between two versions of a profile, in words. */
export interface Difference {
  readonly name: string;
  readonly label: string;
  readonly before: string;
  readonly after: string;
}

/** What differs, field by field, with each window and waiver of its own. */
export function differences(before: PolicySpec, after: PolicySpec): Difference[] {
  const [old, fresh] = [formOf(before), formOf(after)];
  const fields = FIELD_NAMES.filter((name) => !isSame(name, old, fresh)).map((name) => ({
    name,
    label: fieldWord(name),
    before: textOf(name, old),
    after: textOf(name, fresh),
  }));
  return [
    ...fields,
    ...listed(before.windows, after.windows, {
      name: 'windows',
      label: t('policies.diff.window', 'Maintenance window'),
      idOf: (window) => JSON.stringify(window),
      text: windowText,
    }),
    ...listed(before.waivers, after.waivers, {
      name: 'waivers',
      label: t('policies.diff.waiver', 'Waiver'),
      idOf: ({ id }) => id,
      text: waiverText,
    }),
  ];
}

/** Nothing, as it is shown. */
export const NOTHING = '–';

/** One field of a form as people read it, with its unit. */
export function textOf(name: FieldName, form: PolicyForm): string {
  if (isFlag(name)) return form[name] ? t('policies.yes', 'yes') : t('policies.no', 'no');
  if (isList(name)) return form[name].length === 0 ? NOTHING : form[name].join(', ');
  const value = form[name];
  if (value === '') return NOTHING;
  if (isNumber(name)) return `${value} ${unitWord(NUMBERS[name].unit)}`.trim();
  if (name === 'driftMode') return driftModeWord(value as PolicySpec['driftMode']);
  if (name === 'desired.configRevision') return value.slice(0, 12);
  return value;
}

export function windowText(window: MaintenanceWindow): string {
  const { kind, schedule, timeZone, durationMinutes } = window;
  const values = { when: cronWords(schedule), timeZone, length: lengthWords(durationMinutes) };
  return kind === 'deny'
    ? t('policies.window.deny', 'No automation: {{when}} ({{timeZone}}), for {{length}}', values)
    : t('policies.window.allow', 'Automation: {{when}} ({{timeZone}}), for {{length}}', values);
}

function waiverText({ id, code }: Waiver): string {
  return `${violationWord(code)} (${id})`;
}

interface Listed<Item> {
  readonly name: string;
  readonly label: string;
  readonly idOf: (item: Item) => string;
  readonly text: (item: Item) => string;
}

function listed<Item>(before: readonly Item[], after: readonly Item[], how: Listed<Item>): Difference[] {
  const { name, label, idOf, text } = how;
  const ids = (items: readonly Item[]): Set<string> => new Set(items.map(idOf));
  const [old, fresh] = [ids(before), ids(after)];
  const changed = after.filter((item) => {
    const was = before.find((each) => idOf(each) === idOf(item));
    return was !== undefined && JSON.stringify(was) !== JSON.stringify(item);
  });
  return [
    ...before
      .filter((item) => !fresh.has(idOf(item)))
      .map((item) => ({ name, label, before: text(item), after: NOTHING })),
    ...changed.map((item) => ({
      name,
      label,
      before: text(item),
      after: t('policies.diff.changed', '{{what}}, changed', { what: text(item) }),
    })),
    ...after
      .filter((item) => !old.has(idOf(item)))
      .map((item) => ({ name, label, before: NOTHING, after: text(item) })),
  ];
}
