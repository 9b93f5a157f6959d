import { describe, expect, it } from '@jest/globals';
import { SettingsError, settingsFromEnv } from './settings.ts';

describe('settingsFromEnv', () => {
  it('needs nothing, and stays on loopback', () => {
    expect(settingsFromEnv({ PATH: '/bin', OPENCLAW_GATEWAY_TOKEN: 'x' })).toEqual({
      gatewayUrl: new URL('http://127.0.0.1:18789'),
      gatewayTokenFile: null,
      actionsPins: [],
      listen: { host: '127.0.0.1', port: 9464 },
      metricsAddress: null,
      stateDir: null,
      identity: { transport: 'direct_https' },
      goodbye: 'shutdown',
      timings: 'production',
      actions: null,
      supervisor: { kind: 'none' },
      supervised: false,
      adminTokenFile: null,
      ssh: null,
    });
  });

  it('reads each setting', () => {
    expect(
      settingsFromEnv({
        OPENCLAW_BRIDGE_GATEWAY_URL: 'http://localhost:19001/',
        OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: '/etc/openclaw/token',
        OPENCLAW_BRIDGE_LISTEN: '[::1]:0',
        OPENCLAW_BRIDGE_METRICS_ADDRESS: '[fd00::7]:9464',
        OPENCLAW_BRIDGE_STATE_DIR: '/var/lib/bridge',
        OPENCLAW_BRIDGE_TRANSPORT: 'reverse_ssh',
        OPENCLAW_BRIDGE_ENVIRONMENT: 'cloud',
        OPENCLAW_BRIDGE_NAME: ' gw-1 ',
        OPENCLAW_BRIDGE_GOODBYE: 'restart',
        OPENCLAW_TIMINGS: 'demo',
        OPENCLAW_ACTIONS_PIN: `sha256/${'A'.repeat(43)}=, sha256/${'b'.repeat(43)}=`,
      })
    ).toEqual({
      gatewayUrl: new URL('http://localhost:19001'),
      gatewayTokenFile: '/etc/openclaw/token',
      actionsPins: [`sha256/${'A'.repeat(43)}=`, `sha256/${'b'.repeat(43)}=`],
      listen: { host: '::1', port: 0 },
      metricsAddress: { host: 'fd00::7', port: 9464 },
      stateDir: '/var/lib/bridge',
      identity: { name: 'gw-1', transport: 'reverse_ssh', environment: 'cloud' },
      goodbye: 'restart',
      timings: 'demo',
      actions: null,
      supervisor: { kind: 'none' },
      supervised: false,
      adminTokenFile: null,
      ssh: null,
    });
  });

  it('takes an empty value for an absent one', () => {
    expect(settingsFromEnv({ OPENCLAW_BRIDGE_LISTEN: '', OPENCLAW_BRIDGE_TRANSPORT: ' ' })).toEqual(
      settingsFromEnv({})
    );
  });

  it('leaves loopback only when told to', () => {
    const OPENCLAW_BRIDGE_LISTEN = '0.0.0.0:9464';
    expect(() => settingsFromEnv({ OPENCLAW_BRIDGE_LISTEN })).toThrow(
      'OPENCLAW_BRIDGE_LISTEN is not on loopback (0.0.0.0), where /metrics would be open to the network; ' +
        'use 127.0.0.1, or set OPENCLAW_BRIDGE_ALLOW_REMOTE_LISTEN=true when a firewall guards it'
    );
    const allowed = { OPENCLAW_BRIDGE_LISTEN, OPENCLAW_BRIDGE_ALLOW_REMOTE_LISTEN: 'true' };
    expect(settingsFromEnv(allowed).listen.host).toBe('0.0.0.0');
  });

  it.each([
    ['OPENCLAW_BRIDGE_GATEWAY_URL', 'https://127.0.0.1:1', 'must be an address such as http://127.0.0.1:18789'],
    ['OPENCLAW_BRIDGE_GATEWAY_URL', 'http://127.0.0.1:1/path', 'must be an address such as'],
    ['OPENCLAW_BRIDGE_GATEWAY_URL', 'http://user@127.0.0.1:1', 'must be an address such as'],
    ['OPENCLAW_BRIDGE_GATEWAY_URL', 'nonsense', 'must be an address such as'],
    ['OPENCLAW_BRIDGE_GATEWAY_URL', 'http://10.0.0.7:18789', 'must be on loopback'],
    ['OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE', 'token', 'must be an absolute path'],
    ['OPENCLAW_BRIDGE_LISTEN', '9464', 'must be an address and a port'],
    ['OPENCLAW_BRIDGE_METRICS_ADDRESS', 'bridge.example:9464', 'must be an IP address and a port'],
    ['OPENCLAW_BRIDGE_METRICS_ADDRESS', '[::]:9464', 'must be an IP address and a port'],
    ['OPENCLAW_BRIDGE_LISTEN', '127.0.0.1:99999', 'must be an address and a port'],
    ['OPENCLAW_BRIDGE_LISTEN', 'metrics.example:9464', 'is not on loopback'],
    ['OPENCLAW_BRIDGE_ALLOW_REMOTE_LISTEN', 'yes', 'must be one of true, false'],
    ['OPENCLAW_BRIDGE_STATE_DIR', '../state', 'must be an absolute path'],
    ['OPENCLAW_BRIDGE_TRANSPORT', 'ssh', 'must be one of reverse_ssh, direct_https, hybrid'],
    ['OPENCLAW_BRIDGE_ENVIRONMENT', 'home', 'must be one of local, vps, cloud'],
    ['OPENCLAW_BRIDGE_NAME', 'x'.repeat(254), 'must have at most 253 characters'],
    ['OPENCLAW_BRIDGE_GOODBYE', 'bye', 'must be one of restart, shutdown'],
    ['OPENCLAW_ACTIONS_PIN', 'sha256/short', 'must be pins such as sha256/'],
    ['OPENCLAW_TIMINGS', 'fast', 'must be one of production, demo'],
    ['OPENCLAW_BRIDGE_GATEWAY_TOKEN', 's3cret', 'is no setting of the bridge; there are OPENCLAW_BRIDGE_GATEWAY_URL'],
  ])('refuses %s=%s, by name', (name, value, message) => {
    const read = (): unknown => settingsFromEnv({ [name]: value });
    expect(read).toThrow(SettingsError);
    expect(read).toThrow(`${name} ${message}`);
    expect(read).not.toThrow('s3cret');
  });

  it('names every bad setting at once', () => {
    const read = (): unknown => settingsFromEnv({ OPENCLAW_BRIDGE_TYPO: '1', OPENCLAW_BRIDGE_LISTEN: 'x' });
    expect(read).toThrow(/OPENCLAW_BRIDGE_TYPO[^]*\nOPENCLAW_BRIDGE_LISTEN/);
  });
});
