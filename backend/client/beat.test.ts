import { describe, expect, it } from '@jest/globals';
import { heartbeatSchema, jobsBlockSchema, MAX_HEARTBEAT_BYTES, reportedBlockSchema } from '@openclaw-fleet/contract';
import type { JobsBlock, ReportedBlock } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { MAX_BODY_BYTES, serializeBeat } from './beat.ts';
import type { BeatFields } from './beat.ts';
import { cleanSnapshot } from './snapshot.ts';

const defaults = { hostname: 'host', version: '1.0.0', tags: [] };

const reported: ReportedBlock = {
  bridge_version: '0.1.0',
  openclaw_version: '2026.9.6',
  gateway_boot_id: 'boot',
  gateway_state: 'running',
  transport: 'hybrid',
  environment: 'vps',
  config_hash: 'a'.repeat(64),
  config_valid: true,
  apply_status: 'APPLIED',
  sync_lag_ms: 12.5,
  health_status: 'ok',
  health_reasons: [],
  metrics: { cpu_pct: 3, failed_pushes_1h: 0 },
};
const jobs: JobsBlock = { total: 3, enabled: 2, failing: 1, results_1h: 9, failures_1h: 1, results_24h: 90 };

function fieldsOf(given: unknown): BeatFields {
  const { snapshot } = cleanSnapshot(given, defaults);
  return {
    nodeId: 'uuid-1234',
    snapshot,
    blocks: snapshot.blocks,
    time: Date.parse('2026-02-06T12:34:56Z'),
    bootId: 'boot-1',
    seq: 7,
    intervalSeconds: 60,
    publisher: { success_total: 1, failure_total: { network: 2 } },
  };
}

const parse = (body: Buffer): Record<string, unknown> => JSON.parse(body.toString()) as Record<string, unknown>;

describe('a beat', () => {
  it('is what seed 004 shows, and what the publisher adds', () => {
    const { body } = serializeBeat(
      fieldsOf({
        hostname: 'chimera-01.prod',
        version: '1.2.0',
        capacity: { workers: 24, available_slots: 5 },
        queue_depth: { planner: 3, worker: 120 },
        tags: ['region:us-east-1', 'gpu:true'],
        uptime_seconds: 86400,
      })
    );
    expect(body.toString()).toBe(
      '{"node_id":"uuid-1234","hostname":"chimera-01.prod","version":"1.2.0","capacity":{"workers":24,"available_slots":5},' +
        '"queue_depth":{"planner":3,"worker":120},"last_heartbeat":"2026-02-06T12:34:56.000Z","tags":["region:us-east-1","gpu:true"],' +
        '"uptime_seconds":86400,"boot_id":"boot-1","seq":7,"interval_seconds":60,' +
        '"publisher":{"success_total":1,"failure_total":{"network":2}}}'
    );
  });

  it('carries the blocks of a bridge whole', () => {
    const beat = parse(
      serializeBeat(fieldsOf({ reported, jobs, capabilities: ['restart', 'supervisor:systemd'] })).body
    );
    expect(beat).toMatchObject({ reported, jobs, capabilities: ['restart', 'supervisor:systemd'] });
  });

  it('leaves out what the host made up, and a block that is not valid, and says so', () => {
    const { snapshot, problems } = cleanSnapshot(
      {
        secret: 'x',
        capacity: { workers: 2, 'no good': 1, slots: -1, nan: NaN },
        queue_depth: [],
        tags: ['a', 5, '', 'x'.repeat(200)],
        uptime_seconds: -1,
        reported: { ...reported, gateway_state: 'fine' },
        jobs: { ...jobs, secret: 'x' },
      },
      { ...defaults, tags: ['region:eu'] }
    );
    expect(snapshot).toEqual({
      hostname: 'host',
      version: '1.0.0',
      capacity: { workers: 2 },
      queue_depth: {},
      tags: ['region:eu', 'a'],
      blocks: { jobs },
    });
    expect(problems.join('\n')).toMatch(/reported\.gateway_state must be one of running.*; reported was left out/);
    expect(problems).toHaveLength(7);
  });

  it('has a version even where nobody named one', () => {
    const { snapshot, problems } = cleanSnapshot({}, { tags: [] });
    expect(snapshot.version).toBe('unknown');
    expect(problems[0]).toContain('OPENCLAW_VERSION');
  });
});

describe('a beat that is too large', () => {
  const wide = (length: number): string => '\u4e16'.repeat(length);
  const tags = ['region:eu', ...Array.from({ length: 63 }, (_, index) => `${index}${wide(120)}`)];

  it('loses its tags last but the reported state, and keeps its zone', () => {
    const { body, trimmed, blocks } = serializeBeat(
      fieldsOf({
        reported: { ...reported, health_reasons: ['first', 'second'] },
        jobs,
        capabilities: ['restart'],
        tags,
      })
    );
    expect(body.length).toBeLessThanOrEqual(MAX_BODY_BYTES);
    expect(trimmed).toEqual(['publisher', 'jobs', 'capabilities', 'health_reasons', 'tags']);
    expect(blocks).toEqual({ reported: { ...reported, health_reasons: ['first'] } });
    const kept = parse(body)['tags'] as string[];
    expect(kept).toEqual(tags.slice(0, kept.length));
    expect(kept.length).toBeGreaterThan(30);
  });

  it('loses no more than it must', () => {
    const fields = fieldsOf({ jobs, tags: tags.slice(0, 44) });
    const size = serializeBeat(fields).body.length;
    expect(size).toBeGreaterThan(MAX_BODY_BYTES - 700);
    const padded = serializeBeat({
      ...fields,
      snapshot: { ...fields.snapshot, hostname: wide(Math.ceil((MAX_BODY_BYTES - size) / 3) + 2) },
    });
    expect(padded.trimmed).toEqual(['publisher']);
    expect(parse(padded.body)).toHaveProperty('jobs');
  });
});

/** Values of the kinds a careless host puts anywhere. */
const rubbish = fc.oneof(
  fc.anything({ withNullPrototype: true, withBigInt: true }),
  fc.constantFrom(NaN, Infinity, -1, '', null, undefined),
  fc.string({ unit: 'binary', maxLength: 400 })
);
const capability = fc.constantFrom('restart', 'doctor');
const block = (valid: object) =>
  fc.record(
    Object.fromEntries(
      Object.entries(valid).map(([name, value]) => [
        name,
        fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, rubbish),
      ])
    ),
    { requiredKeys: [] }
  );
const hostile = fc.record(
  {
    hostname: rubbish,
    version: rubbish,
    capacity: fc.oneof(rubbish, fc.dictionary(fc.string(), fc.oneof(fc.double(), rubbish), { maxKeys: 50 })),
    queue_depth: fc.oneof(rubbish, fc.dictionary(fc.string({ unit: 'grapheme-ascii' }), fc.double(), { maxKeys: 50 })),
    tags: fc.oneof(rubbish, fc.array(fc.string({ unit: 'binary', maxLength: 140 }), { maxLength: 100 })),
    uptime_seconds: fc.oneof(fc.double(), rubbish),
    reported: fc.oneof(block(reported), rubbish),
    capabilities: fc.oneof(fc.array(fc.oneof(capability, rubbish), { maxLength: 50 }), rubbish),
    jobs: fc.oneof(block(jobs), rubbish),
  },
  { requiredKeys: [] }
);

describe('whatever a host returns', () => {
  it('the beat fits the contract and 16 KiB', () => {
    expect(MAX_BODY_BYTES).toBe(MAX_HEARTBEAT_BYTES);
    fc.assert(
      fc.property(hostile, (given) => {
        const { body } = serializeBeat(fieldsOf(given));
        expect(body.length).toBeLessThanOrEqual(MAX_HEARTBEAT_BYTES);
        const beat = parse(body);
        expect(heartbeatSchema.parse(beat)).toEqual(beat);
      }),
      { numRuns: 500 }
    );
  });

  it('a block of the contract goes through unchanged', () => {
    const text = fc.string({ maxLength: 128 });
    const number = fc.nat();
    const optional = fc.record(
      {
        openclaw_version: text,
        openclaw_build: text,
        gateway_boot_id: text,
        transport: fc.constantFrom(...reportedBlockSchema.shape.transport.unwrap().options),
        environment: fc.constantFrom(...reportedBlockSchema.shape.environment.unwrap().options),
        config_hash: fc.constant('0f'.repeat(32)),
        full_config_hash: fc.constant('f0'.repeat(32)),
        config_valid: fc.boolean(),
        config_converged: fc.boolean(),
        revision: text,
        actions_address: text,
        tunnel_port: number,
        metrics_address: text,
      },
      { requiredKeys: [] }
    );
    const required = fc.record({
      bridge_version: fc.string({ minLength: 1, maxLength: 128 }),
      gateway_state: fc.constantFrom(...reportedBlockSchema.shape.gateway_state.options),
      apply_status: fc.constantFrom(...reportedBlockSchema.shape.apply_status.options),
      sync_lag_ms: number,
      health_status: fc.constantFrom(...reportedBlockSchema.shape.health_status.options),
      health_reasons: fc.array(fc.string({ maxLength: 200 }), { maxLength: 8 }),
      metrics: fc.record(
        { cpu_pct: number, mem_used_bytes: number, queue_depth: number, failed_pushes_1h: number },
        { requiredKeys: [] }
      ),
    });
    fc.assert(
      fc.property(optional, required, (some, all) => {
        const given = { ...all, ...some };
        expect(cleanSnapshot({ reported: given }, defaults).snapshot.blocks.reported).toEqual(
          reportedBlockSchema.parse(given)
        );
      })
    );
    expect(Object.keys(reportedBlockSchema.shape).sort()).toEqual(
      [
        ...Object.keys(reported),
        'openclaw_build',
        'full_config_hash',
        'config_converged',
        'revision',
        'actions_address',
        'tunnel_port',
        'metrics_address',
      ].sort()
    );
    expect(cleanSnapshot({ jobs: { ...jobs, failures_24h: 5 } }, defaults).snapshot.blocks.jobs).toEqual(
      jobsBlockSchema.parse({ ...jobs, failures_24h: 5 })
    );
    expect(Object.keys(jobsBlockSchema.shape).sort()).toEqual([...Object.keys(jobs), 'failures_24h'].sort());
  });
});
