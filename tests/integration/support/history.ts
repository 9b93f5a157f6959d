import { expect } from '@jest/globals';
import type { DriftDetected, FleetEvent, FleetHealthChanged, PolicyViolationEvent } from '@openclaw-fleet/contract';
import type { EmbeddedStorage, FaultRow } from '../../../backend/collector/storage/index.ts';

const ALL = 1_000_000;

type FaultEvent = FleetEvent & { data: DriftDetected | PolicyViolationEvent };
const isFault = (event: FleetEvent): event is FaultEvent =>
  event.name === 'drift-detected' || event.name === 'policy-violation';

/**
 * Checks that nothing of a target's history is missing or there twice: each change of its score begins where the one
 * before it ended, each fault opens once and resolves once, and faults, scores, timeline and events say the same.
 * @returns its open faults, and how many events it has
 */
export async function checkHistory(
  store: EmbeddedStorage,
  targetId: string
): Promise<{ open: FaultRow[]; events: number }> {
  const events = (await store.eventsAfter(0, ALL)).filter(({ data }) => data['targetId'] === targetId);

  const health = events
    .filter(({ name }) => name === 'fleet-health-changed')
    .map(({ data }) => data as unknown as FleetHealthChanged);
  let last: FleetHealthChanged['after'] = { score: null, band: 'unknown' };
  for (const { before, after } of health) {
    expect(before).toEqual(last);
    expect(after).not.toEqual(before);
    last = after;
  }
  const points = health.map(({ at, after }) => [Date.parse(at), after]);
  const scores = await store.scores(targetId, 0, Infinity, ALL);
  expect(scores.map(({ atMs, score, band }) => [atMs, { score, band }])).toEqual(points);

  const told = events.filter(isFault).map(({ data: { id, change } }) => ({ id, change }));
  const timeline = (await store.timeline(targetId, null, ALL)).reverse();
  const noted = timeline.filter(({ kind }) => kind === 'drift' || kind === 'violation');
  expect(noted.map(({ data }) => ({ id: data['id'], change: data['change'] }))).toEqual(told);
  const states = new Map<string, boolean>();
  for (const { id, change } of told) {
    expect(states.get(id) ?? false).toBe(change !== 'opened');
    states.set(id, change !== 'resolved');
  }
  const { rows } = await store.faults({ nodeId: targetId, limit: ALL });
  expect(new Map(rows.map(({ id, resolvedMs }) => [id, resolvedMs === null]))).toEqual(states);
  const open = rows.filter(({ resolvedMs }) => resolvedMs === null);
  expect(new Set(open.map(({ kind, code }) => `${kind} ${code}`)).size).toBe(open.length);
  return { open, events: events.length };
}
