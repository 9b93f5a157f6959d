import { HEARTBEAT_STATUSES, PROBLEMS } from '@openclaw-fleet/contract';
import type { ProblemName, TimingsProfile } from '@openclaw-fleet/contract';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { PublishObserver } from '../fleet/types.ts';
import { createAlertmanagerInstruments } from './alertmanager.ts';
import type { AlertmanagerInstruments } from './alertmanager.ts';
import { createHealthInstruments } from './health.ts';
import type { HealthInstruments } from './health.ts';
import { PlainHistogram } from './histogram.ts';
import { pulledGauges } from './pulled-gauge.ts';
import { createPublishInstruments } from './publishing.ts';
import { createRepairInstruments } from './repair-counts.ts';
import type { RepairInstruments } from './repair-counts.ts';
import { exposeTally, zeros } from './tally.ts';
import type { Tally } from './tally.ts';
import { MAX_TOKENS, tokenEnds } from './token-ends.ts';
import type { EndingToken } from './token-ends.ts';

/** What became of a heartbeat; a `refused` one is also counted by its problem type. */
export const HEARTBEAT_OUTCOMES = [...HEARTBEAT_STATUSES, 'conflict', 'refused'] as const;
export type HeartbeatOutcome = (typeof HEARTBEAT_OUTCOMES)[number];

/** Counters of the collector that stand alone, without a label. */
const COUNTS = {
  unknownFields: [
    'openclaw_collector_unknown_fields_dropped_total',
    'Fields of heartbeats that the contract does not know; they are dropped.',
  ],
  storageFailures: ['openclaw_collector_storage_failures_total', 'Reads and writes that storage refused or failed.'],
  streamEvents: ['openclaw_collector_stream_events_total', 'Events written to subscribers of the event stream.'],
  streamDropped: [
    'openclaw_collector_stream_dropped_total',
    'Subscribers of the event stream cut off because they read too slowly.',
  ],
  streamRefused: [
    'openclaw_collector_stream_refused_total',
    'Subscribers of the event stream refused because there were too many.',
  ],
  sourceFailures: [
    'openclaw_collector_source_failures_total',
    'Times that a part of the collector failed to say a value: it was left out of a scrape, or is the last one known.',
  ],
  scrapesRefused: ['openclaw_collector_scrapes_refused_total', 'Scrapes refused because too many were under way.'],
  scrapesAborted: [
    'openclaw_collector_scrapes_aborted_total',
    'Scrapes whose reader went away or took nothing for too long.',
  ],
} as const satisfies Record<string, readonly [name: string, help: string]>;
export type CountName = keyof typeof COUNTS;

/** Everything the parts of the collector count on. One is made at the start and handed to each part. */
export interface Instruments {
  readonly registry: Registry;
  readonly heartbeats: Tally<HeartbeatOutcome>;
  /** Refused heartbeats by problem type. Use `countRefused`, which keeps both in step. */
  readonly refusals: Tally<ProblemName>;
  /** From the request's first byte to its answer. Seconds. */
  readonly heartbeatSeconds: PlainHistogram;
  /** Heartbeats in one group commit. */
  readonly commitBeats: PlainHistogram;
  /** From a group commit's start until it is durable. Seconds. */
  readonly commitSeconds: PlainHistogram;
  readonly tokenCache: Tally<'hit' | 'miss'>;
  /** Subscribers of the event stream now. */
  readonly stream: { subscribers: number };
  readonly counts: Tally<CountName>;
  readonly scrapeSeconds: PlainHistogram;
  readonly apiRequests: Counter<'route' | 'code'>;
  readonly health: HealthInstruments;
  readonly repairs: RepairInstruments;
  readonly publishing: PublishObserver;
  readonly alertmanager: AlertmanagerInstruments;
  /** Counts one heartbeat refused with `problem`. */
  readonly countRefused: (problem: ProblemName) => void;
}

// Gauges whose names claim to be counters; prom-client keeps them for old dashboards.
const MISNAMED_DEFAULTS = [
  'nodejs_active_handles_total',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/** Makes the collector's own metrics, with those of its process when `processMetrics` (they hold a timer). */
export function createInstruments({ processMetrics = true }: { readonly processMetrics?: boolean } = {}): Instruments {
  const registry = new Registry();
  const histogram = (name: string, help: string, bounds: readonly number[]): PlainHistogram =>
    new PlainHistogram(registry, name, help, bounds);

  const heartbeats = zeros(HEARTBEAT_OUTCOMES);
  const refusals = zeros(Object.keys(PROBLEMS) as ProblemName[]);
  const tokenCache = zeros(['hit', 'miss']);
  const counts = zeros(Object.keys(COUNTS) as CountName[]);
  const stream = { subscribers: 0 };

  exposeTally(registry, heartbeats, {
    name: 'openclaw_collector_heartbeats_total',
    help: 'Heartbeats by what became of them.',
    label: 'outcome',
  });
  exposeTally(registry, refusals, {
    name: 'openclaw_collector_heartbeats_refused_total',
    help: 'Heartbeats refused, by problem type.',
    label: 'problem',
  });
  const heartbeatSeconds = histogram(
    'openclaw_collector_heartbeat_duration_seconds',
    'Time from the first byte of a heartbeat to its answer.',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
  );
  const commitBeats = histogram(
    'openclaw_collector_commit_heartbeats',
    'Heartbeats in one group commit.',
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]
  );
  const commitSeconds = histogram(
    'openclaw_collector_commit_duration_seconds',
    'Time a group commit took to be durable.',
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5]
  );
  exposeTally(registry, tokenCache, {
    name: 'openclaw_collector_token_cache_total',
    help: 'Look-ups of a token in the cache of verified ones, by result.',
    label: 'result',
  });
  new Gauge({
    name: 'openclaw_collector_stream_subscribers',
    help: 'Subscribers of the event stream.',
    registers: [registry],
    collect() {
      this.set(stream.subscribers);
    },
  });
  for (const key of Object.keys(COUNTS) as CountName[]) {
    const [name, help] = COUNTS[key];
    new Counter({
      name,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(counts[key]);
      },
    });
  }
  const health = createHealthInstruments(registry);
  const repairs = createRepairInstruments(registry);
  const publishing = createPublishInstruments(registry);
  const alertmanager = createAlertmanagerInstruments(registry);
  const scrapeSeconds = histogram(
    'openclaw_collector_scrape_duration_seconds',
    'Time a scrape of this collector took.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
  );
  const apiRequests = new Counter({
    name: 'openclaw_collector_api_requests_total',
    help: 'Requests to the API by route and status.',
    labelNames: ['route', 'code'],
    registers: [registry],
  });
  if (processMetrics) {
    collectDefaultMetrics({ register: registry });
    for (const name of MISNAMED_DEFAULTS) registry.removeSingleMetric(name);
  }
  return {
    registry,
    heartbeats,
    refusals,
    heartbeatSeconds,
    commitBeats,
    commitSeconds,
    tokenCache,
    stream,
    counts,
    scrapeSeconds,
    apiRequests,
    health,
    repairs,
    publishing,
    alertmanager,
    countRefused(problem) {
      heartbeats.refused++;
      refusals[problem]++;
    },
  };
}

export const CERTIFICATE_NAMES = ['server', 'client', 'authority', 'api'] as const;

/** When a certificate that the collector shows or trusts ends. */
export interface CertificateExpiry {
  readonly name: (typeof CERTIFICATE_NAMES)[number];
  readonly notAfterMs: number;
}

/** What is asked of other parts at each scrape. */
export interface CollectorSources {
  readonly version: string;
  readonly timings: TimingsProfile;
  /** Sizes of the database's files, in bytes. */
  readonly storageBytes: () => Promise<{ readonly database: number; readonly wal: number }>;
  /** Starts of the collector within the restart window, this one included. */
  readonly recentStarts: () => number;
  readonly certificates: () => Iterable<CertificateExpiry>;
  /** The API's tokens, revoked and expired ones too. */
  readonly tokens: () => Iterable<EndingToken>;
  /** As tokens are judged by. Milliseconds since the epoch. */
  readonly wallClock: () => number;
}

/** Adds what is read from other parts of the collector when it is scraped. A source that fails costs its own samples alone. */
export function registerCollectorSources(instruments: Instruments, sources: CollectorSources): void {
  const { registry, counts } = instruments;
  const pull = pulledGauges(registry, () => {
    counts.sourceFailures++;
  });
  new Gauge({
    name: 'openclaw_collector_build_info',
    help: 'Version of the collector and of Node.js, and the timings profile it runs with.',
    labelNames: ['version', 'node_version', 'timings'],
    registers: [registry],
  }).set({ version: sources.version, node_version: process.versions.node, timings: sources.timings }, 1);
  pull('openclaw_collector_storage_size_bytes', 'Size of the database, by file.', ['file'], async (gauge) => {
    const { database, wal } = await sources.storageBytes();
    gauge.set({ file: 'database' }, database);
    gauge.set({ file: 'wal' }, wal);
  });
  pull('openclaw_collector_recent_starts', 'Starts of the collector within its restart window.', [], (gauge) => {
    gauge.set(sources.recentStarts());
  });
  pull(
    'openclaw_collector_certificate_expiry_timestamp_seconds',
    "When the collector's own certificates and its authority's expire.",
    ['certificate'],
    (gauge) => {
      for (const { name, notAfterMs } of sources.certificates()) gauge.set({ certificate: name }, notAfterMs / 1000);
    }
  );
  pull(
    'openclaw_collector_api_token_expiry_timestamp_seconds',
    `When tokens of the API expire that are not revoked, the ${MAX_TOKENS} first; absent once one is expired for a week.`,
    ['name'],
    (gauge) => {
      for (const [name, endMs] of tokenEnds(sources.tokens(), sources.wallClock())) gauge.set({ name }, endMs / 1000);
    }
  );
}
