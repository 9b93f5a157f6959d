import { NODE_ID_PATTERN } from '@openclaw-fleet/contract';

/** Where a page stopped: the sort key and id of its last item. */
export interface Position {
  readonly key: string | number;
  readonly id: string;
}

// UTF-16 because a key may hold anything a host name or a tag may, lone surrogates included.
const ENCODING = 'utf16le';

/** An opaque cursor. It names a place in an order, not an offset, so that targets that come and go do not shift pages. */
export function encodeCursor(sort: string, { key, id }: Position): string {
  const kind = typeof key === 'number' ? 'n' : 's';
  return Buffer.from([sort, id, kind + String(key)].join('\n'), ENCODING).toString('base64url');
}

/** @returns null when the text is no cursor of this sort order */
export function decodeCursor(sort: string, cursor: string): Position | null {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.toString('base64url') !== cursor) return null;
  const text = bytes.toString(ENCODING);
  const [first, id, ...rest] = text.split('\n');
  if (first !== sort || id === undefined || !NODE_ID_PATTERN.test(id)) return null;
  const tagged = rest.join('\n');
  if (tagged.startsWith('s')) return { key: tagged.slice(1), id };
  const number = tagged.startsWith('n') && tagged.length > 1 ? Number(tagged.slice(1)) : NaN;
  return Number.isFinite(number) ? { key: number, id } : null;
}
