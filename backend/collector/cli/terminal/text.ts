import { stripVTControlCharacters } from 'node:util';

/**
 * Text from elsewhere as one line that a terminal shows and does not obey: no escape sequence, control character or line
 * break, nothing that turns the direction of text or hides in it.
 */
export function printable(text: string): string {
  return stripVTControlCharacters(text.toWellFormed())
    .replace(/[\t-\r\u0085\u2028\u2029]+/g, ' ')
    .replace(/[\p{Cc}\p{Cf}]/gu, '\ufffd')
    .replace(/(\p{M}{4})\p{M}+/gu, '$1');
}

/** The same of every string in an answer, names of fields too. */
export function printableAll<T>(value: T): T {
  if (typeof value === 'string') return printable(value) as T;
  if (Array.isArray(value)) return value.map(printableAll) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [printable(name), printableAll(each)])) as T;
}

/** JSON whose text no terminal obeys either: what JSON leaves as it is but a terminal may read is escaped. */
export function safeJson(value: unknown, indent = 2): string {
  return JSON.stringify(value, null, indent).replace(/[\u007f-\u009f\u2028\u2029\p{Cf}]/gu, (found) =>
    found
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('')
  );
}

const graphemes = new Intl.Segmenter();
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}\ufe0f]|\p{Emoji_Presentation}/u;

function cells(grapheme: string): number {
  return WIDE.test(grapheme) ? 2 : 1;
}

/** How many cells of a terminal a text takes. */
export function widthOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += cells(segment);
  return width;
}

/** The longest beginning of a text that fits. */
function beginning(text: string, width: number): string {
  let taken = '';
  let left = width;
  for (const { segment } of graphemes.segment(text)) {
    left -= cells(segment);
    if (left < 0) break;
    taken += segment;
  }
  return taken;
}

/** A text cut to a width, with a mark where it was cut. */
export function fit(text: string, width: number): string {
  return widthOf(text) <= width ? text : `${beginning(text, width - 1)}…`;
}

/** A text as lines of at most a width, broken between words where that can be done. Its own line breaks stay. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((one) => wrapLine(one, width));
}

function wrapLine(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (widthOf(joined) <= width) {
      line = joined;
      continue;
    }
    if (line !== '') lines.push(line);
    line = word;
    while (widthOf(line) > width) {
      const part = beginning(line, Math.max(2, width));
      lines.push(part);
      line = line.slice(part.length);
    }
  }
  return [...lines, line];
}

/** Lines of at most a width, each indented, as one text. */
export function paragraph(text: string, width: number, indent: string): string {
  return wrap(text, width - indent.length)
    .map((line) => indent + line)
    .join('\n');
}
