import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Ajv } from 'ajv';
import { listSettings } from '../../backend/collector/config.ts';
import { grafanaProgram, makeSecret } from '../../backend/simulator/demo/grafana.ts';
import { PROVISIONED_PORTS } from '../../backend/simulator/demo/relocate.ts';
import { copiesOf, linesOf, stages } from './dockerfile.ts';
import { compose, COMPOSE_TEXT, isPath, mountsOf, read, ROOT, withDefaults, type Service } from './files.ts';
import { COMPOSE_DURATION, COMPOSE_SCHEMA } from './schema.ts';

const folder = mkdtempSync(join(tmpdir(), 'compose-'));
afterAll(() => rmSync(folder, { recursive: true }));

const services = Object.entries(compose.services);
const service = (name: string): Service => {
  const found = compose.services[name];
  if (found === undefined) throw new Error(`There is no service ${name}.`);
  return found;
};

describe('docker-compose.yml', () => {
  it('is what the Compose Specification allows', () => {
    const ajv = new Ajv({ allErrors: true, formats: { duration: COMPOSE_DURATION } });
    const valid = ajv.compile(COMPOSE_SCHEMA);
    const rest = Object.fromEntries(Object.entries(compose).filter(([name]) => !name.startsWith('x-')));
    expect([valid(rest), valid.errors]).toEqual([true, null]);
    expect(valid({ ...rest, services: { one: { image: 'a', prots: [] } } })).toBe(false);
  });

  it('gives a default to each variable that it takes from the environment', () => {
    const used = [...COMPOSE_TEXT.replaceAll('$$', '').matchAll(/\$\{?(\w*)(:-)?/g)];
    expect(used.length).toBeGreaterThan(0);
    for (const [whole, name, fallback] of used) expect([name, whole, fallback]).toEqual([name, whole, ':-']);
  });

  it('names no image without its version, and builds its own from stages that there are', () => {
    for (const [name, { image, build }] of services) {
      expect([name, image]).toEqual([name, expect.stringMatching(/:v?\d+\.\d+\.\d+$/)]);
      if (build) expect(stages.map((stage) => stage.name)).toContain(build.target);
      const own = services.filter(([, other]) => other.image === image);
      if (image.startsWith('openclaw-fleet/')) expect(own.filter(([, other]) => other.build)).toHaveLength(1);
    }
  });

  it.each(services)('%s runs as nobody in particular, can change nothing, and is held in bounds', (name, one) => {
    expect(one).toMatchObject({
      user: '10001:10001',
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.any(String),
      pids_limit: expect.any(Number),
      logging: { options: { 'max-size': '10m' } },
    });
    const once = name === 'init';
    expect(one.restart).toBe(once ? 'no' : 'unless-stopped');
    expect(one.healthcheck === undefined).toBe(once);
    if (name !== 'pod') expect(one.network_mode).toBe(once ? 'none' : 'service:pod');
  });

  it('publishes on loopback alone, and never the API of the collector', () => {
    expect(services.filter(([, { ports }]) => ports).map(([name]) => name)).toEqual(['pod']);
    const ports = (service('pod').ports ?? []).map(withDefaults);
    expect(ports).toEqual(['127.0.0.1:3000:3000', '127.0.0.1:9090:9090', '127.0.0.1:9093:9093', '127.0.0.1:8443:8443']);
    expect(service('collector').environment?.['OPENCLAW_FLEET_API_HOST']).toBe('127.0.0.1');
  });

  it('starts each service after what it needs, and waits for a health that is checked', () => {
    const needs = (name: string): string[] => Object.keys(service(name).depends_on ?? {});
    for (const [name, { depends_on = {} }] of services)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        const checked = service(other).healthcheck !== undefined;
        expect([name, other, condition]).toEqual([
          name,
          other,
          checked ? 'service_healthy' : 'service_completed_successfully',
        ]);
      }
    expect(needs('collector')).toContain('init');
    for (const name of ['nodes', 'prometheus', 'grafana'])
      expect(needs(name)).toEqual(expect.arrayContaining(['pod', 'collector']));
    // The collector looks for its silences from the start on.
    expect(needs('alertmanager')).toEqual(['pod', 'init']);
  });

  it('mounts what there is: paths of the repository, read-only, and volumes that it declares', () => {
    const mounts = services.flatMap(([, one]) => mountsOf(one));
    for (const mount of mounts.filter(isPath)) {
      expect([mount.source, existsSync(join(ROOT, mount.source)), mount.readOnly]).toEqual([mount.source, true, true]);
    }
    const named = new Set(mounts.filter((mount) => !isPath(mount)).map(({ source }) => source));
    expect([...named].sort()).toEqual(Object.keys(compose.volumes).sort());
  });

  it('has init make each volume with the owner that its image gives it, before another image mounts it', () => {
    const made = mountsOf(service('init'));
    expect(made.map(({ source }) => source).sort()).toEqual(Object.keys(compose.volumes).sort());
    const run = linesOf('collector').flatMap(({ instructions }) => instructions.filter(({ name }) => name === 'RUN'));
    const installed = run.map(({ words }) => words).join(' ');
    for (const { source, target } of made) {
      expect(target).toBe(`/var/lib/openclaw-fleet/${source}`);
      expect(installed).toMatch(new RegExp(`install -d -o 10001 -g 10001 -m 0700 [^&]*\\b${source}\\b`));
    }
    for (const [name, one] of services.filter(([, { image }]) => !/collector|simulator/.test(image)))
      for (const mount of mountsOf(one).filter((each) => !isPath(each)))
        expect([name, mount.source, mount.copies]).toEqual([name, mount.source, false]);
  });

  it('shows each service the credentials that it needs, and no others', () => {
    const seen = (volume: string): string[] =>
      services.filter(([, one]) => mountsOf(one).some(({ source }) => source === volume)).map(([name]) => name);
    expect(seen('pki')).toEqual(['init', 'collector']);
    expect(seen('data')).toEqual(['init', 'collector']);
    expect(seen('nodes')).toEqual(['init', 'nodes']);
    expect(seen('shared')).toEqual(['init', 'collector', 'grafana']);
    for (const name of ['prometheus', 'alertmanager', 'grafana']) expect(seen(name)).toEqual(['init', name]);
    expect(COMPOSE_TEXT).not.toMatch(/(?:password|secret|token)\w*: +['"]?(?!\/|\$\$__file)[\w-]{6,}/i);
  });
});

describe('the stack in containers', () => {
  it('reads the same files as the native start', () => {
    const sources = (name: string): string[] =>
      mountsOf(service(name))
        .filter(isPath)
        .map(({ source }) => source);
    expect(sources('prometheus')).toContain('./provisioning/prometheus');
    expect(sources('alertmanager')).toContain('./provisioning/alertmanager');
    expect(sources('grafana')).toEqual(['./provisioning/grafana', './dashboards']);
    for (const name of readdirSync(join(ROOT, 'provisioning', 'grafana')))
      expect(statSync(join(ROOT, 'provisioning', 'grafana', name)).isDirectory()).toBe(true);
  });

  it('listens where those files look', () => {
    const { api, prometheus, alertmanager, grafana } = PROVISIONED_PORTS;
    expect(service('prometheus').command).toContain(`--web.listen-address=0.0.0.0:${prometheus}`);
    expect(service('alertmanager').command).toContain(`--web.listen-address=0.0.0.0:${alertmanager}`);
    expect(service('grafana').environment?.['GF_SERVER_HTTP_PORT']).toBe(String(grafana));
    expect(service('grafana').environment?.['OPENCLAW_FLEET_COLLECTOR_URL']).toBe(`http://127.0.0.1:${api}`);
    expect(service('collector').environment).toMatchObject({
      OPENCLAW_FLEET_GRAFANA_URL: `http://127.0.0.1:${grafana}`,
      OPENCLAW_FLEET_ALERTMANAGER_URL: `http://127.0.0.1:${alertmanager}`,
    });
  });

  it('gives the collector settings that it has', () => {
    const known = listSettings().flatMap(({ env, alias }) => [env, alias]);
    const own = linesOf('collector').flatMap(({ instructions }) =>
      instructions
        .filter(({ name }) => name === 'ENV')
        .flatMap(({ words }) => words.match(/\bOPENCLAW_\w+(?==)/g) ?? [])
    );
    const given = [...own, ...Object.keys(service('collector').environment ?? {})];
    expect(given.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('runs Grafana as the native start does', () => {
    const secretFile = join(folder, 'secret');
    makeSecret(secretFile);
    const setup = {
      port: 3000,
      collectorUrl: 'http://127.0.0.1:8080',
      secretFile,
      prometheusUrl: 'http://127.0.0.1:9090',
      adminPassword: 'of the test',
      withApp: false,
    };
    const { env } = grafanaProgram({ home: '/g', binary: '/g/grafana' }, { root: ROOT, folder }, setup, {});
    const own = service('grafana').environment ?? {};
    const there = /PATHS|HTTP_ADDR|DASHBOARDS_DIR|SECRET|PASSWORD/;
    for (const [name, value] of Object.entries(env).filter(([one]) => !there.test(one)))
      expect([name, own[name]]).toEqual([name, value]);
    expect(own['GF_SECURITY_ADMIN_PASSWORD__FILE']).toBeDefined();
    const asked = ['plugins/apps.yaml', 'datasources/prometheus.yaml', 'dashboards/openclaw-fleet.yaml']
      .flatMap((file) => [...read(`provisioning/grafana/${file}`).matchAll(/^[^#]*\$\{?([A-Z]\w+)/gm)])
      .map(([, name]) => name ?? '');
    expect(asked.filter((name) => own[name] === undefined)).toEqual([]);
    const { target } = copiesOf(linesOf('grafana').at(-1)!)[0]!;
    expect(target).toBe(`${own['GF_PATHS_PLUGINS'] ?? ''}/openclaw-fleet-app`);
  });
});
