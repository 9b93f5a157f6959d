import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { RUN_STATES } from '@openclaw-fleet/contract';
import { PLAYBOOKS } from './playbooks/index.ts';
import { TRANSITIONS } from './run-machine.ts';
import { REFUSAL_WORDS } from './steps.ts';

const text = readFileSync(new URL('../../../docs/repairs.md', import.meta.url), 'utf8');

it('explains every state and draws every transition', () => {
  for (const state of RUN_STATES) {
    expect(text).toContain(`| \`${state}\` |`);
    for (const next of TRANSITIONS[state]) expect(text).toMatch(new RegExp(`  ${state} --> ${next}(:|\n)`));
  }
  const drawn = [...text.matchAll(/^ {2}(\w+) --> (\w+)/gm)];
  for (const [, from, to] of drawn)
    expect((TRANSITIONS as Record<string, readonly string[]>)[from ?? '']).toContain(to);
});

it('says of every refusal of a bridge what the run says', () => {
  for (const [refusal, words] of Object.entries(REFUSAL_WORDS)) expect(text).toContain(`| \`${refusal}\` | ${words} |`);
});

it('names every step of every playbook', () => {
  for (const { id, steps, rollback } of Object.values(PLAYBOOKS)) {
    const from = text.indexOf(`### ${id}`);
    const own = text.slice(from, text.indexOf('\n##', from + 1));
    for (const step of [...steps, ...rollback])
      expect({ id, step: step.id, named: own.includes(`\`${step.id}\``) }).toEqual({ id, step: step.id, named: true });
  }
});
