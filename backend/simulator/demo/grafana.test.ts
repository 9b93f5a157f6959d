import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { findGrafana } from '../../../scripts/lib/grafana.mjs';
import { grafanaProgram, makeSecret, notBuilt, secretIn } from './grafana.ts';

const folder = mkdtempSync(join(tmpdir(), 'demo-grafana-'));
afterAll(() => rmSync(folder, { recursive: true }));

const root = resolve(import.meta.dirname, '..', '..', '..');
const dist = join(folder, 'dist');
mkdirSync(dist);
for (const name of ['plugin.json', 'module.js']) writeFileSync(join(dist, name), '');
const secretFile = join(folder, 'secret');
makeSecret(secretFile);
const setup = {
  port: 3001,
  collectorUrl: 'http://127.0.0.1:8080',
  secretFile,
  prometheusUrl: null,
  adminPassword: 'of the test',
  dist,
};
const installed = { home: '/usr/share/grafana', binary: '/usr/share/grafana/bin/grafana' };
const program = (more: object, own: string) =>
  grafanaProgram(installed, { root, folder: join(folder, own) }, { ...setup, ...more }, { PATH: '/bin' });

describe('an installed Grafana', () => {
  const on =
    (...paths: string[]) =>
    (path: string) =>
      paths.includes(path);

  it('is where the environment says', () => {
    const env = { GRAFANA_HOME: '/opt/g', GRAFANA_BIN: '/opt/g/bin/own' };
    expect(findGrafana(env, on('/opt/g/bin/own'))).toEqual({ home: '/opt/g', binary: '/opt/g/bin/own' });
    expect(findGrafana({ GRAFANA_HOME: '/opt/g' }, on('/opt/g/bin/grafana'))).toEqual({
      home: '/opt/g',
      binary: '/opt/g/bin/grafana',
    });
    expect(findGrafana(env, on())).toBeNull();
  });

  it('is where a package puts it', () => {
    const defaults = '/usr/share/grafana/conf/defaults.ini';
    expect(findGrafana({}, on(defaults, '/usr/share/grafana/bin/grafana'))).toEqual(installed);
    expect(findGrafana({}, on(defaults, '/usr/sbin/grafana-server'))?.binary).toBe('/usr/sbin/grafana-server');
    expect(findGrafana({ PATH: '' }, on())).toBeNull();
  });
});

describe('the Grafana of a demo', () => {
  it('listens on loopback, lets nobody in without a login, and tells nobody of itself', () => {
    const { command, args, env } = program({}, 'loopback');
    expect([command, ...args]).toEqual([installed.binary, 'server', '--homepath', installed.home]);
    expect(env).toMatchObject({
      PATH: '/bin',
      GF_SERVER_HTTP_ADDR: '127.0.0.1',
      GF_SERVER_HTTP_PORT: '3001',
      GF_AUTH_ANONYMOUS_ENABLED: 'false',
      GF_USERS_ALLOW_SIGN_UP: 'false',
      GF_ANALYTICS_REPORTING_ENABLED: 'false',
      GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
      GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    });
  });

  it('has every plugin of the app by its own id', () => {
    const ids = ['', 'panels/map', 'panels/violations', 'panels/approvals'].map((path) => {
      const file = join(root, 'src', path, 'plugin.json');
      return (JSON.parse(readFileSync(file, 'utf8')) as { id: string }).id;
    });
    const { env } = program({}, 'plugins');
    expect(env['GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS']?.split(',').sort()).toEqual(ids.sort());
    expect(readlinkSync(join(folder, 'plugins', 'grafana', 'plugins', 'openclaw-fleet-app'))).toBe(dist);
  });

  it('is provisioned by the shipped files, which read the secret from its file', () => {
    const { env } = program({ flag: 'false' }, 'files');
    const provisioning = env['GF_PATHS_PROVISIONING'] ?? '';
    const shipped = join(root, 'provisioning', 'grafana', 'plugins', 'apps.yaml');
    expect(readFileSync(join(provisioning, 'plugins', 'apps.yaml'), 'utf8')).toBe(readFileSync(shipped, 'utf8'));
    expect(existsSync(join(provisioning, 'datasources', 'prometheus.yaml'))).toBe(false);
    expect(env).toMatchObject({
      OPENCLAW_FLEET_COLLECTOR_URL: setup.collectorUrl,
      OPENCLAW_FLEET_GRAFANA_SECRET: `$__file{${secretFile}}`,
      VITE_SMART_FLEET_V2_ENABLED: 'false',
    });
    expect(JSON.stringify(env)).not.toContain(secretIn(secretFile));
    for (const name of Object.keys(env).filter((each) => /^(OPENCLAW|VITE)_/.test(each)))
      expect(readFileSync(shipped, 'utf8')).toContain(name);
  });

  it('has the data source of a Prometheus that there is', () => {
    const { env } = program({ prometheusUrl: 'http://127.0.0.1:9090' }, 'prometheus');
    const file = join(env['GF_PATHS_PROVISIONING'] ?? '', 'datasources', 'prometheus.yaml');
    expect(readFileSync(file, 'utf8')).toContain('$OPENCLAW_FLEET_PROMETHEUS_URL');
    expect(env['OPENCLAW_FLEET_PROMETHEUS_URL']).toBe('http://127.0.0.1:9090');
  });

  it('has the dashboards, which use the app, where there are both', () => {
    const fileOf = ({ env }: ReturnType<typeof program>): string =>
      join(env['GF_PATHS_PROVISIONING'] ?? '', 'dashboards', 'openclaw-fleet.yaml');
    const both = program({ prometheusUrl: 'http://127.0.0.1:9090' }, 'dashboards');
    expect(readFileSync(fileOf(both), 'utf8')).toContain('$OPENCLAW_FLEET_DASHBOARDS_DIR');
    expect(both.env['OPENCLAW_FLEET_DASHBOARDS_DIR']).toBe(join(root, 'dashboards'));
    expect(existsSync(fileOf(program({}, 'dashboards')))).toBe(false);
    expect(existsSync(fileOf(program({ withApp: false, prometheusUrl: 'http://127.0.0.1:9090' }, 'dashboards')))).toBe(
      false
    );
  });

  it('keeps what encrypts its database from start to start, and can do without the app', () => {
    const first = program({}, 'again').env['GF_SECURITY_SECRET_KEY'];
    const { env } = program({ withApp: false }, 'again');
    expect(env['GF_SECURITY_SECRET_KEY']).toBe(first);
    expect(existsSync(join(folder, 'again', 'grafana', 'plugins', 'openclaw-fleet-app'))).toBe(false);
    expect(existsSync(join(folder, 'again', 'grafana', 'provisioning', 'plugins', 'apps.yaml'))).toBe(false);
  });

  it('does not start without a built app, and says how to build it', () => {
    expect(notBuilt(dist)).toBeNull();
    expect(() => program({ dist: join(folder, 'nothing') }, 'unbuilt')).toThrow(/npm run build/);
  });
});

describe('the secret', () => {
  it('is long, new each time, and for its owner alone', () => {
    const again = join(folder, 'again-secret');
    makeSecret(again);
    expect(secretIn(again)).toMatch(/^[0-9a-f]{64}$/);
    expect(secretIn(again)).not.toBe(secretIn(secretFile));
    expect(statSync(again).mode & 0o777).toBe(0o600);
  });
});
