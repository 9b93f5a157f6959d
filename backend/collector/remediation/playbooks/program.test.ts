import { expect, it } from '@jest/globals';
import { PLAYBOOK_IDS, VERBS } from '@openclaw-fleet/contract';
import { REQUIRED_CAPABILITIES } from '../rules/capabilities.ts';
import { PLAYBOOKS } from './index.ts';
import { placesOf, stepAt, stepsOf } from './program.ts';

it('does what is done for each job once for every job, together', () => {
  const places = placesOf(PLAYBOOKS.FailureBurst, ['a', 'b']);
  expect(places.map(({ id, item }) => (item === null ? id : `${id} ${item}`))).toEqual([
    'witness',
    'throttle',
    'throttled',
    'doctor',
    'resume a',
    'soak a',
    'look a',
    'resume b',
    'soak b',
    'look b',
    'clear',
    'record',
  ]);
  const { steps } = stepsOf(PLAYBOOKS.FailureBurst, ['a'], () => 'Nightly report');
  expect(steps[5]).toMatchObject({
    index: 5,
    title: 'Watch Nightly report for a while',
    kind: 'soak',
    state: 'pending',
  });
});

it('finds the steps of a rollback apart from the others', () => {
  expect(stepAt(PLAYBOOKS.FailureBurst, { id: 'resume-rest', item: null, rollback: true })).toMatchObject({
    verb: 'resume',
  });
  expect(() => stepAt(PLAYBOOKS.FailureBurst, { id: 'resume-rest', item: null, rollback: false })).toThrow('no step');
});

it.each(PLAYBOOK_IDS)('%s asks the witness first, records last, and uses only verbs that it needs declared', (id) => {
  const playbook = PLAYBOOKS[id];
  const { steps, rollback } = playbook;
  expect(steps[0]?.does).toBe('witness');
  expect(steps.slice(-2).map(({ does }) => does)).toEqual(['clear', 'record']);
  const ids = [...steps, ...rollback].map((step) => step.id);
  expect(new Set(ids).size).toBe(ids.length);
  const planned = playbook.actions(null).map((action) => action.verb);
  for (const step of [...steps, ...rollback]) {
    if (step.does !== 'verb') continue;
    const { verb, optional } = step;
    expect(VERBS).toContain(verb);
    if (!optional) expect(REQUIRED_CAPABILITIES[id]).toContain(verb);
    expect(planned).toContain(verb);
  }
});
