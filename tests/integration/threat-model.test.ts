import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';

const docs = join(import.meta.dirname, '../../docs');
const text = readFileSync(join(docs, 'threat-model.md'), 'utf8');
const section = text.slice(text.indexOf('### Every "cannot", and its test'));
const rows =
  section
    .slice(0, section.indexOf('\n## '))
    .match(/^\|.*\|$/gm)
    ?.slice(2) ?? [];

it('every "cannot" of the acting side names tests that there are', () => {
  expect(rows.length).toBeGreaterThan(30);
  const missing = rows.flatMap((row) => {
    const links = [...row.matchAll(/\]\((\.\.\/[^)]+\.test\.ts)\)([^[|]*)/g)];
    if (links.length === 0) return [`${row} names no test`];
    return links.flatMap(([, file = '', after = '']) => {
      const source = readFileSync(join(docs, file), 'utf8');
      const names = [...after.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
      return names.filter((name) => !source.includes(name)).map((name) => `${file}: ${name}`);
    });
  });
  expect(missing).toEqual([]);
});
