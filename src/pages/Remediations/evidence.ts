import type { RunStep } from '@openclaw-fleet/contract';
import { t } from '../../i18n.ts';

/** Evidence as people read it: a value, named parts of one, or several of a kind beside each other. */
export type Fact =
  | { readonly kind: 'value'; readonly text: string; readonly as: 'text' | 'instant' | 'hash' }
  | { readonly kind: 'list'; readonly items: readonly Fact[] }
  | { readonly kind: 'members'; readonly members: readonly Member[] }
  | { readonly kind: 'table'; readonly columns: readonly string[]; readonly rows: readonly Row[] };
interface Member {
  readonly name: string;
  readonly fact: Fact;
}
interface Row {
  readonly name: string;
  readonly cells: readonly Fact[];
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;
const HASH = /^[0-9a-f]{32,}$/;
/** More columns than this nobody compares. */
const MOST_COLUMNS = 4;

/** `gateway_boot_id` and `lastLook` as words. */
export const nameWords = (name: string): string => {
  const words = name
    .replaceAll('_', ' ')
    .replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
};

type Members = Readonly<Record<string, unknown>>;
const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === '' ||
  (Array.isArray(value) && value.length === 0) ||
  (isMembers(value) && Object.values(value).every(isEmpty));

/** What came as JSON, to be shown. What is empty is left out; the JSON has it. */
export function factOf(value: unknown): Fact {
  if (Array.isArray(value)) {
    const columns = value.map((_, index) => String(index + 1));
    const isTable = value.length > 1 && value.length <= MOST_COLUMNS && value.every(isMembers);
    if (!isTable) return { kind: 'list', items: value.map(factOf) };
    const [first] = value as [Members];
    const same = new Set(value.map((each) => JSON.stringify(each))).size === 1;
    return same
      ? tableOf([t('run.evidence.same', '{{count}} times the same', { count: value.length })], [first])
      : tableOf(columns, value);
  }
  if (isMembers(value)) return membersOf(value);
  if (isEmpty(value)) return { kind: 'value', text: '–', as: 'text' };
  if (typeof value === 'boolean')
    return { kind: 'value', text: value ? t('run.evidence.yes', 'yes') : t('run.evidence.no', 'no'), as: 'text' };
  if (typeof value !== 'string') return { kind: 'value', text: JSON.stringify(value), as: 'text' };
  return { kind: 'value', text: value, as: INSTANT.test(value) ? 'instant' : HASH.test(value) ? 'hash' : 'text' };
}

function membersOf(value: Members): Fact {
  const { before, after } = value;
  const isPair = isMembers(before) && isMembers(after) && !isEmpty(before);
  const members = Object.entries(value)
    .filter(([name, member]) => !isEmpty(member) && !(isPair && (name === 'before' || name === 'after')))
    .map(([name, member]) => ({ name: nameWords(name), fact: factOf(member) }));
  if (!isPair) return { kind: 'members', members };
  const columns = [t('run.evidence.before', 'Before'), t('run.evidence.after', 'After')];
  const pair = tableOf(columns, [before, after]);
  return members.length === 0
    ? pair
    : { kind: 'members', members: [...members, { name: t('run.evidence.measured', 'Measured'), fact: pair }] };
}

function tableOf(columns: readonly string[], items: readonly Members[]): Fact {
  const names = [...new Set(items.flatMap((item) => Object.keys(item)))];
  const rows = names
    .filter((name) => items.some((item) => !isEmpty(item[name])))
    .map((name) => ({ name: nameWords(name), cells: items.map((item) => factOf(item[name])) }));
  return { kind: 'table', columns, rows };
}

/** Whether a step has something to show. */
export const hasEvidence = ({ evidence }: RunStep): boolean => !isEmpty(evidence);
