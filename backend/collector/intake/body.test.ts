import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { heartbeatSchema } from '@openclaw-fleet/contract';
import { parseHeartbeat } from './body.ts';

/** Every field that there is. */
const full = {
  node_id: 'uuid-1234',
  hostname: 'chimera-01.prod',
  version: '1.2.0',
  capacity: { workers: 24, available_slots: 5 },
  queue_depth: { planner: 3, worker: 120 },
  last_heartbeat: '2026-02-06T12:34:56Z',
  tags: ['region:us-east-1', 'gpu:true'],
  uptime_seconds: 86400,
  boot_id: 'b1',
  seq: 7,
  interval_seconds: 60,
  reported: {
    bridge_version: '0.1.0',
    openclaw_version: '2026.2.6',
    openclaw_build: 'abc',
    gateway_boot_id: 'g1',
    gateway_state: 'running',
    transport: 'direct_https',
    environment: 'vps',
    config_hash: 'ab'.repeat(32),
    full_config_hash: 'cd'.repeat(32),
    config_valid: true,
    config_converged: true,
    revision: 'r1',
    apply_status: 'APPLIED',
    actions_address: '10.0.0.7:9465',
    tunnel_port: 20001,
    metrics_address: '10.0.0.7:9464',
    sync_lag_ms: 12,
    health_status: 'warn',
    health_reasons: ['one', 'two'],
    metrics: { cpu_pct: 12.5, mem_used_bytes: 1e9, queue_depth: 3, failed_pushes_1h: 1 },
  },
  capabilities: ['restart', 'supervisor:systemd'],
  jobs: { total: 3, enabled: 2, failing: 1, results_1h: 5, failures_1h: 1, results_24h: 50, failures_24h: 4 },
  publisher: {
    success_total: 1,
    failure_total: { http_503: 2 },
    dropped_total: 0,
    buffered: 1,
    latency_seconds_sum: 0.5,
    latency_seconds_count: 2,
  },
  goodbye: 'restart',
};

type Fields = Record<string, unknown>;
type Path = readonly string[];

/** Each place in a value, objects before what is in them. */
function places(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, inner]) => places(inner, [...at, key]))];
}

/** The object or array that holds the place, where there is one. */
function holderOf(value: unknown, path: Path): Fields | null {
  let holder = value;
  for (const key of path.slice(0, -1)) {
    if (typeof holder !== 'object' || holder === null) return null;
    holder = (holder as Fields)[key];
  }
  return typeof holder === 'object' && holder !== null ? (holder as Fields) : null;
}

const lengths = [0, 1, 32, 33, 63, 64, 65, 128, 129, 200, 201, 253, 254];
const odd = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], ['a', 1], { a: 1 }, { 'a b': 1 }, { a: -1 }, { a: '1' }),
  fc.constantFrom(0, -0, -1, 0.5, 1, 2, 120, 120.5, 121, 1e9, 2 ** 53 - 1, 2 ** 53, 1e21, 1e308),
  fc.constantFrom(
    'running',
    'nonsense',
    'ok',
    'cloud',
    'APPLIED',
    'shutdown',
    'a\nb',
    'a\u0085b',
    ' ',
    '../etc',
    'a\n'
  ),
  fc.constantFrom('2026-02-29T00:00:00Z', '2028-02-29T24:00:00Z', '2028-02-29T00:00:00.123+14:00', '2026-02-06T12:34Z'),
  fc.constantFrom('2026-02-06T12:34:56', '2026-02-06 12:34:56Z', '2026-02-06T12:34:56+0100', '2026-02-06T12:34:56z'),
  fc.constantFrom(...lengths).map((length) => 'a'.repeat(length)),
  // Of two UTF-16 units each.
  fc.constantFrom(...lengths).map((length) => '\u{1f600}'.repeat(length)),
  fc.constantFrom('\ud800', 'AB'.repeat(32), 'ef'.repeat(32)),
  fc.constantFrom(...lengths).map((length) => Array.from({ length }, (_, index) => `a${index}`)),
  fc
    .constantFrom(...lengths)
    .map((length) => Object.fromEntries(Array.from({ length }, (_, index) => [`a${index}`, 1]))),
  fc.string(),
  fc.double({ noNaN: true, noDefaultInfinity: true })
);
const name = fc.constantFrom('a', 'email', '__proto__', 'constructor', 'toString', 'seq', 'a b', '1', 'A'.repeat(65));
const change = fc.oneof(
  fc.record({ path: fc.constantFrom(...places(full).slice(1)), to: odd }),
  fc.record({ path: fc.constantFrom(...places(full).slice(1)) }),
  fc
    .record({ path: fc.constantFrom(...places(full)), name, to: odd })
    .map(({ path, name: key, to }) => ({ path: [...path, key], to }))
);

/** A heartbeat with some of it changed, as JSON would bring it. */
const heartbeatLike = fc.array(change, { maxLength: 4 }).map((changes) => {
  const value: unknown = structuredClone(full);
  for (const { path, ...rest } of changes) {
    const holder = holderOf(value, path);
    const key = path.at(-1) ?? '';
    if (holder === null) continue;
    if (!('to' in rest)) Reflect.deleteProperty(holder, key);
    // Not by assignment: a field of the name __proto__ is one as any other.
    else Object.defineProperty(holder, key, { value: rest.to, enumerable: true, configurable: true, writable: true });
  }
  return JSON.parse(JSON.stringify(value)) as unknown;
});

const parse = (value: unknown): ReturnType<typeof parseHeartbeat> => parseHeartbeat(Buffer.from(JSON.stringify(value)));

describe('a heartbeat’s body', () => {
  it('may have every field that there is', () => {
    expect(Object.keys(full).sort()).toEqual(Object.keys(heartbeatSchema.shape).sort());
    expect(parse(full)).toEqual({ beat: full, dropped: 0 });
  });

  it('is taken and refused as the schema says, whatever is changed in it', () => {
    fc.assert(
      fc.property(heartbeatLike, (value) => {
        const body = parse(value);
        const known = heartbeatSchema.safeParse(value);
        if ('problem' in body) {
          expect(body.problem).toBe('invalid-body');
          expect(body.errors?.map(({ message }) => message)).toEqual(
            known.error?.issues.slice(0, 16).map(({ message }) => message)
          );
        } else {
          expect(body.beat).toEqual(known.data);
          expect(body.dropped === 0).toBe(isDeepStrictEqual(body.beat, value));
        }
      }),
      { numRuns: 3000 }
    );
  });

  it.each(['', 'null', '1', '[]', '"a"', '{', '\ufeff{}', '{"node_id":'])('is none when it is %j', (text) => {
    expect(parseHeartbeat(Buffer.from(text))).toMatchObject({ problem: expect.stringMatching(/malformed|invalid/) });
  });

  it('loses what nests in unknown fields, eight deep and no deeper', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) });
    expect(parse({ ...full, extra: nested(8) })).toEqual({ beat: full, dropped: 1 });
    expect(parse({ ...full, extra: nested(9) })).toMatchObject({ problem: 'invalid-body' });
  });
});
