import { beforeEach, expect, it } from '@jest/globals';
import type { Run } from '@openclaw-fleet/contract';
import { MINUTE, World } from './testing/world.ts';
import type { Requester } from './types.ts';

const ALERTS: Requester = { actor: { name: 'token:alertmanager', via: 'api-token' }, person: null };

let world: World;
beforeEach(async () => {
  world = await World.start();
  world.automation = { enabled: true, percent: 100 };
});

const asked = async ({ id }: Run): Promise<{ actor: string; reason: string | null }> => {
  const [first] = await world.store.auditRecords({ subject: id, newestFirst: false, limit: 1 });
  return { actor: first?.actor ?? '', reason: first?.reason ?? null };
};

it('an alert that joins a batch of automation is its own reason, and who sent it asked for the run', async () => {
  world.hung('n1');
  await world.until(async () => (await world.allRuns()).some(({ state }) => state === 'succeeded'), 20 * MINUTE);
  const [canary] = await world.allRuns();
  world.hung('n2');
  const why = { trigger: 'alertmanager', by: ALERTS, reason: 'BridgeDown fires' } as const;
  const run = await world.request('n2', why);
  expect(run).toMatchObject({ batchId: canary?.batchId, requestedBy: 'token:alertmanager', reason: why.reason });
  expect(await asked(run)).toMatchObject({ actor: 'token:alertmanager', reason: why.reason });
});

it('automation that joins the batch of an alert asked for its own run, because of what it saw', async () => {
  world.hung('n1');
  const first = await world.request('n1', { trigger: 'alertmanager', by: ALERTS, reason: 'BridgeDown fires' });
  await world.ended(first.id);
  world.hung('n2');
  await world.until(async () => (await world.allRuns()).some(({ targetId }) => targetId === 'n2'), 20 * MINUTE);
  const [run] = (await world.allRuns()).filter(({ targetId }) => targetId === 'n2');
  expect(run).toMatchObject({ batchId: first.batchId, trigger: 'automation', requestedBy: 'system' });
  expect(await asked(run!)).toMatchObject({ actor: 'system', reason: 'The gateway is not well.' });
});
