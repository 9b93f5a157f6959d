import { describe, expect, it } from '@jest/globals';
import { parseCli } from './options.ts';

const dir = ['--credentials-dir', 'x'];

describe('the command line of the simulator', () => {
  it('has defaults', () => {
    expect(parseCli(dir)).toEqual({
      nodes: 6,
      seed: 1,
      rampSeconds: 0,
      zones: ['zone-1', 'zone-2'],
      scenario: 'steady',
      endpoint: null,
      credentialsDir: 'x',
      timings: 'production',
      bridgedShare: 1,
      doors: false,
    });
  });

  it('takes every flag', () => {
    const flags =
      '--nodes 1000 --seed 7 --ramp-seconds 60 --zones eu-west-1,us-east-1 --scenario chaos --endpoint https://localhost:8443 --timings demo --bridged-share 0.5 --doors';
    expect(parseCli([...dir, ...flags.split(' ')])).toEqual({
      nodes: 1000,
      seed: 7,
      rampSeconds: 60,
      zones: ['eu-west-1', 'us-east-1'],
      scenario: 'chaos',
      endpoint: 'https://localhost:8443',
      credentialsDir: 'x',
      timings: 'demo',
      bridgedShare: 0.5,
      doors: true,
    });
  });

  it('shows help', () => {
    expect(parseCli(['--help'])).toBeNull();
  });

  it.each([
    [[], '--credentials-dir is missing'],
    [[...dir, '--nodes', '0'], '--nodes must be a whole number from 1 to 100000; it is "0"'],
    [[...dir, '--nodes', ''], '--nodes must be'],
    [[...dir, '--seed', '1.5'], '--seed must be a whole number'],
    [[...dir, '--ramp-seconds=-1'], '--ramp-seconds must be a number of seconds from 0'],
    [[...dir, '--zones', 'a,a'], '--zones must be different names'],
    [[...dir, '--zones', '0'], '--zones must be names, or how many'],
    [[...dir, '--endpoint', 'http://localhost'], '--endpoint must be an address that starts with https://'],
    [[...dir, '--timings', 'fast'], '--timings must be production or demo; it is "fast"'],
    [[...dir, '--bridged-share', '2'], '--bridged-share must be from 0 to 1'],
    [[...dir, '--speed', '2'], "Unknown option '--speed'"],
  ])('%j is refused: %s', (args, message) => {
    expect(() => parseCli(args)).toThrow(message);
  });
});
