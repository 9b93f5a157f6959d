import { TIMINGS, type Heartbeat, type TargetQuery } from '@openclaw-fleet/contract';
import { targetLister } from '../../backend/collector/api/list-targets.ts';
import { MemoryStore } from '../../backend/collector/fleet/memory-store.ts';
import { Fleet } from '../../backend/collector/fleet/registry.ts';
import { beatBody } from './beat.ts';
import { nodeName } from './identities.ts';

/** Milliseconds of one page of targets: selected, written as JSON; and of writing the same page alone. */
export interface ListTimes {
  readonly list: number;
  readonly stringify: number;
}

const ZONES = ['us-east-1', 'eu-west-1', 'ap-south-1', 'local'];
/** Pages in one round: short enough to be interleaved, long enough for the clock. */
const PAGES = 20;

/** A filtered, sorted page of 100 targets, from the middle of the fleet. */
const QUERY: TargetQuery = { band: ['healthy'], zone: ['us-east-1', 'eu-west-1'], sort: '-score', limit: 100 };

async function fleetOf(nodes: number): Promise<Fleet> {
  const store = new MemoryStore();
  const epoch = await store.takeEpoch();
  const fleet = new Fleet({ timings: TIMINGS.production, clock: Date.now, store, epoch: () => epoch });
  const now = Date.now();
  for (let index = 0; index < nodes; index++) {
    const beat = JSON.parse(beatBody(nodeName(index), now)) as Heartbeat;
    const zoned = {
      ...beat,
      hostname: `gateway-${(index * 7919) % nodes}`,
      tags: [`region:${ZONES[index % 4] ?? ''}`],
    };
    await fleet.receive(zoned, index, now);
  }
  return fleet;
}

const options = JSON.parse(process.argv[2] ?? '{"nodes":1000}') as { nodes: number };
const fleet = await fleetOf(options.nodes);
const list = targetLister(fleet);

async function round(): Promise<ListTimes> {
  const now = Date.now();
  let stringify = 0;
  const began = performance.now();
  for (let page = 0; page < PAGES; page++) {
    const answer = await list(QUERY, now);
    if (answer.items.length !== QUERY.limit) throw new Error(`a page has ${answer.items.length} targets`);
    JSON.stringify(answer);
  }
  const took = performance.now() - began;
  const answer = await list(QUERY, now);
  for (let page = 0; page < PAGES; page++) {
    const before = performance.now();
    JSON.stringify(answer);
    stringify += performance.now() - before;
  }
  return { list: took / PAGES, stringify: stringify / PAGES };
}

for (let warm = 0; warm < 5; warm++) await round();
process.on('message', () => void round().then((times) => process.send?.(times)));
process.on('disconnect', () => process.exit(0));
process.send?.({ ready: true });
