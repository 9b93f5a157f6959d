import { describe, expect, it } from '@jest/globals';
import { BANDS, LIVENESS_STATES } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { Harness, MINUTE } from './harness.ts';
import type { FleetNode, Selection } from './types.ts';

const ALL: Selection = {
  zones: null,
  bands: null,
  states: null,
  bridged: null,
  isolated: null,
  drifted: false,
  violating: false,
  keep: null,
  sort: 'name',
  descending: false,
  after: null,
  limit: 10,
};

/** What each order is by: as a list shows it, and a cursor holds it. */
function keyOf(h: Harness, sort: Selection['sort'], node: FleetNode): string | number {
  switch (sort) {
    case 'name':
      return node.report.hostname;
    case 'zone':
      return node.zone;
    case 'state':
      return LIVENESS_STATES.indexOf(h.fleet.liveness(node, h.now).state);
    case 'lastSeenAt':
      return node.seenMs ?? -1;
    case 'score':
      return node.assessment.score ?? -1;
  }
}

/** The same, by looking at every node. */
function expected(h: Harness, selection: Selection): string[] {
  const { zones, bands, states, bridged, isolated, drifted, violating, keep, sort, descending } = selection;
  const faulty = (node: FleetNode, kind: string): boolean =>
    node.assessment.faults.some((fault) => fault.kind === kind);
  const nodes = [...h.fleet.nodes()].filter(
    (node) =>
      (zones === null || zones.includes(node.zone)) &&
      (bands === null || bands.includes(node.assessment.band)) &&
      (states === null || states.includes(h.fleet.liveness(node, h.now).state)) &&
      (bridged === null || bridged === (node.report.reported !== undefined)) &&
      (isolated === null || isolated === node.isolated) &&
      (!drifted || faulty(node, 'drift')) &&
      (!violating || faulty(node, 'violation')) &&
      (keep === null || keep(node))
  );
  const compare = (a: string | number, b: string | number): number => (a === b ? 0 : a < b ? -1 : 1);
  nodes.sort((a, b) => compare(keyOf(h, sort, a), keyOf(h, sort, b)) || compare(a.id, b.id));
  return (descending ? nodes.reverse() : nodes).map(({ id }) => id);
}

/** Every page of a selection, one after the other. */
async function pages(h: Harness, selection: Selection): Promise<{ ids: string[]; totals: number[] }> {
  const ids: string[] = [];
  const totals: number[] = [];
  let after: Selection['after'] = null;
  for (;;) {
    const { nodes, total, more } = await h.fleet.select({ ...selection, after }, h.now);
    expect(nodes.length).toBeLessThanOrEqual(selection.limit);
    ids.push(...nodes.map(({ id }) => id));
    totals.push(total);
    const last = nodes.at(-1);
    if (!more || last === undefined) return { ids, totals };
    after = { key: keyOf(h, selection.sort, last), id: last.id };
  }
}

const reported = {
  bridge_version: '0.1.0',
  gateway_state: 'running',
  apply_status: 'UNSET',
  sync_lag_ms: 10,
  metrics: {},
} as const;

/** Who reports in a minute, as what, and where from. */
const life = fc.record({
  id: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'),
  name: fc.constantFrom('one', 'two', 'three'),
  zone: fc.constantFrom('eu', 'us', 'ap', 'sa'),
  health: fc.constantFrom('ok', 'warn', 'error', null),
  minutes: fc.constantFrom(0, 0, 0, 1, 3),
});
const chosen = <T>(of: readonly T[]): fc.Arbitrary<readonly T[] | null> =>
  fc.option(fc.subarray([...of], { minLength: 1 }), { nil: null });
const selections: fc.Arbitrary<Selection> = fc.record({
  zones: chosen(['eu', 'us', 'nowhere']),
  bands: chosen(BANDS),
  states: chosen(LIVENESS_STATES),
  bridged: fc.constantFrom(null, true, false),
  isolated: fc.constantFrom(null, true, false),
  drifted: fc.boolean(),
  violating: fc.boolean(),
  keep: fc.constantFrom(null, (node: FleetNode) => node.id < 'f'),
  sort: fc.constantFrom('name', 'zone', 'state', 'lastSeenAt', 'score'),
  descending: fc.boolean(),
  after: fc.constant(null),
  limit: fc.integer({ min: 1, max: 4 }),
});

describe('a list of targets', () => {
  it('is what looking at every node gives, in order and page by page, however they came, moved and fell silent', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(life, { maxLength: 40 }),
        fc.array(selections, { maxLength: 8 }),
        async (lives, asked) => {
          const h = await Harness.start();
          for (const { id, name, zone, health, minutes } of lives) {
            await h.send(id, {
              hostname: name,
              tags: [`region:${zone}`],
              ...(health !== null && { reported: { ...reported, health_status: health, health_reasons: [] } }),
            });
            if (minutes > 0) await h.jump(minutes * MINUTE);
          }
          await h.jump(1000);
          for (const selection of asked) {
            const want = expected(h, selection);
            const { ids, totals } = await pages(h, selection);
            expect(ids).toEqual(want);
            expect(new Set(totals)).toEqual(new Set([want.length]));
          }
        }
      ),
      { numRuns: 150 }
    );
  });

  it('forgets a node that was retired long ago, and a zone that nobody is in', async () => {
    const h = await Harness.start();
    for (let zone = 0; zone < 300; zone++) await h.send('mover', { tags: [`region:z${zone}`] }, h.now + zone);
    await h.send('other');
    expect((await h.fleet.select({ ...ALL, zones: ['z299'] }, h.now)).nodes.map(({ id }) => id)).toEqual(['mover']);
    expect((await h.fleet.select({ ...ALL, zones: ['z298'] }, h.now)).total).toBe(0);
    expect((await h.fleet.select(ALL, h.now)).nodes.map(({ id }) => id)).toEqual(['mover', 'other']);
  });

  it('starts where a cursor of a zone stood that is gone', async () => {
    const h = await Harness.start();
    for (const [id, zone] of [
      ['a', 'eu'],
      ['b', 'us'],
    ] as const)
      await h.send(id, { tags: [`region:${zone}`] });
    const after = { key: 'lost', id: 'z' };
    expect((await h.fleet.select({ ...ALL, sort: 'zone', after }, h.now)).nodes.map(({ id }) => id)).toEqual(['b']);
    expect(
      (await h.fleet.select({ ...ALL, sort: 'zone', descending: true, after }, h.now)).nodes.map(({ id }) => id)
    ).toEqual(['a']);
  });
});
