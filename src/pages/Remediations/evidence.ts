import type { RunStep } from '@openclaw-fleet/contract';

/** Evidence as people read it: a value, or named parts of one. */
export type Fact =
  | { readonly kind: 'value'; readonly text: string; readonly instant: boolean }
  | { readonly kind: 'list'; readonly items: readonly Fact[] }
  | { readonly kind: 'members'; readonly members: readonly { readonly name: string; readonly fact: Fact }[] };

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$/;

/** `gateway_boot_id` and `lastLook` as words. */
export const nameWords = (name: string): string => {
  const words = name
    .replaceAll('_', ' ')
    .replace(/([a-z])([A-Z])/g, (_, a: string, b: string) => `${a} ${b.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** What came as JSON, to be shown. */
export function factOf(value: unknown): Fact {
  if (Array.isArray(value)) return { kind: 'list', items: value.map(factOf) };
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([name, member]) => ({ name: nameWords(name), fact: factOf(member) }));
    return { kind: 'members', members };
  }
  if (value === null || value === undefined || value === '') return { kind: 'value', text: '–', instant: false };
  if (typeof value === 'string') return { kind: 'value', text: value, instant: INSTANT.test(value) };
  return { kind: 'value', text: JSON.stringify(value), instant: false };
}

/** Whether a step has something to show. */
export const hasEvidence = ({ evidence }: RunStep): boolean => Object.keys(evidence).length > 0;
