import type { RunStep } from '@openclaw-fleet/contract';
import type { Place } from '../records.ts';
import type { Playbook, PlaybookStep } from './types.ts';

/** The places of a playbook's steps in order: neighbours that are done for each job come once for every job, together. */
export function placesOf(playbook: Playbook, jobs: readonly string[]): Place[] {
  const places: Place[] = [];
  let block: Place[] = [];
  const flush = (): void => {
    for (const item of jobs) places.push(...block.map((place) => ({ ...place, item })));
    block = [];
  };
  for (const { id, each } of playbook.steps) {
    const place = { id, item: null, rollback: false };
    if (each) block.push(place);
    else {
      flush();
      places.push(place);
    }
  }
  flush();
  return places;
}

/** The step that stands at a place. */
export function stepAt(playbook: Playbook, place: Place): PlaybookStep {
  const steps: readonly PlaybookStep[] = place.rollback ? playbook.rollback : playbook.steps;
  const found = steps.find(({ id }) => id === place.id);
  if (found === undefined) throw new RangeError(`${playbook.id} has no step ${place.id}`);
  return found;
}

/** A step as a person sees it before it begins. */
export function pendingStep(playbook: Playbook, place: Place, index: number, name: (item: string) => string): RunStep {
  const step = stepAt(playbook, place);
  return {
    index,
    id: step.id,
    title: place.item === null ? step.title : step.title.replace('{item}', name(place.item)),
    kind: step.does === 'clear' ? 'verify' : step.does,
    verb: step.does === 'verb' ? step.verb : null,
    state: 'pending',
    startedAt: null,
    endedAt: null,
    summary: '',
    evidence: {},
  };
}

/** All steps of a playbook, for these jobs. */
export function stepsOf(
  playbook: Playbook,
  jobs: readonly string[],
  name: (item: string) => string = (item) => item
): { readonly places: Place[]; readonly steps: RunStep[] } {
  const places = placesOf(playbook, jobs);
  return { places, steps: places.map((place, index) => pendingStep(playbook, place, index, name)) };
}
