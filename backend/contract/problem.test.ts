import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { problem, PROBLEMS, problemSchema, type ProblemName } from './index.ts';

describe('problems', () => {
  const documented = readFileSync(new URL('../../docs/problems.md', import.meta.url), 'utf8');

  it.each(Object.entries(PROBLEMS))('%s is documented with its status', (name, { status }) => {
    expect(documented).toContain(`| \`${name}\` | ${status} |`);
  });

  it('documents none that there is not', () => {
    const names = [...documented.matchAll(/^\| `([a-z-]+)` \| \d{3} \|/gm)].map(([, name]) => name);
    expect(names.toSorted()).toEqual(Object.keys(PROBLEMS).toSorted());
  });

  it.each(Object.keys(PROBLEMS) as ProblemName[])('%s makes a problem that Grafana can show', (name) => {
    const body = problem(name, 'what to do', [{ field: 'a', message: 'b' }]);
    expect(problemSchema.parse(body)).toEqual(body);
    expect(body.message).toBe('what to do');
  });
});
