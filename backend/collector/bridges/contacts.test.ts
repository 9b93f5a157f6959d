import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { BridgeWay, ReportedBlock } from '@openclaw-fleet/contract';
import { Contacts } from './contacts.ts';
import { json } from './testing/door.ts';
import { observation } from './testing/fleet.ts';
import { Stage, trouble } from './testing/stage.ts';
import type { BridgeSettings } from './types.ts';

const SETTINGS: BridgeSettings = { addresses: {}, networks: ['10.0.0.0/8', 'fd00::/8'], tunnelHost: 'localhost' };

function contacts(
  reported: Partial<ReportedBlock> | null,
  more: { settings?: Partial<BridgeSettings>; most?: number } = {}
) {
  const clock = { now: Date.parse('2026-11-22T12:00:00Z') };
  const options = {
    reported: () => reported as ReportedBlock | null,
    settings: { ...SETTINGS, ...more.settings },
    clock: () => clock.now,
  };
  return { clock, contacts: new Contacts(options, more.most) };
}
const untried = { missing: null, lastOkAt: null, lastErrorAt: null, lastError: null };

describe('how a bridge is reached', () => {
  it('is nothing for a target without one', () => {
    expect(contacts(null).contacts.link('n1')).toBeNull();
  });

  it('is the address that it reports, or the one that the operator set', () => {
    const reported = { transport: 'direct_https', actions_address: '10.0.0.7:9465' } as const;
    expect(contacts(reported).contacts.link('n1')?.ways).toEqual([
      { way: 'direct_https', address: '10.0.0.7:9465', ...untried },
    ]);
    const settings = { addresses: { n1: 'bridge.example:1234' } };
    expect(contacts(null, { settings }).contacts.link('n1')?.ways[0]?.address).toBe('bridge.example:1234');
    const v6 = { transport: 'direct_https', actions_address: '[fd00::7]:9465' } as const;
    expect(contacts(v6).contacts.link('n1')?.ways[0]?.address).toBe('[fd00::7]:9465');
  });

  it('says of each way of a hybrid whether it leads anywhere', () => {
    const { contacts: it } = contacts({ transport: 'hybrid', actions_address: '8.8.8.8:9465' });
    const [direct, tunnel, ...others] = it.link('n1')?.ways ?? [];
    expect(direct).toMatchObject({ way: 'direct_https', address: null });
    expect(direct?.missing).toContain('bridges.networks');
    expect(tunnel).toMatchObject({ way: 'reverse_ssh', address: null });
    expect(tunnel?.missing).toContain('it reports no port of a tunnel');
    expect(others).toEqual([]);
  });

  it('keeps, for each way, the last answer and the last failure', () => {
    const reported = { transport: 'hybrid', actions_address: '10.0.0.7:9465', tunnel_port: 2201 } as const;
    const { clock, contacts: it } = contacts(reported);
    it.note('n1', 'direct_https', 'nothing listens there (ECONNREFUSED)');
    clock.now += 1000;
    it.note('n1', 'reverse_ssh', null);
    expect(it.link('n1')?.ways).toEqual([
      {
        way: 'direct_https',
        address: '10.0.0.7:9465',
        missing: null,
        lastOkAt: null,
        lastErrorAt: '2026-11-22T12:00:00.000Z',
        lastError: 'nothing listens there (ECONNREFUSED)',
      },
      { way: 'reverse_ssh', address: 'localhost:2201', ...untried, lastOkAt: '2026-11-22T12:00:01.000Z' },
    ]);
  });

  it('is forgotten of those asked longest ago once there are too many', () => {
    const { contacts: it } = contacts({ transport: 'direct_https', actions_address: '10.0.0.7:1' }, { most: 2 });
    for (const id of ['a', 'b', 'a', 'c']) it.note(id, 'direct_https', 'failed');
    const remembered = ['a', 'b', 'c'].filter((id) => it.link(id)?.ways[0]?.lastErrorAt !== null);
    expect(remembered).toEqual(['a', 'c']);
  });
});

describe('the client', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.create();
  });
  afterEach(() => stage.clear());

  it('remembers what came of its requests', async () => {
    const door = await stage.door(stage.n1, json(200, observation()));
    const { transports } = stage.client(door.port);
    const way = (): BridgeWay | undefined => transports.link('n1')?.ways[0];
    expect(way()).toMatchObject({ lastOkAt: null, lastErrorAt: null });
    await transports.observe('n1');
    expect(way()).toMatchObject({ lastOkAt: expect.any(String) as unknown as string, lastError: null });
    door.handler = json(418, {});
    await trouble(transports.observe('n1'));
    expect(way()?.lastError).toBe('it answered 418 without saying why');
  });
});
