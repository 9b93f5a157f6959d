import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { REFUSALS, RUN_STATES, TIMINGS } from '@openclaw-fleet/contract';
import type { Timings } from '@openclaw-fleet/contract';
import { duration } from '../../assessment/words.ts';
import { approvalsNeeded } from '../rules/approvals.ts';
import type { ApprovalQuestion } from '../rules/approvals.ts';
import { usesAttempt } from '../rules/attempts.ts';
import { EFFICACY_RUNS } from '../rules/efficacy.ts';
import { DEFAULT_LIMITS, LIMIT_OVERRIDES } from '../rules/limits.ts';
import { isBatchFailure, waveSizes } from '../rules/waves.ts';
import { GUARDRAIL_ORDER, passesByItself } from './index.ts';
import { guardCases } from './testing/cases.ts';
import { contextOf } from './testing/context.ts';

const text = readFileSync(resolve(import.meta.dirname, '..', '..', '..', '..', 'docs', 'safety.md'), 'utf8');

/** The rows of the table whose heading begins so, without the heading. */
function table(heading: string): string[][] {
  const [, rows = ''] = text.split(`| ${heading} |`);
  const lines = rows.slice(rows.indexOf('\n') + 1).split('\n');
  const end = lines.findIndex((line) => !line.startsWith('|'));
  return lines.slice(1, end).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim())
  );
}
const code = (cell: string | undefined): string => /^`(.+)`$/.exec(cell ?? '')?.[1] ?? '';

describe('docs/safety.md', () => {
  it('has every refusal, in the order in which they are asked, and whom it binds', () => {
    const rows = table('reason');
    expect(rows.map(([reason]) => code(reason))).toEqual(['no-target', ...GUARDRAIL_ORDER]);
    expect(rows).toHaveLength(REFUSALS.length);
    const cases = guardCases(contextOf());
    for (const [reason, rule, binds, todo] of rows.slice(1)) {
      expect([reason, binds]).toEqual([reason, cases[code(reason) as keyof typeof cases].binds]);
      expect(rule).toMatch(/^.{10,}$/);
      expect(todo).toMatch(/^[A-Z].{10,}\.$/);
    }
    const passing = rows.filter(([reason]) => passesByItself({ reason: code(reason) as (typeof REFUSALS)[number] }));
    expect(rows.slice(-4)).toEqual(passing);
    expect(text).toContain(`The last four (from \`${code(passing[0]?.[0])}\` on)`);
  });

  it('has how many approvals each plan needs', () => {
    const none = {
      targets: 1,
      critical: false,
      isolated: false,
      unclearSight: false,
      inWindow: false,
      breakerOpen: false,
      automatic: false,
    };
    const questions: Record<string, Partial<ApprovalQuestion>[]> = {
      'one target with minor or major drift': [{}],
      'a critical fault': [{ critical: true }],
      'an isolated target': [{ isolated: true }],
      'the fleet is blind, or the fleet or the zone is not normal': [{ unclearSight: true }],
      'past an open breaker': [{ breakerOpen: true }],
      '2 to 50 targets': [{ targets: 2 }, { targets: 50 }],
      'critical or isolated, more than 10 targets': [
        { critical: true, targets: 11 },
        { isolated: true, targets: 11 },
      ],
      'in a maintenance window': [{ inWindow: true }],
      automation: [{ automatic: true, targets: 30 }],
    };
    const rows = table('plan');
    expect(new Set(rows.map(([plan]) => plan))).toEqual(new Set(Object.keys(questions)));
    for (const [plan = '', approvals] of rows) {
      for (const of of questions[plan] ?? []) {
        expect([plan, String(approvalsNeeded({ ...none, ...of }, DEFAULT_LIMITS).needed)]).toEqual([plan, approvals]);
      }
    }
  });

  it('has which runs use an attempt', () => {
    const [, uses = '', none = ''] = /uses one when([^]*?)\. The others use none:([^]*?)\./.exec(text) ?? [];
    const states = (part: string): Set<string> =>
      new Set([...part.matchAll(/`(\w+)`/g)].map(([, state = '']) => state));
    expect(states(uses)).toEqual(new Set(RUN_STATES.filter((state) => usesAttempt(state, true))));
    expect(states(none)).toEqual(new Set(RUN_STATES.filter((state) => !usesAttempt(state, false))));
  });

  it('has the waves of batches, and what halts them', () => {
    const rows = table('targets');
    expect(rows.length).toBeGreaterThan(3);
    for (const [targets, waves] of rows)
      expect([targets, waves]).toEqual([targets, waveSizes(Number(targets)).join(', ')]);
    const [, failures = ''] = /Any canary that ends as (.*?) halts/.exec(text) ?? [];
    expect([...failures.matchAll(/`(\w+)`/g)].map(([, state]) => state).sort()).toEqual(
      RUN_STATES.filter(isBatchFailure).sort()
    );
    expect(text).toContain(`of its last ${EFFICACY_RUNS} runs that acted`);
  });

  it('has every limit with its default and its bounds', () => {
    const rows = table('limit');
    const wanted = LIMIT_OVERRIDES.map(({ key, tighter, strictest, meaning }) => {
      const loosest = DEFAULT_LIMITS[key];
      const bounds = tighter === 'lower' ? [strictest, loosest] : [loosest, strictest];
      return [`\`${key}\``, String(loosest), [...new Set(bounds)].join(' to '), meaning];
    });
    expect(rows).toEqual(wanted);
  });

  it('has the durations as they are', () => {
    const rows = table('duration');
    expect(rows.length).toBeGreaterThan(10);
    for (const [name, value] of rows) {
      expect([name, value]).toEqual([name, duration(TIMINGS.production[code(name) as keyof Timings])]);
    }
  });

  it('has a place for the benchmark', () => {
    expect(text).toContain('\n## Safety benchmark\n');
  });
});
