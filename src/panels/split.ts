/** What All of a dashboard's variable may be: it limits nothing. */
const ALL = '.*';

/** A list that people type: separated by commas, spaces around each left out. Empty: all. */
export function split(text: string | undefined): string[] {
  const parts = (text ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  return parts.includes(ALL) ? [] : parts;
}
