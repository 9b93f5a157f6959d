import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  grafanaApi,
  grafanaProgram,
  grafanaUrl,
  makeAccounts,
  newPassword,
  PEOPLE,
  versionOf,
  type Account,
  type GrafanaApi,
  type GrafanaSetup,
  type Login,
  type Person,
} from '../../../backend/simulator/demo/grafana.ts';
import { tailOf } from '../../../backend/simulator/demo/processes.ts';
import { findGrafana } from '../../../scripts/lib/grafana.mjs';
import { TestProcess } from '../../integration/support/process.ts';
import { waitFor } from '../../integration/support/wait.ts';

export const ROOT = resolve(import.meta.dirname, '..', '..', '..');
export const PLUGIN = 'openclaw-fleet-app';
const READY_MS = 120_000;

export const NOT_INSTALLED =
  'Grafana is not installed here: set GRAFANA_HOME and GRAFANA_BIN, or install the package "grafana" (12.3 or later).';

/** A Grafana that runs, with three people in it. */
export interface SomeGrafana {
  readonly url: string;
  readonly admin: Login;
  readonly version: string;
  readonly accounts: readonly Account[];
  stop(): Promise<unknown>;
}

export interface TestGrafanaSetup extends Omit<GrafanaSetup, 'adminPassword'> {
  /** Default: a new one. A folder that had a Grafana before keeps its own. */
  readonly adminPassword?: string;
  readonly people?: readonly Person[];
}

/**
 * Starts a real Grafana in a process of its own, with an empty database (or that of the folder) and the app from dist/.
 * @param folder for all it writes
 * @throws Error when none is installed, the app was not built, or it does not come up
 */
export async function startGrafana(folder: string, setup: TestGrafanaSetup): Promise<SomeGrafana> {
  const installed = findGrafana(process.env);
  if (installed === null) throw new Error(NOT_INSTALLED);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { adminPassword = newPassword(), people = PEOPLE } = setup;
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
  const program = grafanaProgram(installed, { root: ROOT, folder }, { ...setup, adminPassword }, env);
  const child = new TestProcess(program);
  const url = grafanaUrl(setup.port);
  const admin = { login: 'admin', password: adminPassword };
  try {
    await child.logs(/HTTP Server Listen/, READY_MS).catch((error: unknown) => {
      throw new Error(`Grafana does not start:\n${tailOf((error as Error).message)}`);
    });
    await waitFor(() => isUp(url), 'Grafana to be ready', READY_MS, 100);
    const accounts = await makeAccounts(url, admin, people);
    return { url, admin, accounts, version: await versionOf(url), stop: () => child.stop() };
  } catch (error) {
    await child.stop();
    throw error;
  }
}

function isUp(url: string): Promise<boolean> {
  return fetch(`${url}/api/health`).then(
    ({ ok }) => ok,
    () => false
  );
}

/** Another's Grafana, as the environment names it; null: none is named. */
export function namedGrafana(env: Readonly<Record<string, string | undefined>>): { url: string; admin: Login } | null {
  const url = env['GRAFANA_URL']?.replace(/\/$/, '');
  if (!url) return null;
  const { GRAFANA_USER: login = 'admin', GRAFANA_PASSWORD: password = 'admin' } = env;
  return { url, admin: { login, password } };
}

/** The `iss` of the tokens of a Grafana. */
export async function issuerOf(url: string, admin: Login): Promise<string> {
  const { appUrl } = await grafanaApi(url, admin)<{ appUrl: string }>('GET', '/api/frontend/settings');
  return appUrl;
}

/**
 * Uses a Grafana that runs already and has the app's plugin: gives the app the collector's address and secret, and makes
 * three people with names of their own, who are gone afterwards. It is one for tests: its app keeps the settings.
 * @throws Error when the app is not installed there
 */
export async function attachGrafana(
  { url, admin }: { url: string; admin: Login },
  { collectorUrl, secret }: { collectorUrl: string; secret: string }
): Promise<SomeGrafana> {
  const api = grafanaApi(url, admin);
  const settings = { enabled: true, pinned: true, jsonData: { collectorUrl }, secureJsonData: { secret } };
  await api('POST', `/api/plugins/${PLUGIN}/settings`, settings);
  const accounts = await makeAccounts(url, admin, await freeNames(api));
  const stop = async (): Promise<void> => {
    for (const { login } of accounts) {
      const { id } = await api<{ id: number }>('GET', `/api/users/lookup?loginOrEmail=${login}`);
      await api('DELETE', `/api/admin/users/${id}`);
    }
  };
  return { url, admin, accounts, version: await versionOf(url), stop };
}

/** The three people, under names that are free. */
async function freeNames(api: GrafanaApi): Promise<Person[]> {
  const taken = new Set((await api<{ login: string }[]>('GET', '/api/users?perpage=1000')).map(({ login }) => login));
  return PEOPLE.map((person) => {
    let login = person.login;
    for (let count = 2; taken.has(login); count++) login = `${person.login}${count}`;
    return { ...person, login };
  });
}
