import { tinted } from './screen.ts';
import type { Screen, Tone } from './screen.ts';
import { fit, widthOf, wrap } from './text.ts';

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** May be cut to this many cells. Without it, it is never cut. */
  readonly least?: number;
  /** Left out where there is no room for all. */
  readonly optional?: true;
  /** Goes on in further lines instead of being cut, and may hold line breaks. */
  readonly wraps?: true;
}

/** A cell; with a tone it may have a colour. */
export type Cell = string | { readonly text: string; readonly tone: Tone | undefined };

const GAP = '  ';
const textOf = (cell: Cell | undefined): string => (typeof cell === 'object' ? cell.text : (cell ?? ''));

function widest(text: string): number {
  return text.includes('\n') ? Math.max(...text.split('\n').map(widthOf)) : widthOf(text);
}

interface Laid {
  readonly column: Column;
  /** Its place in a row. */
  readonly at: number;
  width: number;
}

const total = (laid: readonly Laid[]): number =>
  laid.reduce((sum, { width }) => sum + width, 0) + GAP.length * (laid.length - 1);

/** Which columns are shown, and how wide. */
function layOut(columns: readonly Column[], rows: readonly (readonly Cell[])[], most: number): Laid[] {
  let laid: Laid[] = columns.map((column, at) => ({
    column,
    at,
    width: rows.reduce((most, row) => Math.max(most, widest(textOf(row[at]))), widthOf(column.title)),
  }));
  for (const one of laid.toReversed()) {
    if (one.column.optional && total(laid) > most) laid = laid.filter((each) => each !== one);
  }
  for (let over = total(laid) - most; over > 0; over--) {
    const room = laid.filter(({ column, width }) => width > Math.max(column.least ?? Infinity, widthOf(column.title)));
    const widest = room.sort((a, b) => b.width - a.width)[0];
    if (widest === undefined) break;
    widest.width--;
  }
  return laid;
}

/** Rows under titles, as wide as the screen at most: first what is optional goes, then what may be cut is cut. */
export function table(columns: readonly Column[], rows: readonly (readonly Cell[])[], screen: Screen): string {
  const laid = layOut(columns, rows, screen.columns);
  const lines = [
    line(
      laid.map(({ column, width }) => [[column.title], 'title', column, width]),
      screen
    ),
  ];
  for (const row of rows) {
    const cells = laid.map(({ column, at, width }): Piece => {
      const cell = row[at];
      const text = textOf(cell);
      const tone = typeof cell === 'object' ? cell.tone : undefined;
      return [column.wraps ? wrap(text, width) : [fit(text, width)], tone, column, width];
    });
    lines.push(line(cells, screen));
  }
  return lines.join('\n');
}

type Piece = [lines: string[], tone: Tone | undefined, column: Column, width: number];

function line(pieces: readonly Piece[], screen: Screen): string {
  const height = Math.max(...pieces.map(([lines]) => lines.length));
  return Array.from({ length: height }, (_, at) => {
    const parts = pieces.map(([lines, tone, { align }, width], index) => {
      const text = lines[at] ?? '';
      const space = ' '.repeat(Math.max(0, width - widthOf(text)));
      const shown = tinted(text, tone, screen);
      if (align === 'right') return space + shown;
      return index === pieces.length - 1 ? shown : shown + space;
    });
    return parts.join(GAP).trimEnd();
  }).join('\n');
}
