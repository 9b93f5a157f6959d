import type { ServiceDiscovery } from '@openclaw-fleet/contract';
import type { FleetNode } from '../../fleet/types.ts';
import type { Handlers } from '../call.ts';
import type { Parts } from '../parts.ts';
import type { DISCOVERY_ROUTES } from '../routes/discovery.ts';

const MOST_BRIDGES = 20_000;
/** An answer is given again for this long. Milliseconds. */
const KEPT_MS = 1000;
/** The event loop is held for about this long at a time. Milliseconds. */
const SLICE_MS = 1;

/** What other programs find their targets by. */
export function discoveryHandlers(parts: Parts): Handlers<keyof typeof DISCOVERY_ROUTES> {
  const { clock } = parts;
  let kept: { readonly atMs: number; readonly answer: Promise<ServiceDiscovery> } | null = null;
  return {
    discoverBridges() {
      const nowMs = clock();
      if (kept === null || nowMs - kept.atMs >= KEPT_MS) kept = { atMs: nowMs, answer: bridgesOf(parts, nowMs) };
      return kept.answer;
    },
  };
}

/** At most one place for each node, so that none can have many others asked. */
async function bridgesOf({ fleet, metricsOf }: Parts, nowMs: number): Promise<ServiceDiscovery> {
  const found: [id: string, place: ServiceDiscovery[number]][] = [];
  let sliceStart = performance.now();
  for (const node of fleet.nodes()) {
    const address = node.report.reported?.metrics_address === undefined ? null : metricsOf(node);
    if (address !== null && isThere(node, fleet, nowMs))
      found.push([node.id, { targets: [address], labels: { target: node.id, zone: node.zone } }]);
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await new Promise(setImmediate);
    sliceStart = performance.now();
  }
  found.sort(([a], [b]) => (a < b ? -1 : 1));
  return found.slice(0, MOST_BRIDGES).map(([, place]) => place);
}

/** Behind the address of a node that is long gone, somebody else may be. */
function isThere(node: FleetNode, fleet: Parts['fleet'], nowMs: number): boolean {
  const { state } = fleet.liveness(node, nowMs);
  return state !== 'retired' && state !== 'inactive';
}
