import { afterEach, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { ada, Desk, spec } from './testing/desk.ts';

const open: Desk[] = [];
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

async function start(ids: readonly string[]): Promise<Desk> {
  const desk = await Desk.start();
  open.push(desk);
  await desk.report(ids);
  await desk.policies.create('production', spec(), ada);
  return desk;
}

const counts = (desk: Desk): Record<string, number> =>
  Object.fromEntries(desk.policies.list().map(({ id, targets }) => [id, targets]));

describe('how many targets a profile has', () => {
  it('follows every change at once, and leaves out who is not registered', async () => {
    const desk = await start(['n1', 'n2', 'n3', 'n4']);
    expect(counts(desk)).toEqual({ default: 4, production: 0 });
    await desk.policies.apply(['n1', 'n2'], 'production', null, ada);
    await desk.policies.patchDesired('n3', { bridgeVersion: '1.0.0' }, 0, ada);
    expect(counts(desk)).toEqual({ default: 2, production: 2 });
    await desk.report(['n5']);
    expect(counts(desk)).toEqual({ default: 3, production: 2 });
    const file = { id: 'edge', spec: spec(), targets: ['n2', 'never-reported'], file: 'edge.yaml' };
    await desk.policies.provisioned.put([file], true);
    expect(counts(desk)).toEqual({ default: 3, production: 1, edge: 1 });
    expect(desk.policies.get('edge')).toMatchObject({ targets: 1 });
  });

  it('leaves out who is retired, under whichever profile', async () => {
    const desk = await start(['n1', 'n2', 'n3', 'n4']);
    await desk.policies.apply(['n1', 'n2'], 'production', null, ada);
    expect(counts(desk)).toEqual({ default: 2, production: 2 });
    const { retireAfter, beat } = TIMINGS.production;
    for (desk.clock.now += retireAfter; desk.fleet.get('n1')?.state !== 'retired'; desk.clock.now += beat) {
      await desk.report(['n2', 'n3']);
      await desk.fleet.tick(desk.clock.now);
    }
    expect(counts(desk)).toEqual({ default: 1, production: 1 });
  });

  it('is known without a walk over the fleet', async () => {
    const desk = await start(['n1', 'n2']);
    const { fleet } = desk;
    let walks = 0;
    desk.policies.attach({
      get: (id) => fleet.get(id),
      nodes: () => {
        walks += 1;
        return fleet.nodes();
      },
      get size() {
        return fleet.size;
      },
      subject: (node, nowMs) => fleet.subject(node, nowMs),
      summary: (nowMs) => fleet.summary(nowMs),
      reassess: (ids, because) => fleet.reassess(ids, because),
    });
    await desk.policies.apply(['n1'], 'production', null, ada);
    expect(counts(desk)).toEqual({ default: 1, production: 1 });
    expect(walks).toBe(0);
  });
});
