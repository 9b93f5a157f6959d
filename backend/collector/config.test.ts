import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { settingsMarkdown } from './config-docs.ts';
import { ConfigError, describeConfig, listSettings, loadConfig, type Environment } from './config.ts';

const load = (env: Environment = {}, yaml?: string) =>
  loadConfig(yaml === undefined ? env : { ...env, OPENCLAW_FLEET_CONFIG: '/etc/fleet.yaml' }, (path) => {
    if (path !== '/etc/fleet.yaml' || yaml === undefined) throw new Error(`ENOENT: ${path}`);
    return yaml;
  });

function refused(env: Environment, yaml?: string): ConfigError {
  try {
    load(env, yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the settings were taken');
}

describe('loadConfig', () => {
  it('has a value for everything without being told anything', () => {
    const { config, origins } = load();
    expect(config.intake.port).toBe(8443);
    expect(config.intake.requireEnrolment).toBe(true);
    expect(config.api.host).toBe('127.0.0.1');
    expect(config.dataDir).toBe(resolve('.openclaw-fleet/data'));
    expect(config.durations).toEqual(TIMINGS.production);
    expect(new Set(origins.values())).toEqual(new Set(['default']));
    expect(origins.size).toBe(listSettings().length);
  });

  it('takes the environment before the file, and the file before the default, and says which', () => {
    const { config, origins } = load(
      { OPENCLAW_FLEET_INTAKE_PORT: '1', OPENCLAW_FLEET_INTAKE_REQUIRE_SIGNATURE: 'true', OPENCLAW_FLEET_API_HOST: '' },
      'intake: { port: 2, host: 127.0.0.2 }\napi:\nlogging: { level: debug }\n'
    );
    expect(config.intake.port).toBe(1);
    expect(config.intake.host).toBe('127.0.0.2');
    expect(config.intake.requireSignature).toBe(true);
    expect(config.logging.level).toBe('debug');
    expect(origins.get('intake.port')).toBe('environment');
    expect(origins.get('intake.host')).toBe('file');
    expect(origins.get('api.host')).toBe('default');
  });

  it('reads paths from the folder of the file, and issuers with their key sets', () => {
    const yaml =
      'dataDir: data\nintake: { issuers: [{ issuer: chimera, jwksFile: keys/jwks.json, ids: ["chimera-.*"] }] }';
    const { config } = load({ OPENCLAW_FLEET_PKI_DIR: 'pki' }, yaml);
    expect(config.dataDir).toBe('/etc/data');
    expect(config.pkiDir).toBe(resolve('pki'));
    expect(config.intake.issuers).toEqual([
      { issuer: 'chimera', jwksFile: '/etc/keys/jwks.json', claim: 'sub', ids: ['chimera-.*'] },
    ]);
    const json = '[{"issuer":"a","jwksUrl":"https://a.example/jwks","ids":[".*"],"claim":"node"}]';
    expect(load({ OPENCLAW_FLEET_INTAKE_ISSUERS: json }).config.intake.issuers[0]).toEqual(
      expect.objectContaining({ jwksUrl: 'https://a.example/jwks', claim: 'node' })
    );
  });

  it('reads where bridges are from the file or a variable', () => {
    const yaml = 'bridges: { addresses: { n.1: "10.0.0.7:9465" }, networks: [10.0.0.0/8] }';
    expect(load({}, yaml).config.bridges).toEqual({
      addresses: { 'n.1': '10.0.0.7:9465' },
      networks: ['10.0.0.0/8'],
      tunnelHost: '127.0.0.1',
      metricsPorts: '9464-9563',
      timeout: 10,
    });
    const json = '{"n1":"bridge.example.net:9465"}';
    expect(load({ OPENCLAW_FLEET_BRIDGES_ADDRESSES: json }, yaml).config.bridges.addresses).toEqual({
      n1: 'bridge.example.net:9465',
    });
  });

  it('reads where Alertmanager is, one or several', () => {
    const url = 'OPENCLAW_FLEET_ALERTMANAGER_URL';
    expect(load().config.alertmanager.url).toBeUndefined();
    expect(load({ [url]: 'http://127.0.0.1:9093' }).config.alertmanager.url).toEqual(['http://127.0.0.1:9093']);
    expect(load({ [url]: 'https://a.example/am, https://b.example' }).config.alertmanager.url).toEqual([
      'https://a.example/am',
      'https://b.example',
    ]);
    const yaml = 'alertmanager: { url: ["http://[::1]:9093", https://b.example], tokenFile: am.token }';
    const { alertmanager } = load({}, yaml).config;
    expect(alertmanager).toEqual({
      url: ['http://[::1]:9093', 'https://b.example'],
      tokenFile: '/etc/am.token',
    });
    expect(load({}, 'alertmanager: { url: http://localhost:9093/am/ }').config.alertmanager.url).toEqual([
      'http://localhost:9093/am/',
    ]);
  });

  it('puts single durations over the profile', () => {
    const { config } = load(
      { OPENCLAW_FLEET_TIMINGS: 'demo', OPENCLAW_FLEET_INTAKE_HOST: '::1' },
      'durations: { zoneHold: 4.5 }'
    );
    expect(config.durations).toEqual({ ...TIMINGS.demo, zoneHold: 4500 });
  });

  it('names every bad and every unknown setting at once, with its value, the fix and the name that was meant', () => {
    const error = refused(
      {
        OPENCLAW_FLEET_INTAKE_PORT: '99999',
        OPENCLAW_FLEET_TIMING: 'demo-secret',
        OPENCLAW_FLEET_STORAGE_LINGER: 'soon',
      },
      'intake: { prot: 1 }\nstorage: 3\nlogging: { level: loud }\n'
    );
    expect(error.problems).toEqual([
      { setting: 'OPENCLAW_FLEET_TIMING', message: 'there is no such setting; did you mean OPENCLAW_FLEET_TIMINGS?' },
      { setting: 'intake.prot', message: 'there is no such setting (in /etc/fleet.yaml); did you mean intake.port?' },
      { setting: 'storage', value: '3', message: 'is a group of settings: write "storage.<name>" under it' },
      { setting: 'OPENCLAW_FLEET_INTAKE_PORT', value: '99999', message: 'must be a port, 0 to 65535' },
      { setting: 'OPENCLAW_FLEET_STORAGE_LINGER', value: '"soon"', message: 'must be a whole number, 0 to 1000' },
      {
        setting: 'logging.level',
        value: '"loud"',
        message: 'must be fatal, error, warn, info, debug, trace or silent',
      },
    ]);
    for (const { setting } of error.problems) expect(error.message).toContain(setting);
    expect(error.message).not.toContain('demo-secret');
  });

  it.each<[string, Environment, string | undefined, string, string]>([
    [
      'a number that is none',
      { OPENCLAW_FLEET_INTAKE_PORT: '1e3' },
      undefined,
      'OPENCLAW_FLEET_INTAKE_PORT',
      'must be a port',
    ],
    [
      'a flag that is none',
      { OPENCLAW_FLEET_INTAKE_REQUIRE_ENROLMENT: 'no' },
      undefined,
      'OPENCLAW_FLEET_INTAKE_REQUIRE_ENROLMENT',
      'true or false',
    ],
    ['a number written as text in the file', {}, 'intake: { port: "8443" }', 'intake.port', 'must be a port'],
    [
      'an issuer with two key sets',
      {},
      'intake: { issuers: [{ issuer: a, ids: [a], jwksFile: f, jwksUrl: "https://x/y" }] }',
      'intake.issuers[0]',
      'not both',
    ],
    [
      'an address of a bridge without a port',
      {},
      'bridges: { addresses: { n1: 10.0.0.7 } }',
      'bridges.addresses.n1',
      'host:port',
    ],
    ['addresses that are a list', {}, 'bridges: { addresses: ["a:1"] }', 'bridges.addresses', 'by node id'],
    ['a network that is a name', {}, 'bridges: { networks: [lan] }', 'bridges.networks[0]', '10.0.0.0/8'],
    [
      'an Alertmanager without TLS elsewhere',
      {},
      'alertmanager: { url: [https://a.example, http://10.0.0.7:9093] }',
      'alertmanager.url[1]',
      'https://',
    ],
    [
      'an Alertmanager with a password in its address',
      { OPENCLAW_FLEET_ALERTMANAGER_URL: 'https://a:b@am.example' },
      undefined,
      'OPENCLAW_FLEET_ALERTMANAGER_URL[0]',
      'without user',
    ],
    ['no address of Alertmanager', {}, 'alertmanager: { url: [] }', 'alertmanager.url', 'at least one'],
    [
      'a token without an Alertmanager',
      {},
      'alertmanager: { tokenFile: am.token }',
      'alertmanager.url (OPENCLAW_FLEET_ALERTMANAGER_URL)',
      'does nothing without it',
    ],
    ['ports that are none', {}, 'bridges: { metricsPorts: 9563-9464 }', 'bridges.metricsPorts', '9464-9563'],
    [
      'an issuer without keys',
      {},
      'intake: { issuers: [{ issuer: a, ids: [a] }] }',
      'intake.issuers[0]',
      'either jwksFile or jwksUrl',
    ],
    [
      'an issuer that may speak for nobody',
      {},
      'intake: { issuers: [{ issuer: a, jwksFile: f, ids: [] }] }',
      'intake.issuers[0].ids',
      'at least one id',
    ],
    [
      'an issuer without a name',
      {},
      'intake: { issuers: [{ jwksFile: f, ids: [a] }] }',
      'intake.issuers[0].issuer',
      'is missing',
    ],
    [
      'an issuer with an unknown key',
      {},
      'intake: { issuers: [{ issuer: a, jwksFile: f, ids: [a], audience: b }] }',
      'intake.issuers[0]',
      'has no audience',
    ],
    [
      'an id pattern that is none',
      {},
      'intake: { issuers: [{ issuer: a, jwksFile: f, ids: ["("] }] }',
      'intake.issuers[0].ids[0]',
      'regular expression',
    ],
    [
      'the same issuer twice',
      {},
      'intake: { issuers: [{ issuer: a, jwksFile: f, ids: [a] }, { issuer: a, jwksFile: g, ids: [b] }] }',
      'intake.issuers',
      'twice',
    ],
    [
      'a key set over plain HTTP',
      {},
      'intake: { issuers: [{ issuer: a, ids: [a], jwksUrl: "http://x/y" }] }',
      'intake.issuers[0].jwksUrl',
      'https:',
    ],
    [
      'an API off loopback without TLS',
      { OPENCLAW_FLEET_API_HOST: '0.0.0.0' },
      undefined,
      'OPENCLAW_FLEET_API_HOST',
      'needs TLS',
    ],
    [
      'a name that only looks like loopback',
      { OPENCLAW_FLEET_API_HOST: '127.0.0.1.example.com' },
      undefined,
      'OPENCLAW_FLEET_API_HOST',
      'needs TLS',
    ],
    [
      'half of a certificate',
      { OPENCLAW_FLEET_API_TLS_CERT_FILE: 'a.crt' },
      undefined,
      'api.tls.keyFile (OPENCLAW_FLEET_API_TLS_KEY_FILE)',
      'go together',
    ],
    [
      'demo timings where others can reach',
      { OPENCLAW_FLEET_TIMINGS: 'demo' },
      undefined,
      'intake.host (OPENCLAW_FLEET_INTAKE_HOST)',
      'demo is refused',
    ],
    [
      'demo timings with an API where others can reach',
      {
        OPENCLAW_FLEET_TIMINGS: 'demo',
        OPENCLAW_FLEET_INTAKE_HOST: 'localhost',
        OPENCLAW_FLEET_API_TLS_CERT_FILE: 'c',
        OPENCLAW_FLEET_API_TLS_KEY_FILE: 'k',
      },
      'api: { host: "::" }',
      'api.host',
      'demo is refused',
    ],
    ['a pace outside its bounds', {}, 'durations: { beat: 10 }', 'durations.beat', 'between durations.beatMin (30)'],
    ['a file that is not YAML', {}, 'intake: [', '/etc/fleet.yaml', 'is not YAML'],
    ['the same key twice', {}, 'dataDir: a\ndataDir: b', '/etc/fleet.yaml', 'is not YAML'],
    ['a file without names', {}, '- intake', '/etc/fleet.yaml', 'must hold settings by name'],
    [
      'a file that is not there',
      { OPENCLAW_FLEET_CONFIG: '/nowhere.yaml' },
      undefined,
      'OPENCLAW_FLEET_CONFIG',
      'cannot read /nowhere.yaml',
    ],
  ])('refuses %s', (_, env, yaml, setting, message) => {
    const [first, ...rest] = refused(env, yaml).problems;
    expect(rest).toEqual([]);
    expect(first?.setting).toBe(setting);
    expect(first?.message).toContain(message);
  });

  it('never shows a password that an address carries', () => {
    const json = '[{"issuer":"a","ids":["a"],"jwksUrl":"https://me:hunter2@x.example/"}]';
    const { message } = refused({ OPENCLAW_FLEET_INTAKE_ISSUERS: json });
    expect(message).toContain('https://***@x.example/');
    expect(message).not.toContain('hunter2');
  });

  it('is not fooled by names every object has', () => {
    expect(refused({}, '__proto__: { dataDir: x }\nconstructor: 1').problems.map((one) => one.setting)).toEqual([
      '__proto__',
      'constructor',
    ]);
  });
});

describe('describeConfig', () => {
  it('shows each setting with value, origin and meaning', () => {
    const rows = describeConfig(load({ OPENCLAW_FLEET_STORAGE_LINGER: '7' }));
    expect(rows.find((row) => row.key === 'storage.linger')).toEqual({
      key: 'storage.linger',
      env: 'OPENCLAW_FLEET_STORAGE_LINGER',
      alias: null,
      unit: 'ms',
      value: '7',
      default: '5',
      origin: 'environment',
      meaning: 'How long a heartbeat waits for others to share its commit.',
    });
    expect(rows.find((row) => row.key === 'durations.beat')?.value).toBe('60');
    expect(rows.every((row) => row.meaning !== '')).toBe(true);
  });
});

describe('the flags of seed 000', () => {
  const SEED = {
    SMART_FLEET_V2_ENABLED: 'false',
    SMART_FLEET_MAX_SYNC_LAG_MS: '90000',
    SMART_FLEET_MIN_BRIDGE_VERSION: '1.4.0',
  };

  it('are on, and limit nothing, when nobody says otherwise', () => {
    expect(load().config.smartFleet).toEqual({ enabled: true });
  });

  it('are read under the names the seed gave them, under our own, and from the file', () => {
    const all = { enabled: false, maxSyncLagMs: 90_000, minBridgeVersion: '1.4.0' };
    const { config, origins } = load(SEED, 'smartFleet: { enabled: true }');
    expect(config.smartFleet).toEqual(all);
    expect(origins.get('smartFleet.enabled')).toBe('environment');
    expect(load({ OPENCLAW_FLEET_SMART_FLEET_ENABLED: 'false' }).config.smartFleet.enabled).toBe(false);
    const yaml = 'smartFleet: { enabled: false, maxSyncLagMs: 90000, minBridgeVersion: 1.4.0 }';
    expect(load({ SMART_FLEET_V2_ENABLED: '' }, yaml).config.smartFleet).toEqual(all);
  });

  it.each([
    [{ SMART_FLEET_V2_ENABLED: 'no' }, 'SMART_FLEET_V2_ENABLED', 'must be true or false'],
    [{ SMART_FLEET_MAX_SYNC_LAG_MS: '2m' }, 'SMART_FLEET_MAX_SYNC_LAG_MS', 'must be a whole number, 1000 to 86400000'],
    [{ SMART_FLEET_MIN_BRIDGE_VERSION: 'new' }, 'SMART_FLEET_MIN_BRIDGE_VERSION', 'must be a version such as'],
  ])('are refused by name: %p', (env, setting, message) => {
    expect(refused(env).message).toContain(setting);
    expect(refused(env).message).toContain(message);
  });

  it('must not say two things under two names', () => {
    const both = { OPENCLAW_FLEET_SMART_FLEET_ENABLED: 'true', SMART_FLEET_V2_ENABLED: 'false' };
    expect(refused(both).message).toMatch(/SMART_FLEET_V2_ENABLED.*is the same setting as OPENCLAW_FLEET_SMART_FLEET/);
    expect(load({ ...both, SMART_FLEET_V2_ENABLED: 'true' }).config.smartFleet.enabled).toBe(true);
  });
});

describe('the settings of Grafana', () => {
  const whole = { OPENCLAW_FLEET_GRAFANA_URL: 'https://grafana.example/', OPENCLAW_FLEET_GRAFANA_SECRET_FILE: '/s' };

  it('are all absent, or at least an address and a secret', () => {
    expect(load().config.grafana).toEqual({ audience: 'org:1' });
    expect(load(whole).config.grafana).toEqual({
      url: 'https://grafana.example/',
      secretFile: '/s',
      audience: 'org:1',
    });
    expect(refused({ OPENCLAW_FLEET_GRAFANA_URL: 'https://grafana.example/' }).message).toContain('go together');
    expect(refused({ OPENCLAW_FLEET_GRAFANA_SECRET_FILE: '/s' }).message).toContain('go together');
  });

  it.each(['http://127.0.0.1:3000/', 'http://localhost:3000', 'http://[::1]:3000/', 'https://grafana.example/sub/'])(
    'may be at %s',
    (url) => expect(load({ ...whole, OPENCLAW_FLEET_GRAFANA_URL: url }).config.grafana.url).toBe(url)
  );

  it.each([
    'http://grafana.example/',
    'https://admin:admin@grafana.example/',
    'https://grafana.example/?orgId=1',
    'grafana.example',
    'file:///etc/passwd',
  ])('may not be at %s', (url) =>
    expect(refused({ ...whole, OPENCLAW_FLEET_GRAFANA_URL: url }).message).toContain('must be the root address')
  );
});

describe('docs/settings.md', () => {
  it('is what `openclaw-fleet config --markdown` prints', () => {
    const path = join(import.meta.dirname, '../../docs/settings.md');
    expect(readFileSync(path, 'utf8')).toBe(settingsMarkdown());
  });
});
