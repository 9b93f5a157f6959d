import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DRIFT_CATEGORIES, VIOLATION_CODES } from '@openclaw-fleet/contract';
import { DRIFT_RULES } from './drift/rules.ts';
import { DRIFT_HINTS, VIOLATION_HINTS } from './hints.ts';
import { minimumScoreRule, VIOLATION_RULES } from './violations.ts';

/** The cells of each row of docs/violations.md whose first cell is a code. */
const rows = readFileSync(new URL('../../../docs/violations.md', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  );
const cells = (name: string): readonly string[] | undefined => rows.find(([code]) => code === `\`${name}\``);

describe('docs/violations.md', () => {
  it('has one row for each violation and each drift, in order', () => {
    expect(rows.map(([code]) => code)).toEqual([...VIOLATION_CODES, ...DRIFT_CATEGORIES].map((code) => `\`${code}\``));
  });

  it.each([...VIOLATION_RULES, minimumScoreRule(null)])(
    'says of $code what the collector says',
    ({ code, playbook }) => {
      const [, , severity, hint, suggested] = cells(code)!;
      expect(severity).toMatch(/warning|high|critical/);
      expect(hint).toBe(VIOLATION_HINTS[code]);
      expect(suggested).toBe(playbook ?? '–');
    }
  );

  it.each(DRIFT_RULES)('says of $code drift what the collector says', ({ code, playbook }) => {
    const [, , severity, hint, suggested] = cells(code)!;
    expect(severity).toMatch(/minor|major|critical/);
    expect(hint).toBe(DRIFT_HINTS[code]);
    expect(suggested).toBe(playbook ?? '–');
  });
});
