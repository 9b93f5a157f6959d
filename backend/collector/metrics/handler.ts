import type { IncomingMessage, ServerResponse } from 'node:http';
import { problem } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { FleetView } from '../fleet/types.ts';
import type { Instruments } from './collector.ts';
import type { TargetRenderer } from './render.ts';
import { writeSliced } from './stream.ts';
import type { StreamOptions } from './stream.ts';
import { renderZones } from './zones.ts';

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Each scrape holds a list of every target; a pair of Prometheus servers and a person need no more. */
const MAX_SCRAPES = 4;

export interface MetricsHandlerOptions {
  readonly instruments: Instruments;
  readonly fleet: FleetView;
  readonly renderer: TargetRenderer;
  readonly clock: Clock;
  readonly stream?: StreamOptions;
}

/**
 * Answers `GET /metrics` and HEAD: the bounded series first, then the per-target ones, streamed.
 * @returns the problem to answer with when it takes no further scrape; null once it has answered
 */
export type MetricsHandler = (request: IncomingMessage, response: ServerResponse) => Promise<Problem | null>;

export function createMetricsHandler(options: MetricsHandlerOptions): MetricsHandler {
  const { instruments, fleet, renderer, clock } = options;
  const now = options.stream?.now ?? (() => performance.now());
  let underWay = 0;
  return async (request, response) => {
    if (underWay >= MAX_SCRAPES) {
      instruments.counts.scrapesRefused++;
      return problem('overloaded', `${MAX_SCRAPES} scrapes are under way already; scrape again in a few seconds.`);
    }
    underWay++;
    const start = now();
    try {
      const bounded = request.method === 'HEAD' ? '' : await instruments.registry.metrics();
      response.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE });
      if (request.method === 'HEAD') {
        response.end();
        return null;
      }
      // The bounded series took a slice of their own.
      await new Promise(setImmediate);
      const pieces = (function* () {
        yield bounded;
        yield* renderZones(fleet.summary(clock()).zones);
        yield* renderer.render(fleet, clock());
      })();
      if ((await writeSliced(response, pieces, options.stream)) === 'done') response.end();
      else instruments.counts.scrapesAborted++;
    } finally {
      underWay--;
      instruments.scrapeSeconds.observe((now() - start) / 1000);
    }
    return null;
  };
}
