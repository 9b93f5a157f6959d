import { describe, expect, it } from '@jest/globals';
import type { GatewayState } from '@openclaw-fleet/contract';
import { healthy } from '../testing/observed.ts';
import { healthOf } from './health.ts';
import type { HealthStatus } from './health.ts';
import type { Observed } from './observed.ts';

describe('healthOf', () => {
  it('finds nothing wrong with a healthy gateway', () => {
    expect(healthOf(healthy)).toEqual({ status: 'ok', reasons: [] });
  });

  it.each<[GatewayState, HealthStatus]>([
    ['hung', 'error'],
    ['dead', 'error'],
    ['starting', 'warn'],
    ['draining', 'warn'],
    ['restarting', 'warn'],
    ['unknown', 'warn'],
  ])('takes %s for %s, with the reasons of the state alone', (state, status) => {
    const observed = { ...healthy, judgement: { state, reasons: ['why'] }, connectionTrouble: 'closed' };
    expect(healthOf(observed)).toEqual({ status, reasons: ['why'] });
  });

  const invalid = { fullHash: null, valid: false, converged: false, firstIssue: 'gateway.port' };
  const diverged = { ...invalid, fullHash: 'b'.repeat(64), valid: true, firstIssue: null };

  it.each<[Partial<Observed>, HealthStatus, string[]]>([
    [{ readiness: { ready: false, failing: ['agent-database:main'] } }, 'error', ['not ready: agent-database:main']],
    [
      { readiness: { ready: false, failing: ['/readyz: no answer within 2 s'] } },
      'error',
      ['not ready: /readyz: no answer within 2 s'],
    ],
    [{ readiness: { ready: false, failing: ['words of a person'] } }, 'error', ['not ready: unnamed']],
    [{ readiness: { ready: false, failing: ['plugin-reload'] } }, 'warn', ['not ready for a moment: plugin-reload']],
    [{ judgement: { state: 'running', reasons: ['no answer'] } }, 'warn', ['no answer']],
    [{ connectionTrouble: 'the gateway refused the token' }, 'warn', ['the gateway refused the token']],
    [
      { config: invalid, divergedMs: 1 },
      'warn',
      ["the saved configuration is not valid at gateway.port: the gateway's next start would fail"],
    ],
    [{ config: diverged, divergedMs: 30_000 }, 'ok', []],
    [{ config: diverged, divergedMs: 31_000 }, 'warn', ['the saved configuration is not active after 31 s']],
    [{ eventLoop: { reasons: ['cpu'], forMs: 19_999 } }, 'ok', []],
    [{ eventLoop: { reasons: ['cpu', 'delay'], forMs: 20_000 } }, 'warn', ['event loop degraded: cpu, delay']],
    [
      { health: { pluginErrors: 2, modelRuntimeDegraded: true, failedDeliveries: 5 } },
      'warn',
      ['plugins that failed to load: 2', 'the model runtime is degraded', 'messages given up on in delivery queues: 5'],
    ],
    [{ readTroubles: ['config.get: TIMEOUT'] }, 'warn', ['config.get: TIMEOUT']],
  ])('%j is %s', (change, status, reasons) => {
    expect(healthOf({ ...healthy, ...change })).toEqual({ status, reasons });
  });

  it('puts errors before warnings', () => {
    const both = { ...healthy, readiness: { ready: false, failing: ['x'] }, readTroubles: ['config.get: TIMEOUT'] };
    expect(healthOf(both)).toEqual({ status: 'error', reasons: ['not ready: x', 'config.get: TIMEOUT'] });
  });
});
