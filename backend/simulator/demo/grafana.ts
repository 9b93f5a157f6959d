import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { notBuilt } from '../../../scripts/lib/app.mjs';
import type { InstalledGrafana } from '../../../scripts/lib/grafana.mjs';
import type { Places } from './environment.ts';
import { faster } from './faster.ts';
import type { Program } from './processes.ts';

export { notBuilt };

const PLUGIN = 'openclaw-fleet-app';
/** Grafana asks for each by its own id. */
const UNSIGNED = [PLUGIN, 'openclaw-fleetmap-panel', 'openclaw-violations-panel', 'openclaw-approvals-panel'];
const HOST = '127.0.0.1';

export interface GrafanaSetup {
  readonly port: number;
  /** Where it reaches the collector's API. */
  readonly collectorUrl: string;
  /** See `makeSecret`. */
  readonly secretFile: string;
  /** null: it has no data source. */
  readonly prometheusUrl: string | null;
  readonly adminPassword: string;
  /** `VITE_SMART_FLEET_V2_ENABLED`. */
  readonly flag?: string;
  /** The built app; default: the repository's dist/. */
  readonly dist?: string;
  /** false: as it would be without the app. Default true. */
  readonly withApp?: boolean;
}

/** Makes the secret that the app in Grafana and the collector share (grafana.secretFile). */
export function makeSecret(file: string): void {
  writeFileSync(file, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 });
}

/** A password that nobody can guess, and a shell needs no quotes for. */
export const newPassword = (): string => randomBytes(12).toString('base64url');

/** The address of a Grafana on this machine, as it knows itself: the `iss` of its tokens but for the last slash. */
export const grafanaUrl = (port: number): string => `http://${HOST}:${port}`;

/**
 * Lays out a folder for one Grafana: an empty database, the app from dist/, and what provisioning/grafana says.
 * @throws Error when the app was not built
 */
export function grafanaProgram(
  { home, binary }: InstalledGrafana,
  { root, folder }: Places,
  setup: GrafanaSetup,
  env: Readonly<Record<string, string>>
): Program {
  const { withApp = true, dist = join(root, 'dist') } = setup;
  const missing = withApp ? notBuilt(dist) : null;
  if (missing !== null) throw new Error(missing);
  const own = join(folder, 'grafana');
  const [plugins, provisioning] = [join(own, 'plugins'), join(own, 'provisioning')];
  for (const path of [plugins, provisioning]) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  // What Grafana looks for, and complains about when it is not there.
  for (const name of ['plugins', 'datasources', 'dashboards', 'alerting']) mkdirSync(join(provisioning, name));
  const files = join(root, 'provisioning', 'grafana');
  if (withApp) {
    symlinkSync(dist, join(plugins, PLUGIN), 'dir');
    cpSync(join(files, 'plugins'), join(provisioning, 'plugins'), { recursive: true });
  }
  if (setup.prometheusUrl !== null) {
    const source = join('datasources', 'prometheus.yaml');
    writeFileSync(join(provisioning, source), faster(readFileSync(join(files, source), 'utf8')));
    if (withApp) cpSync(join(files, 'dashboards'), join(provisioning, 'dashboards'), { recursive: true });
  }
  const start = basename(binary).startsWith('grafana-server') ? [] : ['server'];
  return {
    name: 'grafana',
    command: binary,
    args: [...start, '--homepath', home],
    cwd: own,
    env: {
      ...env,
      ...settingsOf(setup, own, plugins, provisioning),
      ...(setup.prometheusUrl !== null && { OPENCLAW_FLEET_DASHBOARDS_DIR: join(root, 'dashboards') }),
    },
  };
}

function settingsOf(setup: GrafanaSetup, own: string, plugins: string, provisioning: string): Record<string, string> {
  return {
    GF_SERVER_HTTP_ADDR: HOST,
    GF_SERVER_HTTP_PORT: String(setup.port),
    GF_SERVER_DOMAIN: HOST,
    GF_PATHS_DATA: join(own, 'data'),
    GF_PATHS_LOGS: join(own, 'logs'),
    GF_PATHS_PLUGINS: plugins,
    GF_PATHS_PROVISIONING: provisioning,
    GF_LOG_MODE: 'console',
    GF_SECURITY_ADMIN_PASSWORD: setup.adminPassword,
    GF_SECURITY_SECRET_KEY: keyOf(own),
    GF_SECURITY_DISABLE_GRAVATAR: 'true',
    GF_AUTH_ANONYMOUS_ENABLED: 'false',
    GF_USERS_ALLOW_SIGN_UP: 'false',
    GF_USERS_DEFAULT_THEME: 'dark',
    GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS: UNSIGNED.join(','),
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_PLUGINS_PUBLIC_KEY_RETRIEVAL_DISABLED: 'true',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_ANALYTICS_FEEDBACK_LINKS_ENABLED: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
    OPENCLAW_FLEET_COLLECTOR_URL: setup.collectorUrl,
    OPENCLAW_FLEET_GRAFANA_SECRET: `$__file{${setup.secretFile}}`,
    ...(setup.flag !== undefined && { VITE_SMART_FLEET_V2_ENABLED: setup.flag }),
    ...(setup.prometheusUrl !== null && { OPENCLAW_FLEET_PROMETHEUS_URL: setup.prometheusUrl }),
  };
}

/** What encrypts the secrets of its database: it is that database's. */
function keyOf(own: string): string {
  const file = join(own, 'secret-key');
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8');
}

/** What the collector needs for people who come through that Grafana. */
export function collectorGrafanaSettings(url: string, secretFile: string): Record<string, string> {
  return { OPENCLAW_FLEET_GRAFANA_URL: url, OPENCLAW_FLEET_GRAFANA_SECRET_FILE: secretFile };
}

/** One of the people of the demo, each with a role of Grafana's. */
export interface Person {
  readonly login: string;
  readonly name: string;
  readonly role: 'Viewer' | 'Editor' | 'Admin';
}

/** Who looks, who asks for repairs, and who approves them. */
export const PEOPLE: readonly Person[] = [
  { login: 'vera', name: 'Vera Viewer', role: 'Viewer' },
  { login: 'otto', name: 'Otto Operator', role: 'Editor' },
  { login: 'ada', name: 'Ada Approver', role: 'Admin' },
];

/** A person who can log in. */
export interface Account extends Person {
  readonly password: string;
  /** What Grafana's tokens call `identifier`: the actor of the audit is `grafana:<identifier>`. */
  readonly identifier: string;
}

/**
 * Makes the people's accounts in a Grafana, each with a new password.
 * @param admin who may make accounts
 * @throws Error with what Grafana said
 */
export async function makeAccounts(url: string, admin: Login, people = PEOPLE): Promise<Account[]> {
  const api = grafanaApi(url, admin);
  const accounts: Account[] = [];
  for (const person of people) {
    const own = newPassword();
    const { login, name } = person;
    const { id } = await api<{ id: number }>('POST', '/api/admin/users', { login, name, password: own, OrgId: 1 });
    await api('PATCH', `/api/orgs/1/users/${id}`, { role: person.role });
    const { uid } = await api<{ uid: string }>('GET', `/api/users/lookup?loginOrEmail=${login}`);
    accounts.push({ ...person, password: own, identifier: uid });
  }
  return accounts;
}

export interface Login {
  readonly login: string;
  readonly password: string;
}

export type GrafanaApi = <T = unknown>(method: string, path: string, body?: object) => Promise<T>;

/** Calls Grafana's API as somebody. It throws what Grafana said when that is none of 2xx. */
export function grafanaApi(url: string, { login, password }: Login): GrafanaApi {
  const authorization = `Basic ${Buffer.from(`${login}:${password}`).toString('base64')}`;
  return async <T>(method: string, path: string, body?: object): Promise<T> => {
    const answer = await fetch(url + path, {
      method,
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`Grafana answered ${method} ${path} with ${answer.status}: ${text.slice(0, 300)}`);
    return JSON.parse(text) as T;
  };
}

/** The version of a Grafana that runs. */
export async function versionOf(url: string): Promise<string> {
  const answer = await fetch(`${url}/api/health`);
  return ((await answer.json()) as { version?: string }).version ?? 'of an unknown version';
}

/** The secret in a file that `makeSecret` made. */
export const secretIn = (file: string): string => readFileSync(file, 'utf8').trim();
