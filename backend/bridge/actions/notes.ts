import type { ActionNote } from '@openclaw-fleet/contract';

const MAX_NOTES = 200;
const MAX_LENGTH = 500;
/** Of all notes of an action, so that a receipt stays well under MAX_ANSWER_BYTES. Characters. */
const MAX_TOTAL = 40_000;

/** What was done and seen, in order. */
export interface Notes {
  add(text: string): void;
  list(): readonly ActionNote[];
}

/** @param iso the time, as ISO-8601. @param earlier those of an earlier process */
export function createNotes(iso: () => string, earlier: readonly ActionNote[] = []): Notes {
  const notes = [...earlier];
  let total = notes.reduce((sum, { text }) => sum + text.length, 0);
  return {
    add: (text) => {
      const line = oneLine(text);
      if (notes.length >= MAX_NOTES || total + line.length > MAX_TOTAL) return;
      total += line.length;
      notes.push({ at: iso(), text: line });
    },
    list: () => notes,
  };
}

/** The text as the contract's `line` takes it: control characters become spaces, and what is too long is cut. */
export function oneLine(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ');
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}
