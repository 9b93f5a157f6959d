import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { FAILURE_REASONS } from './retry.ts';
import { createMetrics } from './metrics.ts';

const here = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const unique = (matches: Iterable<RegExpMatchArray>): string[] =>
  [...new Set([...matches].map((match) => match[1]!))].sort();

describe('README.md', () => {
  const readme = here('README.md');

  it('has every setting and no other', () => {
    const table = readme.slice(readme.indexOf('## Settings'), readme.indexOf('## Metrics'));
    const read = unique(here('settings.ts').matchAll(/get\('([A-Z_]+)'\)/g)).map((name) => `OPENCLAW_${name}`);
    const firstCells = table
      .split('\n')
      .map((row) => row.split('|')[1] ?? '')
      .join('\n');
    expect(unique(firstCells.matchAll(/`(OPENCLAW_[A-Z_]+)`/g))).toEqual(read);
  });

  it('has every metric and every reason', () => {
    const table = readme.slice(readme.indexOf('## Metrics'));
    const names = unique(
      createMetrics()
        .render(0)
        .matchAll(/^# TYPE (\S+)/gm)
    );
    expect(unique(table.matchAll(/^\| `(openclaw_\w+)/gm))).toEqual(names);
    const reasons = table.slice(table.indexOf('`reason`'));
    expect(unique(reasons.matchAll(/`([a-z0-9_]+)`/g))).toEqual(['reason', ...FAILURE_REASONS].sort());
  });
});
