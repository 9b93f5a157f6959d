import { afterEach, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { Heartbeat } from '@openclaw-fleet/contract';
import { Proposals, type Proposer } from './proposals.ts';
import { Desk } from './testing/desk.ts';
import type { PolicySpecPatch } from './types.ts';

const open: Desk[] = [];
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

const ann: Proposer = {
  actor: { name: 'grafana:ann', via: 'grafana-id-token' },
  person: 'ann',
  reason: 'ann said so',
};
const unwell: Partial<Heartbeat> = {
  reported: {
    bridge_version: '1.0.0',
    gateway_state: 'running',
    apply_status: 'UNSET',
    sync_lag_ms: 10,
    health_status: 'warn',
    health_reasons: ['slow'],
    metrics: {},
  },
};
const freeze = {
  kind: 'deny',
  schedule: '* * * * *',
  timeZone: 'UTC',
  durationMinutes: 60,
  reason: 'a freeze',
} as const;

describe('what keeps automation off several targets', () => {
  it.each<[string, PolicySpecPatch, PolicySpecPatch]>([
    ['the flag of a profile', { guardrails: { automation: false } }, { guardrails: {} }],
    ['a window that is open', { windows: [freeze] }, { windows: [] }],
  ])('is not lifted by one person alone: %s', async (_what, kept, lifted) => {
    const desk = await Desk.start();
    open.push(desk);
    const { policies, storage: store, clock } = desk;
    const version = (): number => policies.get('default')?.version ?? 0;
    const parts = { policies, store, automation: () => true, timings: TIMINGS.production, clock: () => clock.now };
    const proposals = new Proposals(parts);
    await policies.update('default', { driftMode: 'ApplyAndAutoCorrect', ...kept }, version(), ann);
    await desk.report(['n1', 'n2'], unwell);
    expect(await proposals.change('default', lifted, version(), ann)).toMatchObject({
      kind: 'proposed',
      proposal: { targets: ['n1', 'n2'], playbooks: ['BridgeStuck'] },
    });
    expect((await proposals.change('default', { owner: 'platform', ...kept }, version(), ann)).kind).toBe('changed');
  });
});
