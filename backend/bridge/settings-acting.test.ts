import { describe, expect, it } from '@jest/globals';
import { SettingsError, settingsFromEnv } from './settings.ts';

const pin = `sha256/${'A'.repeat(43)}=`;
const door = {
  OPENCLAW_BRIDGE_ACTIONS_LISTEN: '10.0.0.7:9465',
  OPENCLAW_BRIDGE_STATE_DIR: '/var/lib/bridge',
  OPENCLAW_CLIENT_PIN: pin,
  OPENCLAW_ACTIONS_PIN: pin,
};
const child = {
  OPENCLAW_BRIDGE_SUPERVISOR: 'child',
  OPENCLAW_BRIDGE_STATE_DIR: '/var/lib/bridge',
  OPENCLAW_BRIDGE_CHILD_COMMAND: '["/usr/bin/node","/opt/openclaw.mjs","gateway","run"]',
};
const tunnel = {
  OPENCLAW_BRIDGE_TRANSPORT: 'reverse_ssh',
  OPENCLAW_BRIDGE_SSH_HOST: 'hub.example',
  OPENCLAW_BRIDGE_SSH_USER: 'tunnel',
  OPENCLAW_BRIDGE_SSH_KEY_FILE: '/etc/bridge/ssh',
  OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE: '/etc/bridge/known_hosts',
};

describe('settings of the acting side', () => {
  it('open a door that tells its address, unless it listens everywhere', () => {
    expect(settingsFromEnv(door).actions).toEqual({
      listen: { host: '10.0.0.7', port: 9465 },
      address: { host: '10.0.0.7', port: 9465 },
      clientPins: [pin],
    });
    const everywhere = { ...door, OPENCLAW_BRIDGE_ACTIONS_LISTEN: '0.0.0.0:9465' };
    expect(settingsFromEnv(everywhere).actions?.address).toBeNull();
    const told = { ...everywhere, OPENCLAW_BRIDGE_ACTIONS_ADDRESS: '[fd00::7]:19465' };
    expect(settingsFromEnv(told).actions?.address).toEqual({ host: 'fd00::7', port: 19_465 });
  });

  it('read a supervisor, and give a child what is not ours of the environment', () => {
    const of = (env: Record<string, string>): unknown => settingsFromEnv(env).supervisor;
    expect(of({ OPENCLAW_BRIDGE_SUPERVISOR: 'systemd:openclaw@main.service' })).toEqual({
      kind: 'systemd',
      unit: 'openclaw@main.service',
    });
    expect(of({ OPENCLAW_BRIDGE_SUPERVISOR: 'container:gw_1' })).toEqual({ kind: 'container', name: 'gw_1' });
    expect(
      of({ ...child, HOME: '/home/x', OPENCLAW_GATEWAY_TOKEN: 't', OPENCLAW_KEY_FILE: '/k', OPENCLAW_VERSION: '1' })
    ).toEqual({
      kind: 'child',
      command: ['/usr/bin/node', '/opt/openclaw.mjs', 'gateway', 'run'],
      environment: { HOME: '/home/x', OPENCLAW_GATEWAY_TOKEN: 't' },
    });
  });

  it('read a tunnel', () => {
    expect(settingsFromEnv({ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_PORT: '2222' }).ssh).toEqual({
      host: 'hub.example',
      port: 2222,
      user: 'tunnel',
      keyFile: '/etc/bridge/ssh',
      knownHostsFile: '/etc/bridge/known_hosts',
    });
    expect(settingsFromEnv({ ...door, ...tunnel }).ssh?.port).toBe(22);
  });

  it.each<[Record<string, string>, string]>([
    [{ ...door, OPENCLAW_BRIDGE_STATE_DIR: '' }, 'OPENCLAW_BRIDGE_ACTIONS_LISTEN needs OPENCLAW_BRIDGE_STATE_DIR'],
    [{ ...door, OPENCLAW_CLIENT_PIN: '' }, 'OPENCLAW_BRIDGE_ACTIONS_LISTEN needs OPENCLAW_CLIENT_PIN'],
    [{ ...door, OPENCLAW_CLIENT_PIN: 'x' }, 'OPENCLAW_CLIENT_PIN must be pins'],
    [{ ...door, OPENCLAW_ACTIONS_PIN: '' }, 'OPENCLAW_BRIDGE_ACTIONS_LISTEN needs OPENCLAW_ACTIONS_PIN'],
    [{ ...door, OPENCLAW_BRIDGE_ACTIONS_LISTEN: 'gw.example:1' }, 'OPENCLAW_BRIDGE_ACTIONS_LISTEN must be an IP'],
    [{ ...door, OPENCLAW_BRIDGE_ACTIONS_LISTEN: '10.0.0.7:99999' }, 'OPENCLAW_BRIDGE_ACTIONS_LISTEN must be an IP'],
    [{ ...door, OPENCLAW_BRIDGE_ACTIONS_ADDRESS: '0.0.0.0:1' }, 'OPENCLAW_BRIDGE_ACTIONS_ADDRESS must be an IP'],
    [{ OPENCLAW_BRIDGE_ACTIONS_ADDRESS: '10.0.0.7:1' }, 'OPENCLAW_BRIDGE_ACTIONS_ADDRESS needs'],
    [{ OPENCLAW_BRIDGE_SUPERVISOR: 'systemd:-x' }, 'OPENCLAW_BRIDGE_SUPERVISOR must be'],
    [{ OPENCLAW_BRIDGE_SUPERVISOR: 'systemd:' }, 'OPENCLAW_BRIDGE_SUPERVISOR must be'],
    [{ OPENCLAW_BRIDGE_SUPERVISOR: 'container:a b' }, 'OPENCLAW_BRIDGE_SUPERVISOR must be'],
    [{ OPENCLAW_BRIDGE_SUPERVISOR: 'sh -c x' }, 'OPENCLAW_BRIDGE_SUPERVISOR must be'],
    [{ ...child, OPENCLAW_BRIDGE_STATE_DIR: '' }, 'OPENCLAW_BRIDGE_SUPERVISOR=child needs OPENCLAW_BRIDGE_STATE_DIR'],
    [{ ...child, OPENCLAW_BRIDGE_CHILD_COMMAND: '' }, 'OPENCLAW_BRIDGE_CHILD_COMMAND must be a JSON array'],
    [{ ...child, OPENCLAW_BRIDGE_CHILD_COMMAND: 'node x' }, 'OPENCLAW_BRIDGE_CHILD_COMMAND must be a JSON array'],
    [{ ...child, OPENCLAW_BRIDGE_CHILD_COMMAND: '["node"]' }, 'OPENCLAW_BRIDGE_CHILD_COMMAND must be a JSON array'],
    [{ ...child, OPENCLAW_BRIDGE_CHILD_COMMAND: '["/n",1]' }, 'OPENCLAW_BRIDGE_CHILD_COMMAND must be a JSON array'],
    [{ ...child, OPENCLAW_BRIDGE_SUPERVISOR: 'none' }, 'OPENCLAW_BRIDGE_CHILD_COMMAND is for'],
    [{ OPENCLAW_BRIDGE_SUPERVISED: 'yes' }, 'OPENCLAW_BRIDGE_SUPERVISED must be one of true, false'],
    [
      { OPENCLAW_BRIDGE_GATEWAY_ADMIN_TOKEN_FILE: 'token' },
      'OPENCLAW_BRIDGE_GATEWAY_ADMIN_TOKEN_FILE must be an absolute',
    ],
    [{ ...door, OPENCLAW_BRIDGE_TRANSPORT: 'hybrid' }, 'OPENCLAW_BRIDGE_TRANSPORT is one with a tunnel'],
    [{ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_USER: '' }, 'belong together'],
    [{ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_HOST: '-oProxyCommand=x' }, 'OPENCLAW_BRIDGE_SSH_HOST must be'],
    [{ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_USER: '-x' }, 'OPENCLAW_BRIDGE_SSH_USER must be'],
    [{ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_PORT: '0' }, 'OPENCLAW_BRIDGE_SSH_PORT must be'],
    [{ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_KEY_FILE: 'key' }, 'OPENCLAW_BRIDGE_SSH_KEY_FILE must be an absolute'],
    [{ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_HOST: 'fe80::1%eth0' }, 'OPENCLAW_BRIDGE_SSH_HOST must be'],
    [{ ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_KEY_FILE: '/a%h' }, 'OPENCLAW_BRIDGE_SSH_KEY_FILE must be an absolute'],
    [
      { ...door, ...tunnel, OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE: '/a b' },
      'OPENCLAW_BRIDGE_SSH_KNOWN_HOSTS_FILE must be an absolute',
    ],
    [tunnel, 'OPENCLAW_BRIDGE_SSH_HOST is for a tunnel'],
  ])('refuse %j', (env, message) => {
    expect(() => settingsFromEnv(env)).toThrow(SettingsError);
    expect(() => settingsFromEnv(env)).toThrow(message);
  });
});
