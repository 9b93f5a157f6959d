import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { summarySchema } from '@openclaw-fleet/contract';
import { portTrouble } from '../../scripts/lib/ports.mjs';
import { findStack, HOW_TO_GET } from '../../scripts/lib/stack.mjs';
import { folderOf, freeBase, isUp, processesOf, startDemo, stopDemos } from './support/demo.ts';

const root = resolve(import.meta.dirname, '..', '..');
const LIMIT_MS = 400_000;
const stack = findStack();

async function until<T>(what: string, check: () => Promise<T | null> | T | null, limitMs = 240_000): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const found = await check();
    if (found !== null) return found;
    if (Date.now() > deadline) throw new Error(`waited ${limitMs / 1000} s in vain for ${what}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

afterEach(stopDemos);

async function onlineSeries(prometheus: string): Promise<string | null> {
  const query = encodeURIComponent('openclaw_fleet_targets{state="online"}');
  const answer = (await (await fetch(`${prometheus}/api/v1/query?query=${query}`)).json()) as {
    data: { result: { value: [number, string] }[] };
  };
  return answer.data.result[0]?.value[1] ?? null;
}

async function read<T>(url: string, login?: string): Promise<T> {
  const authorization = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  const answer = await fetch(url, authorization === undefined ? {} : { headers: { authorization } });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
}

/** Every rule was evaluated, none has an error, and alerts go to the demo's own Alertmanager. */
async function looksAtPrometheus(url: string, alertmanager: string): Promise<void> {
  await until('series in Prometheus', () => onlineSeries(url).then((value) => (Number(value) > 0 ? value : null)));
  const rules = await until('every rule to be evaluated', async () => {
    const { data } = await read<{ data: { groups: { rules: Rule[] }[] } }>(`${url}/api/v1/rules`);
    const all = data.groups.flatMap((group) => group.rules);
    return all.length > 0 && all.every(({ health }) => health !== 'unknown') ? all : null;
  });
  expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
  expect(rules.map(({ name }) => name)).toContain('OpenClawWatchdog');
  const { data } = await read<{ data: { activeAlertmanagers: { url: string }[] } }>(`${url}/api/v1/alertmanagers`);
  expect(data.activeAlertmanagers.map((one) => one.url)).toEqual(
    stack.alertmanager === null ? [] : [`${alertmanager}/api/v2/alerts`]
  );
}

/** The Watchdog, which always fires, has come through: so alerts do. */
async function looksAtAlertmanager(url: string): Promise<void> {
  await until('the Watchdog in Alertmanager', async () => {
    const alerts = await read<{ labels: Record<string, string> }[]>(`${url}/api/v2/alerts`);
    return alerts.some(({ labels }) => labels['alertname'] === 'OpenClawWatchdog') ? true : null;
  });
}

/** The app, its data source and its dashboards are there, and each person is who the page says. */
async function looksAtGrafana(url: string, text: string): Promise<void> {
  const passwordOf = (login: string): string => new RegExp(`log in as +${login} +(\\S+)`).exec(text)?.[1] ?? '';
  const [vera, ada] = ['vera', 'ada'].map((login) => `${login}:${passwordOf(login)}`);
  expect(await read(`${url}/api/plugins/openclaw-fleet-app/settings`, ada)).toMatchObject({ enabled: true });
  const proxy = `${url}/api/plugin-proxy/openclaw-fleet-app/fleet`;
  expect(await read(`${proxy}/summary`, vera)).toMatchObject({ timings: 'demo' });
  expect(await read(`${proxy}/me`, vera)).toMatchObject({ role: 'viewer' });
  expect(await read(`${proxy}/me`, ada)).toMatchObject({ role: 'approver', kind: 'person' });
  if (stack.prometheus === null) return;
  const source = `${url}/api/datasources/uid/openclaw-fleet-prometheus`;
  expect(await read(`${source}/health`, ada)).toMatchObject({ status: 'OK' });
  const shipped = readdirSync(join(root, 'dashboards')).filter((name) => name.endsWith('.json'));
  const found = await read<{ uid: string }[]>(`${url}/api/search?type=dash-db`, vera);
  expect(found.map(({ uid }) => `${uid}.json`).sort()).toEqual(shipped.sort());
}

describe('npm start', () => {
  it(
    'shows six nodes to the API and to what is installed, names a taken port, and leaves nothing behind after Ctrl-C',
    async () => {
      const base = await freeBase();
      const demo = startDemo('start', '--no-table', '--port-base', String(base));
      await isUp(demo);
      const folder = folderOf(demo);
      const authorization = `Bearer ${readFileSync(join(folder, 'viewer-token'), 'utf8')}`;
      const summary = await until('six nodes online', async () => {
        const answer = await fetch(`http://127.0.0.1:${base + 1}/fleet/summary`, { headers: { authorization } });
        const read = summarySchema.parse(await answer.json());
        return read.online === 6 ? read : null;
      });
      expect(summary).toMatchObject({ total: 6, bridged: 6, timings: 'demo' });
      expect(summary.zones.map(({ zone, total }) => [zone, total])).toEqual([
        ['eu-west-1', 3],
        ['us-east-1', 3],
      ]);

      const [prometheus = '', alertmanager = '', grafana = ''] = [2, 3, 4].map(
        (offset) => `http://127.0.0.1:${base + offset}`
      );
      for (const [part, how] of Object.entries(HOW_TO_GET)) {
        const absent = stack[part as keyof typeof stack] === null;
        expect([part, demo.text().includes(`not installed here: ${how}`)]).toEqual([part, absent]);
      }
      if (stack.prometheus !== null) await looksAtPrometheus(prometheus, alertmanager);
      if (stack.alertmanager !== null && stack.prometheus !== null) await looksAtAlertmanager(alertmanager);
      if (stack.grafana !== null) await looksAtGrafana(grafana, demo.text());

      const second = startDemo('start', '--port-base', String(base));
      expect(await second.ended).toBe(1);
      expect(second.text()).toContain(`Nothing was started.\nPort ${base} (intake) is taken by`);

      expect(processesOf(folder).length).toBeGreaterThan(1);
      process.kill(-demo.pid, 'SIGINT');
      await demo.ended;
      expect(demo.text()).toContain('Everything is stopped, and the demo folder is removed.');
      expect(processesOf(folder)).toEqual([]);
      expect(existsSync(folder)).toBe(false);
      for (const offset of [0, 1, 2, 3, 4]) expect(await portTrouble(base + offset)).toBeNull();
    },
    LIMIT_MS
  );

  it(
    'cleans up after a demo that was killed hard, runs again, and ends when it was told to',
    async () => {
      const base = await freeBase();
      const killed = startDemo('start', '--no-table', '--no-grafana', '--port-base', String(base));
      await isUp(killed);
      process.kill(-killed.pid, 'SIGKILL');
      await killed.ended;

      const next = startDemo('start', '--no-table', '--no-grafana', '--port-base', String(base), '--exit-after', '2');
      const code = await next.ended;
      expect(code === 0 ? '' : next.text()).toBe('');
      expect(next.text()).toMatch(/Ended what an earlier demo left behind: (alertmanager, )?collector/);
      expect(next.text()).toContain('Stopping after 2 s, as --exit-after says.');
      for (const offset of [0, 1, 2, 3, 4]) expect(await portTrouble(base + offset)).toBeNull();
      for (const demo of [killed, next]) expect(existsSync(folderOf(demo))).toBe(false);
    },
    LIMIT_MS
  );

  it(
    'says which part broke, and why, when one does',
    async () => {
      const base = await freeBase();
      const demo = startDemo('start', '--no-table', '--no-grafana', '--port-base', String(base));
      await isUp(demo);
      const folder = folderOf(demo);
      const { children } = JSON.parse(readFileSync(join(folder, 'processes.json'), 'utf8')) as {
        children: { name: string; pid: number }[];
      };
      process.kill(children.find(({ name }) => name === 'collector')!.pid, 'SIGKILL');
      expect(await demo.ended).toBe(1);
      expect(demo.text()).toContain('collector ended by itself (signal SIGKILL). The end of its log:');
      expect(processesOf(folder)).toEqual([]);
    },
    LIMIT_MS
  );
});
