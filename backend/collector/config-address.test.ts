import { describe, expect, it } from '@jest/globals';
import { isHost, parseHostPort, parseNetwork, parsePorts } from './config-address.ts';

describe('an address with a port', () => {
  it.each([
    ['10.0.0.7:9465', '10.0.0.7', 9465],
    ['[fd00::7]:9465', 'fd00::7', 9465],
    ['[::ffff:10.0.0.7]:1', '::ffff:10.0.0.7', 1],
    ['bridge.example.net:65535', 'bridge.example.net', 65_535],
  ])('%s', (text, host, port) => expect(parseHostPort(text)).toEqual({ host, port }));

  it.each([
    ['no port', '10.0.0.7'],
    ['port 0', '10.0.0.7:0'],
    ['a port too high', '10.0.0.7:65536'],
    ['IPv6 without brackets', 'fd00::7:9465'],
    ['a zone', '[fe80::1%eth0]:9465'],
    ['a name in brackets', '[bridge]:9465'],
    ['IPv4 in brackets', '[10.0.0.7]:9465'],
    ['a user', 'me@10.0.0.7:9465'],
    ['a path', '10.0.0.7:9465/x'],
    ['a scheme', 'https://10.0.0.7:9465'],
    ['octal', '010.0.0.7:9465'],
    ['short', '127.1:9465'],
    ['one number', '2130706433:9465'],
    ['a line after it', '10.0.0.7:9465\n'],
    ['nothing', ''],
  ])('is not %s', (_, text) => expect(parseHostPort(text)).toBeNull());
});

describe('a network', () => {
  it.each([
    ['10.0.0.0/8', { address: '10.0.0.0', bits: 8, family: 'ipv4' }],
    ['10.0.0.7', { address: '10.0.0.7', bits: 32, family: 'ipv4' }],
    ['fc00::/7', { address: 'fc00::', bits: 7, family: 'ipv6' }],
    ['::1', { address: '::1', bits: 128, family: 'ipv6' }],
    ['0.0.0.0/0', { address: '0.0.0.0', bits: 0, family: 'ipv4' }],
  ])('%s', (text, network) => expect(parseNetwork(text)).toEqual(network));

  it.each(['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1', 'lan', 'fe80::%eth0/64', ''])(
    'is not %j',
    (text) => expect(parseNetwork(text)).toBeNull()
  );
});

it('a host is a name or an address', () => {
  expect(['127.0.0.1', '::1', 'localhost', 'a.b-c.example'].every(isHost)).toBe(true);
  expect(['', '127.1', 'fe80::1%lo', 'a b', '-x', 'x-', '[::1]', 'a:1'].some(isHost)).toBe(false);
});

describe('a range of ports', () => {
  it.each([
    ['9464-9563', 9464, 9563],
    ['9464', 9464, 9464],
    ['1-65535', 1, 65_535],
  ])('%s', (text, least, most) => expect(parsePorts(text)).toEqual({ least, most }));

  it.each(['', '-', '0-1', '1-65536', '9563-9464', '9464-', ' 9464', '1,2', '1-2-3', '0x1', '-1'])(
    'is not %j',
    (text) => expect(parsePorts(text)).toBeNull()
  );
});
