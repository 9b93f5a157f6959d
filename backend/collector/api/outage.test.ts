import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { problemSchema, summarySchema } from '@openclaw-fleet/contract';
import { startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

let api: Harness;
beforeEach(async () => {
  api = await startApi();
  for (const id of ['n1', 'n2', 'n3']) await api.send(id);
});
afterEach(() => api.stop());

const MINUTE = 60_000;
const body = { reason: 'the data centre has lost its power' };
const confirm = (role: 'viewer' | 'operator' | 'approver' = 'approver', path = '/fleet/confirm-outage') =>
  api.write('POST', path, body, { role });

/** What people did, as the audit chain has it. */
const audited = () => api.auditRecords().filter(({ actor }) => actor !== 'system');

/** Everybody falls silent, and the collector's own canary does not come through. */
async function goBlind(): Promise<void> {
  for (let minute = 0; minute < 5; minute++) {
    api.clock.now += MINUTE;
    for (const id of ['n1', 'n2', 'n3']) await api.send(id);
    await api.fleet.tick(api.clock.now);
  }
  for (let second = 0; second < 300; second++) {
    api.clock.now += 1000;
    if (second % 15 === 0) api.fleet.canary(false, api.clock.now);
    await api.fleet.tick(api.clock.now);
  }
}

describe('POST /fleet/confirm-outage', () => {
  it('lets expiry go on, and notes who said so and why', async () => {
    await goBlind();
    const before = summarySchema.parse(await (await api.ask('/fleet/summary')).json());
    expect([before.verdict.value, before.states.unknown]).toEqual(['blind', 3]);
    expect(before.expiryHeld).not.toBeNull();

    const response = await confirm('approver', '/fleet/approver/confirm-outage');
    expect(response.status).toBe(200);
    expect(summarySchema.parse(await response.json()).expiryHeld).toBeNull();
    expect(audited()).toEqual([
      { action: 'fleet.outage-confirmed', reason: body.reason, actor: expect.stringMatching(/^token:/) },
    ]);
    api.clock.now += 1000;
    await api.fleet.tick(api.clock.now);
    expect(summarySchema.parse(await (await api.ask('/fleet/summary')).json()).states.expired).toBe(3);
  });

  it('is refused while the fleet is seen, and then notes nothing', async () => {
    const response = await confirm();
    expect(response.status).toBe(409);
    expect(problemSchema.parse(await response.json()).detail).toContain('not blind');
    expect(audited()).toEqual([]);
  });

  it('is for approvers alone', async () => {
    await goBlind();
    expect((await confirm('operator')).status).toBe(403);
    expect((await confirm('viewer')).status).toBe(403);
    expect(audited()).toEqual([]);
  });

  it('changes nothing when it cannot be noted', async () => {
    await api.stop();
    api = await startApi({ api: { audit: () => Promise.reject(new Error('the disk is full')) } });
    for (const id of ['n1', 'n2', 'n3']) await api.send(id);
    await goBlind();
    expect((await confirm()).status).toBe(500);
    expect(summarySchema.parse(await (await api.ask('/fleet/summary')).json()).expiryHeld).not.toBeNull();
  });
});
