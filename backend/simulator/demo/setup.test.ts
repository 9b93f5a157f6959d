import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { findOnPath } from '../../../scripts/lib/path.mjs';
import { SCENARIOS } from '../scenarios.ts';
import { behaviourAt, planFleet } from '../scenario.ts';
import { alertmanagerProgram, writeAlertmanagerConfig } from './alertmanager.ts';
import { baseEnvironment, collectorSettings } from './environment.ts';
import { faster } from './faster.ts';
import { makeTokens } from './people.ts';
import { prometheusProgram, writePrometheusConfig } from './prometheus.ts';
import { PROVISIONED_PORTS, relocate } from './relocate.ts';
import { bridgeProgram } from './real.ts';
import { Stack } from './stack.ts';
import { doingOf, introduction } from './words.ts';

const folder = mkdtempSync(join(tmpdir(), 'demo-setup-'));
const places = { root: resolve(import.meta.dirname, '..', '..', '..'), folder };
afterAll(() => rmSync(folder, { recursive: true }));

describe('the environment of the demo', () => {
  it("keeps a person's own settings and secrets out", () => {
    const own = {
      PATH: '/bin',
      HOME: '/h',
      OPENCLAW_FLEET_API_HOST: '0.0.0.0',
      OPENCLAW_TOKEN_FILE: 'x',
      AWS_SECRET: 'x',
      NODE_OPTIONS: 'x',
    };
    expect(baseEnvironment(own, places)).toEqual({ PATH: '/bin', HOME: '/h', FLEET_DEMO_RUN: folder });
  });

  it('keeps everything in the folder of the demo and on loopback', () => {
    const settings = collectorSettings(places, { intakePort: 1, apiPort: 2, automation: false, gateways: [] });
    expect(settings).toMatchObject({
      OPENCLAW_FLEET_TIMINGS: 'demo',
      OPENCLAW_FLEET_INTAKE_HOST: '127.0.0.1',
      OPENCLAW_FLEET_API_HOST: '127.0.0.1',
    });
    expect(settings).not.toHaveProperty('SMART_FLEET_AUTOMATION_ENABLED');
    expect(settings).not.toHaveProperty('OPENCLAW_FLEET_BRIDGES_METRICS_PORTS');
    const gateways = [{ bridgePort: 21_010 }, { bridgePort: 21_011 }];
    const more = collectorSettings(places, { intakePort: 1, apiPort: 2, automation: true, gateways });
    expect(more['SMART_FLEET_AUTOMATION_ENABLED']).toBe('true');
    expect(more['OPENCLAW_FLEET_BRIDGES_METRICS_PORTS']).toBe('21010-21011');
    expect(settings['OPENCLAW_FLEET_DATA_DIR']).toBe(join(folder, 'data'));
    expect(settings['OPENCLAW_FLEET_PKI_DIR']).toBe(join(folder, 'pki'));
  });
});

describe('the configuration of Prometheus', () => {
  const ports = { api: 18_080, prometheus: 19_090, alertmanager: 19_093, grafana: 13_000 };
  const { config, tokenFile } = writePrometheusConfig(places, ports, ['127.0.0.1:9464']);
  const shipped = join(places.root, 'provisioning', 'prometheus');
  const text = readFileSync(config, 'utf8');

  it('is that of a real deployment, file by file, at the pace and on the ports of the demo', () => {
    const files = (folder: string) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.ya?ml$/.test(name));
    const demo = join(folder, 'prometheus');
    expect(files(demo).sort()).toEqual(files(shipped).sort());
    for (const name of files(shipped).filter((one) => one !== 'bridges.yml')) {
      const expected = relocate(faster(readFileSync(join(shipped, name), 'utf8')), ports);
      expect([name, readFileSync(join(demo, name), 'utf8')]).toEqual([name, expected]);
    }
    expect(text).toMatch(/scrape_interval: 1s/);
    expect(readFileSync(join(demo, 'collector.yml'), 'utf8')).toContain('127.0.0.1:18080');
    expect(JSON.parse(readFileSync(join(demo, 'bridges.yml'), 'utf8'))).toEqual([{ targets: ['127.0.0.1:9464'] }]);
  });

  it('sends no alerts where there is no Alertmanager', () => {
    const own = { ...places, folder: join(folder, 'quiet') };
    writePrometheusConfig(own, ports, [], false);
    expect(readFileSync(join(own.folder, 'prometheus', 'alertmanagers.yml'), 'utf8')).toBe('[]');
  });

  it('reads the token and the targets from the files beside it', () => {
    expect(text).toMatch(/authorization:\n\s+credentials_file: openclaw-fleet-token\n/);
    expect(text).toMatch(/files: \[collector\.yml\]/);
    expect(tokenFile).toBe(join(folder, 'prometheus', 'openclaw-fleet-token'));
  });

  const promtool = findOnPath('promtool');
  (promtool === null ? it.skip : it)("passes promtool check config, the demo's and the shipped one", () => {
    writeFileSync(tokenFile, 'x');
    expect(execFileSync(promtool ?? '', ['check', 'config', config], { encoding: 'utf8' })).toContain('SUCCESS');
    for (const file of ['collector.yml', 'bridges.yml']) {
      writeFileSync(
        join(folder, 'prometheus', file),
        readFileSync(join(places.root, 'provisioning', 'prometheus', file))
      );
    }
    expect(execFileSync(promtool ?? '', ['check', 'config', config], { encoding: 'utf8' })).toContain('SUCCESS');
  });

  it('makes Prometheus listen on loopback and keep its data in the folder', () => {
    const { args } = prometheusProgram('prometheus', places, config, 9, {});
    expect(args).toEqual([
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(folder, 'prometheus', 'data')}`,
      '--web.listen-address=127.0.0.1:9',
      '--web.external-url=http://127.0.0.1:9',
    ]);
  });
});

describe('the configuration of Alertmanager', () => {
  const ports = { api: 18_080, prometheus: 19_090, alertmanager: 19_093, grafana: 13_000 };
  const { config, tokenFile } = writeAlertmanagerConfig(places, ports);

  it('is that of a real deployment, and calls the collector of the demo with the token beside it', () => {
    const text = readFileSync(config, 'utf8');
    const shipped = readFileSync(join(places.root, 'provisioning', 'alertmanager', 'alertmanager.yml'), 'utf8');
    expect(text).toBe(relocate(faster(shipped), ports));
    expect(text).toContain('http://127.0.0.1:18080/alertmanager/webhook');
    expect(text).toContain(`credentials_file: ${basename(tokenFile)}`);
    expect(dirname(tokenFile)).toBe(dirname(config));
  });

  const amtool = findOnPath('amtool');
  (amtool === null ? it.skip : it)('passes amtool check-config', () => {
    writeFileSync(tokenFile, 'x');
    expect(execFileSync(amtool ?? '', ['check-config', config], { encoding: 'utf8' })).toContain('SUCCESS');
  });

  it('makes Alertmanager listen on loopback, alone, and keep its data in the folder', () => {
    expect(alertmanagerProgram('alertmanager', places, config, 9, {}).args).toEqual([
      `--config.file=${config}`,
      `--storage.path=${join(folder, 'alertmanager', 'data')}`,
      '--web.listen-address=127.0.0.1:9',
      '--web.external-url=http://127.0.0.1:9',
      '--cluster.listen-address=',
    ]);
  });
});

describe('what the demo tells', () => {
  const stack = {
    grafanaUrl: 'http://127.0.0.1:5',
    prometheusUrl: 'http://127.0.0.1:3',
    alertmanagerUrl: 'http://127.0.0.1:4',
    missing: [],
  };
  const accounts = ['vera', 'otto', 'ada'].map((login) => ({ login, password: `of-${login}` }));
  const running = {
    intakeUrl: 'https://localhost:1',
    apiUrl: 'http://127.0.0.1:2',
    stack,
    accounts,
    tokenFiles: { viewer: 'demo/viewer-token', operator: 'demo/operator-token', approver: 'demo/approver-token' },
    automation: false,
    logs: 'demo/logs/',
    simulated: 6,
    real: [],
    scenario: 'steady',
  };
  const none = { grafanaUrl: null, prometheusUrl: null, alertmanagerUrl: null };
  const textOf = (more: object): string => introduction({ ...running, ...more }).join('\n');

  it('is that it is a demo, what runs where, who can log in, and how to ask', () => {
    const text = textOf({});
    expect(text).toContain('THIS IS A DEMO');
    for (const part of [
      'http://127.0.0.1:5/a/openclaw-fleet-app/fleet',
      'http://127.0.0.1:5/dashboards',
      'http://127.0.0.1:3/alerts',
      'http://127.0.0.1:4',
      'http://127.0.0.1:2/docs',
      'https://localhost:1',
      '6 simulated;',
      'steady',
      'demo/logs/',
      'vera  of-vera  who looks',
      'otto  of-otto  who asks for repairs',
      'ada   of-ada  who approves them',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('Not here');
    expect(text).toContain('curl -H "Authorization: Bearer $(cat demo/viewer-token)" http://127.0.0.1:2/fleet/summary');
  });

  it('is how one fault goes its way, from the alert to the approval', () => {
    expect(textOf({})).toMatch(/1\. .*gateway-02[^]*2\. .*alert[^]*3\. As otto[^]*4\. As ada/);
    expect(textOf({ stack: { ...stack, ...none } })).not.toContain('As otto');
  });

  it('is how to repair, as whom, and whether that begins by itself', () => {
    expect(textOf({})).toContain('nothing is repaired by itself');
    expect(textOf({})).toContain('OPENCLAW_FLEET_URL=http://127.0.0.1:2 OPENCLAW_FLEET_TOKEN_FILE=demo/operator-token');
    expect(textOf({})).toContain('npx openclaw-fleet approve <run> --reason "seen" --token-file demo/approver-token');
    expect(textOf({ automation: true })).toContain('automation is on');
  });

  it('can be read on 100 columns, as long as its paths are short', () => {
    const long = introduction(running).filter((line) => line.length > 100);
    expect(long).toEqual([]);
  });

  it('names what the machine lacks and how to get it, and real gateways', () => {
    const real = [{ name: 'real-01', url: 'http://127.0.0.1:4', pid: 42, configFile: 'openclaw.json' }];
    const nothing = new Stack({ prometheus: null, alertmanager: null, grafana: null }, places, PROVISIONED_PORTS, true);
    const text = textOf({ stack: nothing, accounts: [], real });
    for (const line of [
      /Grafana +not installed here: https:\/\/grafana\.com\/docs\/\S+installation\//,
      /Prometheus +not installed here: apt install prometheus,/,
      /Alertmanager +not installed here: apt install prometheus-alertmanager,/,
    ])
      expect(text).toMatch(line);
    expect(text).toContain('6 simulated and 1 real OpenClaw gateway with bridges');
    expect(text).toContain('kill -STOP 42 ');
  });

  it('has words for what the script does', () => {
    const [plan] = planFleet({
      ids: ['n'],
      seed: 1,
      zones: ['a'],
      rampMs: 0,
      beatMs: 1000,
      scenario: SCENARIOS.replay,
    });
    const always = plan && {
      ...plan,
      windows: [{ fault: { kind: 'replay', beatsAgo: 1 } as const, fromMs: 0, toMs: 10 }],
    };
    expect(always && doingOf(behaviourAt(always, 5))).toBe('repeats old heartbeats');
    expect(always && doingOf(behaviourAt(always, 20))).toBe('');
  });
});

describe('the tokens of the demo', () => {
  const made = async (accounts: { login: string; identifier: string }[]): Promise<string[][]> => {
    const calls: string[][] = [];
    const fleet = (...args: string[]): Promise<string> => {
      calls.push(args);
      return Promise.resolve('{"token":"ocf_a_b"}');
    };
    await makeTokens(fleet, folder, accounts);
    return calls.map((args) => [args[args.indexOf('--role') + 1] ?? '', args[args.indexOf('--person') + 1] ?? '']);
  };

  it('are of the people in Grafana, by what its ID tokens call them, else by their logins', async () => {
    const accounts = [
      { login: 'otto', identifier: 'uid-of-otto' },
      { login: 'ada', identifier: 'uid-of-ada' },
    ];
    expect((await made(accounts)).slice(1)).toEqual([
      ['operator', 'uid-of-otto'],
      ['approver', 'uid-of-ada'],
    ]);
    expect((await made([])).slice(1)).toEqual([
      ['operator', 'otto'],
      ['approver', 'ada'],
    ]);
  });
});

describe('a bridge beside a real gateway', () => {
  it('gets what enrolment wrote, and where its gateway is, but not the token itself', () => {
    const credentials = join(folder, 'node');
    mkdirSync(credentials);
    writeFileSync(join(credentials, 'node.env'), 'OPENCLAW_NODE_ID=real-01\nOPENCLAW_TIMINGS=demo\n');
    const gateway = { url: new URL('http://127.0.0.1:20110'), tokenFile: '/run/token' };
    const program = bridgeProgram({
      name: 'bridge-1',
      node: 'node',
      places,
      env: { PATH: '/bin' },
      credentials,
      gateway,
      port: 9464,
    });
    expect(program.env).toEqual({
      PATH: '/bin',
      OPENCLAW_NODE_ID: 'real-01',
      OPENCLAW_TIMINGS: 'demo',
      OPENCLAW_BRIDGE_GATEWAY_URL: 'http://127.0.0.1:20110',
      OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: '/run/token',
      OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:9464',
      OPENCLAW_BRIDGE_ENVIRONMENT: 'local',
    });
  });

  it('takes verbs where it is told to, and starts the gateway itself so that it can cure one that hangs', () => {
    const credentials = join(folder, 'acting-node');
    mkdirSync(credentials);
    writeFileSync(join(credentials, 'node.env'), 'OPENCLAW_NODE_ID=real-01\n');
    const gateway = { url: new URL('http://127.0.0.1:20110'), tokenFile: '/run/token' };
    const common = { name: 'bridge-1', node: 'node', places, env: { HOME: '/h' }, credentials, gateway, port: 9464 };
    const run = { command: ['/bin/node', 'openclaw.mjs'], environment: { HOME: '/gateway' } };
    const { env } = bridgeProgram({ ...common, acting: { stateDir: '/state', gateway: run } });
    expect(env).toMatchObject({
      HOME: '/gateway',
      OPENCLAW_BRIDGE_STATE_DIR: '/state',
      OPENCLAW_BRIDGE_ACTIONS_LISTEN: '127.0.0.1:0',
      OPENCLAW_BRIDGE_SUPERVISOR: 'child',
      OPENCLAW_BRIDGE_CHILD_COMMAND: '["/bin/node","openclaw.mjs"]',
    });
    const other = bridgeProgram({ ...common, acting: { stateDir: '/state', gateway: null } });
    expect(other.env).not.toHaveProperty('OPENCLAW_BRIDGE_SUPERVISOR');
    expect(other.env['HOME']).toBe('/h');
  });
});
