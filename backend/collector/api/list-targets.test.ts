import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LIVENESS_STATES, targetQuerySchema } from '@openclaw-fleet/contract';
import type { FleetTarget, Heartbeat } from '@openclaw-fleet/contract';
import { Harness } from '../fleet/harness.ts';
import { targetLister } from './list-targets.ts';
import { toTarget } from './target.ts';
import { BRIDGE_BLOCKS } from './testing/harness.ts';

const DAY = 86_400_000;
const IDS = ['a', 'b', 'B', 'b-1', 'c', 'ab', '0', 'z.9'];

/** One thing that happens to the fleet. */
const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('beat' as const),
      id: fc.constantFrom(...IDS),
      hostname: fc.constantFrom('x', 'y', 'xx', 'Ü', 'y\ud800'),
      zone: fc.constantFrom('eu', 'us', 'ap', null),
      health: fc.constantFrom('ok', 'warn', 'error', null),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.integer({ min: 1, max: 90 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('idle' as const), days: fc.constantFrom(15, 120) }) }
);

const some = <T>(...values: T[]) =>
  fc.option(fc.uniqueArray(fc.constantFrom(...values), { minLength: 1 }), { nil: undefined });
const query = fc.record(
  {
    state: some(...LIVENESS_STATES),
    zone: some('eu', 'us', 'none', 'nowhere'),
    band: some('healthy', 'warning', 'degraded', 'critical', 'unknown'),
    risk: some('low', 'medium', 'high', 'critical'),
    bridged: fc.constantFrom('true', 'false', undefined),
    isolated: fc.constantFrom('true', 'false', undefined),
    drift: some('runtime', 'version'),
    driftSeverity: some('minor', 'major', 'critical'),
    violation: some('runtime-error', 'cpu-over-limit'),
    violationSeverity: some('warning', 'high'),
    tag: some('region:eu', 'region:us'),
    q: fc.constantFrom('b', 'X', undefined),
  },
  { requiredKeys: [] }
);
const sort = fc.constantFrom(
  ...['name', 'zone', 'state', 'lastSeenAt', 'score'].flatMap((each) => [each, `-${each}`] as const)
);

function reportOf(zone: string | null, hostname: string, health: 'ok' | 'warn' | 'error' | null): Partial<Heartbeat> {
  const blocks = structuredClone(BRIDGE_BLOCKS);
  return {
    hostname,
    tags: zone === null ? [] : [`region:${zone}`],
    ...(health !== null && { ...blocks, reported: { ...blocks.reported, health_status: health } }),
  };
}

/** The same, by looking at every target. */
function expected(fleet: Harness['fleet'], raw: Record<string, unknown>, sortBy: string, nowMs: number): FleetTarget[] {
  const asked = raw as Record<string, string[] | undefined>;
  const has = (values: string[] | undefined, value: string | undefined) =>
    values === undefined || (value !== undefined && values.includes(value));
  const faulty = (target: FleetTarget, kind: string, codes?: string[], severities?: string[]) =>
    (codes === undefined && severities === undefined) ||
    fleet
      .get(target.id)!
      .assessment.faults.some(
        (fault) => fault.kind === kind && has(codes, fault.code) && has(severities, fault.severity)
      );
  const targets = [...fleet.nodes()]
    .map((node) => toTarget(node, fleet, nowMs))
    .filter(
      (target) =>
        has(asked['state'], target.liveness.state) &&
        has(asked['zone'], target.zone) &&
        has(asked['band'], target.band) &&
        has(asked['risk'], target.riskLevel) &&
        (raw['bridged'] === undefined || raw['bridged'] === String(target.bridged)) &&
        (raw['isolated'] === undefined || raw['isolated'] === String(target.isolated)) &&
        faulty(target, 'drift', asked['drift'], asked['driftSeverity']) &&
        faulty(target, 'violation', asked['violation'], asked['violationSeverity']) &&
        (asked['tag'] ?? []).every((tag) => target.tags.includes(tag)) &&
        (raw['q'] === undefined ||
          `${target.id}\n${target.name}`.toLowerCase().includes((raw['q'] as string).toLowerCase()))
    );
  const key = (target: FleetTarget): string | number => {
    switch (sortBy.replace('-', '')) {
      case 'zone':
        return target.zone;
      case 'state':
        return LIVENESS_STATES.indexOf(target.liveness.state);
      case 'lastSeenAt':
        return target.lastSeenAt === undefined ? -1 : Date.parse(target.lastSeenAt);
      case 'score':
        return target.fleetHealthScore ?? -1;
      default:
        return target.name;
    }
  };
  const order = (a: string | number, b: string | number) => (a < b ? -1 : a > b ? 1 : 0);
  targets.sort((a, b) => order(key(a), key(b)) || order(a.id, b.id));
  return sortBy.startsWith('-') ? targets.reverse() : targets;
}

describe('a list of targets', () => {
  it('is what a look at every target finds, page by page, whatever happened before', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 25 }),
        fc.array(fc.tuple(query, sort, fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 6 }),
        fc.nat({ max: 25 }),
        async (events, queries, before) => {
          const harness = await Harness.start();
          const { fleet } = harness;
          let list = targetLister(fleet);
          for (const [at, each] of events.entries()) {
            // What was there before the index was made is in it too.
            if (at === before) list = targetLister(fleet);
            if (each.kind === 'beat') await harness.send(each.id, reportOf(each.zone, each.hostname, each.health));
            else if (each.kind === 'wait') await harness.jump(each.seconds * 1000);
            else {
              await harness.jump(each.days * DAY);
              await harness.jump(DAY);
              fleet.forgetRetired(harness.now);
            }
          }
          for (const [raw, sortBy, limit] of queries) {
            // Time goes on between two ticks, too.
            const nowMs = harness.now + 700;
            const asked = { ...raw, sort: sortBy, limit };
            const all = expected(fleet, raw, sortBy, nowMs);
            const seen: FleetTarget[] = [];
            let cursor: string | null | undefined;
            do {
              const parsed = targetQuerySchema.parse({ ...asked, ...(cursor && { cursor }) });
              const page = await list(parsed, nowMs);
              expect(page.total).toBe(all.length);
              expect(page.items.length).toBeLessThanOrEqual(limit);
              seen.push(...page.items);
              cursor = page.nextCursor;
            } while (cursor !== null);
            expect(seen).toEqual(all);
          }
        }
      ),
      { numRuns: 300 }
    );
  });

  it('goes on at the same place when the target it stopped at is gone', async () => {
    const harness = await Harness.start();
    const { fleet } = harness;
    const list = targetLister(fleet);
    const ids = ['n1', 'n2', 'n3', 'n4'];
    for (const id of ids) await harness.send(id, { tags: [`region:${id}`] });
    const ask = (sortBy: string, cursor?: string | null) =>
      list(targetQuerySchema.parse({ sort: sortBy, limit: 1, ...(cursor && { cursor }) }), harness.now);
    const stopped = new Map<string, string | null>();
    for (const by of ['name', '-name', 'zone', '-zone']) {
      const { nextCursor } = await ask(by);
      stopped.set(by, (await ask(by, nextCursor)).nextCursor);
    }
    // Months of silence retire n2 and n3, where every page stopped.
    for (let day = 0; day < 120; day++) {
      for (const id of ['n1', 'n4']) await harness.send(id, { tags: [`region:${id}`] });
      await harness.jump(DAY);
    }
    fleet.forgetRetired(harness.now);
    expect([...fleet.nodes()].map(({ id }) => id)).toEqual(['n1', 'n4']);
    for (const [by, cursor] of stopped) {
      const { items } = await ask(by, cursor);
      expect([by, items.map(({ id }) => id)]).toEqual([by, [by.startsWith('-') ? 'n1' : 'n4']]);
    }
  });
});
