import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { fullConfigHash } from './config-hash.ts';
import { configOf, healthFactsOf, lanesOf, systemOf, workOf } from './facts.ts';

describe('lanesOf', () => {
  const lane = { lane: 'main', queuedCount: 2, activeCount: 8, maxConcurrent: 8, draining: false, blockedBy: null };

  it('reads the lanes, and the sum of the short-lived ones', () => {
    const payload = { lanes: [lane], dynamic: { laneCount: 3, queuedCount: 4, activeCount: 1, queuedLaneCount: 1 } };
    expect(lanesOf(payload)).toEqual([
      { name: 'main', queued: 2, active: 8, workers: 8, closed: false },
      { name: 'dynamic', queued: 4, active: 1, workers: null, closed: false },
    ]);
    expect(lanesOf({ lanes: [lane], dynamic: null })).toHaveLength(1);
  });

  it.each([{ draining: true }, { blockedBy: 'suspension' }])('sees a closed lane: %j', (more) => {
    expect(lanesOf({ lanes: [{ ...lane, ...more }] })[0]?.closed).toBe(true);
  });
});

describe('workOf', () => {
  it('reads the counts by kind', () => {
    expect(workOf({ safe: false, counts: { queueSize: 1, cronRuns: 2 } })).toEqual({ queueSize: 1, cronRuns: 2 });
  });
});

describe('configOf', () => {
  const parsed = { messages: { ackReaction: 'ok' } };

  it('reads a configuration that is saved and active', () => {
    const payload = { parsed, valid: true, configRevisionHash: 'hmac:1', appliedConfigHash: 'hmac:1', issues: [] };
    expect(configOf(payload)).toEqual({
      fullHash: fullConfigHash(parsed),
      valid: true,
      converged: true,
      firstIssue: null,
    });
  });

  it('tells one that is saved and not active', () => {
    const payload = { parsed, valid: true, configRevisionHash: 'hmac:2', appliedConfigHash: 'hmac:1' };
    expect(configOf(payload).converged).toBe(false);
  });

  it('tells a file that is not valid, and where, without deep keys', () => {
    const issues = [{ path: 'channels.whatsapp.accounts.+4912345', message: 'Invalid input' }];
    expect(configOf({ parsed: null, valid: false, appliedConfigHash: 'hmac:1', issues })).toEqual({
      fullHash: null,
      valid: false,
      converged: false,
      firstIssue: 'channels.whatsapp',
    });
    expect(
      configOf({ parsed: null, valid: false, issues: [{ path: '', message: 'JSON5 parse failed' }] }).firstIssue
    ).toBeNull();
  });
});

describe('systemOf', () => {
  it('reads the process', () => {
    const payload = {
      eventLoop: { cpuCoreRatio: 1.2345 },
      processMemory: { rssBytes: 753315840 },
      memoryTotalBytes: 1,
    };
    expect(systemOf(payload)).toEqual({ cpuPct: 123.5, memUsedBytes: 753315840 });
  });
});

describe('healthFactsOf', () => {
  it('reads what is wrong', () => {
    const payload = {
      ok: true,
      plugins: { loaded: [], errors: [{ id: 'x' }] },
      modelRuntime: { degraded: true },
      deliveryQueues: {
        failed: [
          { queueName: 'a', count: 2 },
          { queueName: 'b', count: 3 },
        ],
      },
    };
    expect(healthFactsOf(payload)).toEqual({ pluginErrors: 1, modelRuntimeDegraded: true, failedDeliveries: 5 });
    expect(healthFactsOf({ ok: true })).toEqual({ pluginErrors: 0, modelRuntimeDegraded: false, failedDeliveries: 0 });
  });
});

describe('every reader', () => {
  it('takes any JSON without an exception, unless it cannot be hashed', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('lanes', 'dynamic', 'counts', 'parsed', 'issues'), fc.jsonValue()),
        (payload) => {
          lanesOf(payload);
          workOf(payload);
          configOf(payload);
          systemOf(payload);
          healthFactsOf(payload);
        }
      )
    );
  });
});
