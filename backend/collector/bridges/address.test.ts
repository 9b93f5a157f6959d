import { describe, expect, it } from '@jest/globals';
import type { ReportedBlock } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { settings } from '../config-schema.ts';
import { BridgeError } from '../remediation/types.ts';
import { createRouter, createScrapeFinder } from './address.ts';
import type { BridgeSettings } from './types.ts';

const DEFAULTS: BridgeSettings = settings.parse({}).bridges;

function routes(reported: Partial<ReportedBlock> | null, changes: Partial<BridgeSettings> = {}) {
  return createRouter({ ...DEFAULTS, ...changes })('n1', reported as ReportedBlock | null);
}

function refused(reported: Partial<ReportedBlock> | null, changes: Partial<BridgeSettings> = {}): string {
  try {
    routes(reported, changes);
  } catch (error) {
    expect(error).toBeInstanceOf(BridgeError);
    expect((error as BridgeError).trouble).toBe('no-bridge');
    return (error as BridgeError).message;
  }
  throw new Error('it was allowed');
}

const direct = (host: string, port: number) => ({ transport: 'direct_https', host, port });
const tunnel = (host: string, port: number) => ({ transport: 'reverse_ssh', host, port });

describe('the transport that is reported', () => {
  it('direct_https, and where none is reported', () => {
    expect(routes({ transport: 'direct_https', actions_address: '10.0.0.7:9465', tunnel_port: 2201 })).toEqual([
      direct('10.0.0.7', 9465),
    ]);
    expect(routes({ actions_address: '[fd00::7]:9465' })).toEqual([direct('fd00::7', 9465)]);
  });

  it('reverse_ssh goes to the host of tunnels, whatever address is reported', () => {
    const reported = { transport: 'reverse_ssh', actions_address: '10.0.0.7:9465', tunnel_port: 2201 } as const;
    expect(routes(reported)).toEqual([tunnel('127.0.0.1', 2201)]);
    expect(routes(reported, { tunnelHost: 'bastion.example' })).toEqual([tunnel('bastion.example', 2201)]);
  });

  it('hybrid is direct first', () => {
    const reported = { transport: 'hybrid', actions_address: '10.0.0.7:9465', tunnel_port: 2201 } as const;
    expect(routes(reported)).toEqual([direct('10.0.0.7', 9465), tunnel('127.0.0.1', 2201)]);
  });

  it('hybrid without one of the two is the other', () => {
    expect(routes({ transport: 'hybrid', actions_address: '8.8.8.8:9465', tunnel_port: 2201 })).toEqual([
      tunnel('127.0.0.1', 2201),
    ]);
    expect(routes({ transport: 'hybrid', actions_address: '10.0.0.7:9465' })).toEqual([direct('10.0.0.7', 9465)]);
  });
});

describe("the operator's address", () => {
  const addresses = { n1: 'bridge.example.net:9465' };

  it('beats what the node reports', () => {
    for (const transport of ['direct_https', 'reverse_ssh'] as const) {
      expect(routes({ transport, actions_address: '10.0.0.7:9465', tunnel_port: 2201 }, { addresses })).toEqual([
        direct('bridge.example.net', 9465),
      ]);
    }
    expect(routes(null, { addresses })).toEqual([direct('bridge.example.net', 9465)]);
  });

  it('keeps the tunnel of a hybrid as the second way', () => {
    expect(routes({ transport: 'hybrid', tunnel_port: 2201 }, { addresses })).toEqual([
      direct('bridge.example.net', 9465),
      tunnel('127.0.0.1', 2201),
    ]);
  });

  it('need not lie in the networks', () => {
    expect(routes(null, { addresses: { n1: '8.8.8.8:443' }, networks: [] })).toEqual([direct('8.8.8.8', 443)]);
  });

  it('is that of this target alone', () => {
    expect(refused(null, { addresses: { other: '10.0.0.7:9465' } })).toContain('no bridge');
    const router = createRouter({ ...DEFAULTS, addresses: {} });
    expect(() => router('constructor', null)).toThrow(BridgeError);
  });
});

describe('an address that a node reports', () => {
  it.each([
    ['127.0.0.1:9465', '127.0.0.1'],
    ['10.255.255.255:1', '10.255.255.255'],
    ['172.16.0.1:9465', '172.16.0.1'],
    ['172.31.255.255:9465', '172.31.255.255'],
    ['192.168.1.1:9465', '192.168.1.1'],
    ['[::1]:9465', '::1'],
    ['[fd12:3456::7]:9465', 'fd12:3456::7'],
    ['[::ffff:10.0.0.7]:9465', '::ffff:10.0.0.7'],
    ['[::ffff:a00:7]:9465', '::ffff:a00:7'],
  ])('%s is gone to', (actions_address, host) => expect(routes({ actions_address })[0].host).toBe(host));

  it.each([
    ['a name', 'collector.internal:9465', 'no IP address'],
    ['localhost', 'localhost:9465', 'no IP address'],
    ['a public address', '93.184.216.34:443', 'bridges.networks'],
    ['the metadata service of a cloud', '169.254.169.254:80', "no node's"],
    ['the same, of another cloud, as IPv6', '[fd00:ec2::254]:80', "no node's"],
    ['a zone', '[fe80::1%eth0]:80', 'no IP address'],
    ['the same, mapped into IPv6', '[::ffff:169.254.169.254]:80', "no node's"],
    ['the same, mapped and in hexadecimal', '[::ffff:a9fe:a9fe]:80', "no node's"],
    ['link-local', '169.254.1.1:9465', 'bridges.networks'],
    ['link-local IPv6', '[fe80::1]:9465', 'bridges.networks'],
    ['a public address, mapped', '[::ffff:8.8.8.8]:443', 'bridges.networks'],
    ['a private address by NAT64', '[64:ff9b::a00:7]:443', 'bridges.networks'],
    ['a private address by 6to4', '[2002:a00:7::1]:443', 'bridges.networks'],
    ['just after a private range', '172.32.0.1:9465', 'bridges.networks'],
    ['octal', '010.0.0.7:9465', 'no IP address'],
    ['hexadecimal', '0x0a000007:9465', 'no IP address'],
    ['a number', '167772167:9465', 'no IP address'],
    ['short', '127.1:9465', 'no IP address'],
    ['a user in front', 'x@10.0.0.7:9465', 'no IP address'],
    ['a path behind', '10.0.0.7:9465/../admin', 'no IP address'],
    ['a second port', '10.0.0.7:9465:22', 'no IP address'],
    ['port 0', '10.0.0.7:0', 'no IP address'],
    ['no port', '10.0.0.7', 'no IP address'],
    ['a line break', '10.0.0.7:9465\r\n', 'no IP address'],
  ])('is not gone to: %s', (_, actions_address, why) => {
    const message = refused({ actions_address });
    expect(message).toContain(why);
    expect(message).toContain('set bridges.addresses.n1');
  });

  it.each([
    '0.0.0.0:9465',
    '[::]:9465',
    '255.255.255.255:9465',
    '224.0.0.1:9465',
    '[ff02::1]:9465',
    '[::ffff:0.0.0.0]:9465',
    '169.254.169.254:80',
    '[::ffff:169.254.169.254]:80',
    '[fd00:ec2::254]:80',
  ])('%s is never gone to, even where every network is allowed', (actions_address) =>
    expect(refused({ actions_address }, { networks: ['0.0.0.0/0', '::/0'] })).toContain("no node's")
  );

  it('is never outside the networks, whatever the text', () => {
    const inside = (host: string): boolean => host.startsWith('10.1.');
    fc.assert(
      fc.property(
        fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.string()),
        fc.oneof(fc.integer({ min: -1, max: 70_000 }).map(String), fc.string()),
        (host, port) => {
          for (const text of [`${host}:${port}`, `[${host}]:${port}`]) {
            let found;
            try {
              found = routes({ actions_address: text }, { networks: ['10.1.0.0/16'] });
            } catch {
              continue;
            }
            expect(found.every((route) => inside(route.host))).toBe(true);
          }
        }
      )
    );
  });
});

describe('a tunnel that a node reports', () => {
  it.each([0, 22, 1023, 65_536, Number.MAX_SAFE_INTEGER])('port %d is refused', (tunnel_port) =>
    expect(refused({ transport: 'reverse_ssh', tunnel_port })).toContain('1024 to 65535')
  );

  it('needs a port', () => expect(refused({ transport: 'reverse_ssh' })).toContain('OPENCLAW_BRIDGE_SSH_'));
});

it('says all that is missing of a hybrid', () => {
  const message = refused({ transport: 'hybrid' });
  expect(message).toContain('OPENCLAW_BRIDGE_ACTIONS_LISTEN');
  expect(message).toContain('OPENCLAW_BRIDGE_SSH_');
});

describe('where Prometheus is sent for metrics of bridges', () => {
  const find = createScrapeFinder({
    networks: ['10.0.0.0/8', '127.0.0.0/8', 'fd00::/8', '0.0.0.0/0', '::/0'],
    metricsPorts: '9464-9563',
  });
  it.each([
    ['an address of ours', '10.0.0.7:9464', '10.0.0.7:9464'],
    ['the last port', '127.0.0.1:9563', '127.0.0.1:9563'],
    ['IPv6', '[fd00::7]:9500', '[fd00::7]:9500'],
    ['IPv4 in IPv6', '[::ffff:10.0.0.7]:9500', '[::ffff:10.0.0.7]:9500'],
  ])('is %s', (_case, reported, expected) => expect(find(reported)).toBe(expected));

  it.each([
    ['nothing', undefined],
    ['a port below', '10.0.0.7:9463'],
    ['a port above', '10.0.0.7:9564'],
    ['a name', 'bridge.example.net:9464'],
    ['a name that is one machine', 'localhost:9464'],
    ['half an address', '127.1:9464'],
    ['a number', '2130706433:9464'],
    ['a path', '10.0.0.7:9464/probe?target=x'],
    ['a user', 'a:b@10.0.0.7:9464'],
    ['a scheme', 'http://10.0.0.7:9464'],
    ['two', '10.0.0.7:9464,10.0.0.8:9464'],
    ['everybody', '0.0.0.0:9464'],
    ['everybody, of IPv6', '[::]:9464'],
    ['many', '239.1.2.3:9464'],
    ['secrets of a cloud', '169.254.169.254:9464'],
    ['secrets of a cloud in IPv6', '[::ffff:169.254.169.254]:9464'],
    ['secrets of another', '100.100.100.200:9464'],
    ['a zone', '[fe80::1%eth0]:9464'],
    ['a line end', '10.0.0.7:9464\n'],
  ])('is never %s, whatever is allowed', (_case, reported) => expect(find(reported)).toBeNull());

  it('is within the networks alone', () => {
    const near = createScrapeFinder({ networks: ['10.1.0.0/16'], metricsPorts: '9464' });
    expect([
      near('10.1.2.3:9464'),
      near('10.2.2.3:9464'),
      near('127.0.0.1:9464'),
      near('[::ffff:10.2.0.1]:9464'),
    ]).toEqual(['10.1.2.3:9464', null, null, null]);
  });
});
