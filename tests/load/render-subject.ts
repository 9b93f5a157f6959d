import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TIMINGS, type Heartbeat } from '@openclaw-fleet/contract';
import { Gauge, Registry } from 'prom-client';
import { MemoryStore } from '../../backend/collector/fleet/memory-store.ts';
import { Fleet } from '../../backend/collector/fleet/registry.ts';
import { createInstruments } from '../../backend/collector/metrics/collector.ts';
import { createMetricsHandler } from '../../backend/collector/metrics/handler.ts';
import { createTargetRenderer } from '../../backend/collector/metrics/render.ts';
import { beatBody } from './beat.ts';
import { nodeName } from './identities.ts';

/** The same per-target series twice: streamed by our renderer at /ours, kept as prom-client gauges at /prom-client. */
export interface RenderReady {
  readonly port: number;
  readonly series: number;
}

/** CPU milliseconds of one rendering each. */
export interface RenderTimes {
  readonly ours: number;
  readonly promClient: number;
}

const SERIES = 100_000;

async function fleetOf(nodes: number): Promise<Fleet> {
  const store = new MemoryStore();
  const epoch = await store.takeEpoch();
  const fleet = new Fleet({ timings: TIMINGS.production, clock: Date.now, store, epoch: () => epoch });
  const now = Date.now();
  for (let index = 0; index < nodes; index++) {
    await fleet.receive(JSON.parse(beatBody(nodeName(index), now)) as Heartbeat, index, now);
  }
  return fleet;
}

/** prom-client gauges with exactly the series of an exposition. */
function gaugesOf(exposition: string): Registry {
  const registry = new Registry();
  const gauges = new Map<string, Gauge>();
  for (const [, name = '', labels = '', value = ''] of exposition.matchAll(/^([a-z_]+)\{(.*)\} (\S+)$/gm)) {
    const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(
      ([, label = '', text = '']) => [label, text] as const
    );
    let gauge = gauges.get(name);
    if (!gauge) {
      gauge = new Gauge({ name, help: name, labelNames: pairs.map(([label]) => label), registers: [registry] });
      gauges.set(name, gauge);
    }
    gauge.set(Object.fromEntries(pairs), Number(value));
  }
  return registry;
}

async function cpuOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const renderer = createTargetRenderer('core', { certificateEndS: () => 1_800_000_000 });
const perNode = [...renderer.render(await fleetOf(1), Date.now())].join('').match(/^[a-z].*$/gm)?.length ?? 1;
const fleet = await fleetOf(Math.ceil(SERIES / perNode));
const text = [...renderer.render(fleet, Date.now())].join('');
const registry = gaugesOf(text);
const instruments = createInstruments({ processMetrics: false });
instruments.registry.clear();
const ours = createMetricsHandler({ instruments, fleet, renderer, clock: Date.now });

const server = createServer((req, res) => {
  if (req.url === '/ours') void ours(req, res);
  else {
    void registry.metrics().then((body) => {
      res.writeHead(200, { 'content-type': registry.contentType });
      res.end(body);
    });
  }
});
process.on('message', () => {
  void (async () => {
    const times: RenderTimes = {
      ours: await cpuOf(() => {
        for (const piece of renderer.render(fleet, Date.now())) if (piece.length === 0) return;
      }),
      promClient: await cpuOf(() => registry.metrics()),
    };
    process.send?.(times);
  })();
});
process.on('disconnect', () => process.exit(0));
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port, series: perNode * fleet.size } satisfies RenderReady);
});
