import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import type { SshSettings } from '../settings-acting.ts';
import { doorFor, sshArguments } from './arguments.ts';
import { readLine } from './output.ts';

const ssh: SshSettings = {
  host: 'fleet.example.net',
  port: 22,
  user: 'openclaw-tunnel',
  keyFile: '/etc/openclaw-bridge/tunnel-key',
  knownHostsFile: '/etc/openclaw-bridge/tunnel-known-hosts',
};
const door = { host: '127.0.0.1', port: 9465 };

describe('the arguments of ssh', () => {
  it('are what they are meant to be, as ssh itself understands them', () => {
    const argv = sshArguments(ssh, door);
    expect(argv.slice(-4)).toEqual(['-R', '127.0.0.1:0:127.0.0.1:9465', '--', 'fleet.example.net']);
    const read = spawnSync('ssh', ['-G', ...argv], { encoding: 'utf8' });
    const settings = new Map(read.stdout.split('\n').map((line) => line.split(/ (.*)/s, 2) as [string, string]));
    const wanted = {
      host: 'fleet.example.net',
      user: 'openclaw-tunnel',
      port: '22',
      batchmode: 'yes',
      exitonforwardfailure: 'yes',
      serveraliveinterval: '15',
      stricthostkeychecking: 'true',
      userknownhostsfile: ssh.knownHostsFile,
      globalknownhostsfile: '/dev/null',
      identityfile: ssh.keyFile,
      identitiesonly: 'yes',
      identityagent: 'none',
      forwardagent: 'no',
      forwardx11: 'no',
      controlmaster: 'false',
      permitlocalcommand: 'no',
      remoteforward: '[127.0.0.1]:0 [127.0.0.1]:9465',
    };
    expect(Object.fromEntries(Object.keys(wanted).map((name) => [name, settings.get(name)]))).toEqual(wanted);
    expect(settings.has('proxycommand')).toBe(false);
  });

  it.each<[keyof SshSettings, string, string]>([
    ['host', '-oProxyCommand=touch', 'OPENCLAW_BRIDGE_SSH_HOST'],
    ['host', 'a b', 'OPENCLAW_BRIDGE_SSH_HOST'],
    ['host', '', 'OPENCLAW_BRIDGE_SSH_HOST'],
    ['user', '-l', 'OPENCLAW_BRIDGE_SSH_USER'],
    ['user', 'a@b', 'OPENCLAW_BRIDGE_SSH_USER'],
    ['keyFile', 'key', 'OPENCLAW_BRIDGE_SSH_KEY_FILE'],
    ['keyFile', '/a b', 'OPENCLAW_BRIDGE_SSH_KEY_FILE'],
    ['keyFile', '/a%h', 'OPENCLAW_BRIDGE_SSH_KEY_FILE'],
    ['knownHostsFile', '/a" /b', 'OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE'],
    ['knownHostsFile', '/${HOME}', 'OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE'],
  ])('never come from a %s such as %j', (name, value, setting) => {
    expect(() => sshArguments({ ...ssh, [name]: value }, door)).toThrow(setting);
  });

  it('lead to the door, wherever it listens', () => {
    expect(doorFor({ host: '0.0.0.0' }, 1)).toEqual({ host: '127.0.0.1', port: 1 });
    expect(doorFor({ host: '::' }, 1)).toEqual({ host: '::1', port: 1 });
    expect(doorFor({ host: '10.0.0.7' }, 1)).toEqual({ host: '10.0.0.7', port: 1 });
    expect(sshArguments(ssh, { host: '::1', port: 9465 })).toContain('127.0.0.1:0:[::1]:9465');
  });
});

describe('what ssh says', () => {
  it('is the port that the host gave, and nothing that only looks like it', () => {
    expect(readLine('Allocated port 41234 for remote forward to 127.0.0.1:9465')).toEqual({
      kind: 'open',
      port: 41234,
    });
    expect(readLine('Allocated port 99999 for remote forward to 127.0.0.1:9465')).toBeNull();
    expect(readLine('banner: Allocated port 41234 for remote forward')).toBeNull();
    expect(readLine('Welcome')).toBeNull();
  });
});
