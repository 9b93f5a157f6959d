import type { InterpolateFunction } from '@grafana/data';

/** What All of a dashboard's variable may be: it limits nothing. */
const ALL = '.*';

/** A list that people type: separated by commas, spaces around each left out. Empty: all. */
function split(text: string): string[] {
  const parts = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return parts.includes(ALL) ? [] : parts;
}

/** Around the place of a value: nobody types it. */
const MARK = '\uE000';

/**
 * The names in a list that people type, with the variables of the dashboard in it: what those hold is taken as it is, commas,
 * spaces and all, unless the list says how to format it.
 */
export function namesOf(text: string | undefined, replace: InterpolateFunction): string[] {
  const values: string[] = [];
  const keep = (value: unknown): string =>
    [value]
      .flat()
      .map((each) => `${MARK}${values.push(String(each)) - 1}${MARK}`)
      .join(',');
  const marked = new RegExp(`${MARK}(\\d+)${MARK}`, 'g');
  return split(replace(text ?? '', {}, keep)).map((part) =>
    part.replace(marked, (_, index: string) => values[Number(index)] ?? '')
  );
}
