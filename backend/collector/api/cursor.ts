import { NODE_ID_PATTERN } from '@openclaw-fleet/contract';
import { badQuery } from './call.ts';

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

/**
 * @param idPattern what an id of this list looks like
 * @returns null when the text is no cursor of this sort order
 */
export function decodeCursor(sort: string, cursor: string, idPattern = NODE_ID_PATTERN): Position | null {
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.toString('base64url') !== cursor) return null;
  const text = bytes.toString(ENCODING);
  const [first, id, ...rest] = text.split('\n');
  if (first !== sort || id === undefined || !idPattern.test(id)) return null;
  const tagged = rest.join('\n');
  if (tagged.startsWith('s')) return { key: tagged.slice(1), id };
  const number = tagged.startsWith('n') && tagged.length > 1 ? Number(tagged.slice(1)) : NaN;
  return Number.isFinite(number) ? { key: number, id } : null;
}

interface Keys {
  readonly number: number;
  readonly string: string;
}

/**
 * The place that the `cursor` of a query names; null: it names none.
 * @param kind what the keys of this order are
 * @throws {ProblemError} when it is no cursor of this list in this order
 */
export function positionOf<K extends keyof Keys>(
  sort: string,
  kind: K,
  cursor: string | undefined,
  idPattern?: RegExp
): { readonly key: Keys[K]; readonly id: string } | null {
  if (cursor === undefined) return null;
  const position = decodeCursor(sort, cursor, idPattern);
  if (position !== null && typeof position.key === kind) return { key: position.key as Keys[K], id: position.id };
  throw badQuery('cursor', 'is not a cursor of this list in this order: leave it out to start at the first page');
}
