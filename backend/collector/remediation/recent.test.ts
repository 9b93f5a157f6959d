import { describe, expect, it } from '@jest/globals';
import { ANNA, BEN, MINUTE, noEffect, World } from './testing/world.ts';

describe('repairs that were of late', () => {
  it('are the open ones and those that ended since, also after a start of the collector, and no refused ones', async () => {
    const world = await World.start();
    const recent = () => world.remediation.recent(world.now - 60 * MINUTE).map(({ id }) => id);
    world.hung('n1', {}).carryOut = noEffect;
    world.hung('n2', { severity: 'critical' });
    const waiting = await world.request('n2');
    const { id } = await world.request('n1');
    expect(new Set(recent())).toEqual(new Set([id, waiting.id]));
    await expect(world.request('n1')).rejects.toThrow();
    const failed = await world.ended(id);
    expect(failed.state).toBe('no_effect');
    await world.remediation.deny(waiting.id, BEN, 'not now');
    await world.restart();
    expect(new Set(recent())).toEqual(new Set([id, waiting.id]));
    const endedMs = Date.parse(failed.endedAt ?? '');
    expect(world.remediation.recent(endedMs).map((run) => run.id)).toContain(id);
    expect(world.remediation.recent(endedMs + 1).map((run) => run.id)).not.toContain(id);
    await world.pass(61 * MINUTE);
    expect(recent()).not.toContain(id);
  });

  it('say that one approver decided alone', async () => {
    const world = await World.start();
    world.hung('n1', { severity: 'critical' });
    const { id } = await world.request('n1', { by: ANNA });
    const alone = () => world.remediation.recent(world.now - 60 * MINUTE).filter(({ breakGlass }) => breakGlass).length;
    expect(alone()).toBe(0);
    await world.remediation.approve(id, ANNA, { reason: 'nobody else is there', digest: null, breakGlass: true });
    expect(alone()).toBe(1);
    await world.ended(id);
    await world.restart();
    expect(alone()).toBe(1);
  });
});
