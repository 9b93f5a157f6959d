/** A cron schedule of five fields, as the values that each allows. */
export interface Schedule {
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly days: readonly number[];
  readonly months: readonly number[];
  /** 0 is Sunday. */
  readonly weekdays: readonly number[];
  /** Both day fields are restricted: then either of them is enough, as cron has it. */
  readonly eitherDay: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  readonly least: number;
  readonly most: number;
  /** Names of values from `least` on. */
  readonly names?: readonly string[];
}
const FIELDS: readonly Field[] = [
  { least: 0, most: 59 },
  { least: 0, most: 23 },
  { least: 1, most: 31 },
  { least: 1, most: 12, names: MONTHS },
  { least: 0, most: 7, names: DAYS },
];

/** Reads a schedule. The collector says what is wrong with one; null: it cannot be read here. */
export function parseCron(text: string): Schedule | null {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return null;
  const values = FIELDS.map((field, index) => valuesOf(parts[index] ?? '', field));
  const [minutes, hours, days, months, weekdays] = values;
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  const isOpen = (part = '*'): boolean => part.startsWith('*') || part === '?';
  return {
    minutes,
    hours,
    days,
    months,
    weekdays: sorted(weekdays.map((day) => day % 7)),
    eitherDay: !isOpen(parts[2]) && !isOpen(parts[4]),
  };
}

const sorted = (values: readonly number[]): number[] => [...new Set(values)].sort((a, b) => a - b);

/** A list of values, ranges and steps; null: it is none. */
function valuesOf(text: string, field: Field): number[] | null {
  const lists = text.split(',').map((item) => rangeOf(item, field));
  return lists.includes(null) ? null : sorted(lists.flatMap((each) => each ?? []));
}

function rangeOf(item: string, field: Field): number[] | null {
  const [range = '', stepText, ...more] = item.split('/');
  const step = stepText === undefined ? 1 : numberOf(stepText);
  if (more.length > 0 || step === null || step < 1) return null;
  const ends = endsOf(range, field, stepText !== undefined);
  if (ends === null) return null;
  const [first, last] = ends;
  if (first < field.least || last > field.most || first > last) return null;
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function endsOf(range: string, field: Field, stepped: boolean): readonly [number, number] | null {
  if (range === '*' || range === '?') return [field.least, field.most];
  const [firstText = '', lastText, ...more] = range.split('-');
  const first = valueOf(firstText, field);
  const last = lastText === undefined ? (stepped ? field.most : first) : valueOf(lastText, field);
  return first === null || last === null || more.length > 0 ? null : [first, last];
}

function valueOf(text: string, { least, names = [] }: Field): number | null {
  const index = names.indexOf(text.toLowerCase());
  return index === -1 ? numberOf(text) : index + least;
}

const numberOf = (text: string): number | null => (/^\d{1,4}$/.test(text) ? Number(text) : null);
