import { describe, expect, it } from '@jest/globals';
import { toldAddress } from './metrics-address.ts';

const near = { endpoint: 'https://localhost:8443/openclaw/availability' };
const far = { endpoint: 'https://fleet.example.net:8443' };
const at = (host: string, port = 9464) => ({ host, port });

describe('where the collector is told that metrics are', () => {
  it.each([
    ['where it listens', null, at('10.0.0.7'), far, '10.0.0.7:9464'],
    ['where it listens, of IPv6', null, at('fd00::7'), far, '[fd00::7]:9464'],
    ['loopback, to a collector on this machine', null, at('127.0.0.1', 40_001), near, '127.0.0.1:40001'],
    ['loopback of IPv6, to a collector on this machine', null, at('::1'), near, '[::1]:9464'],
    ['what is set, where it listens everywhere', at('10.0.0.7', 80), at('::'), far, '10.0.0.7:80'],
    ['what is set, with the port that it got', at('10.0.0.7', 0), at('0.0.0.0', 40_001), far, '10.0.0.7:40001'],
    ['what is set, loopback too', at('127.0.0.1'), at('127.0.0.1'), far, '127.0.0.1:9464'],
  ])('%s', (_case, set, bound, publishing, told) => expect(toldAddress(set, bound, publishing)).toBe(told));

  it.each([
    ['loopback, to a collector elsewhere: it would lead to another machine', at('127.0.0.1'), far],
    ['loopback, where nothing is published', at('127.0.0.1'), { disabled: 'OPENCLAW_ENABLED is false' }],
    ['every address', at('0.0.0.0'), near],
    ['every address of IPv6', at('::'), near],
  ])('not %s', (_case, bound, publishing) => expect(toldAddress(null, bound, publishing)).toBeNull());
});
