import { join } from 'node:path';
import type { FoundStack } from '../../../scripts/lib/stack.mjs';
import { HOW_TO_GET } from '../../../scripts/lib/stack.mjs';
import { alertmanagerProgram, writeAlertmanagerConfig } from './alertmanager.ts';
import { createToken } from './credentials.ts';
import type { FleetCommand } from './credentials.ts';
import type { Places } from './environment.ts';
import {
  collectorGrafanaSettings,
  grafanaProgram,
  makeAccounts,
  makeSecret,
  newPassword,
  notBuilt,
} from './grafana.ts';
import type { Account } from './grafana.ts';
import type { Program } from './processes.ts';
import { prometheusProgram, writePrometheusConfig } from './prometheus.ts';
import type { StackPorts } from './relocate.ts';

/** A part of the stack that does not run, and what to do about it. */
export interface Missing {
  readonly name: string;
  readonly why: string;
}

/** A program to start, and the address that answers 200 once it is ready. */
export interface Part {
  readonly title: string;
  readonly program: Program;
  readonly readyUrl: string;
}

/** Prometheus, Alertmanager and Grafana around the demo's collector, as far as they are installed here. */
export class Stack {
  readonly prometheusUrl: string | null;
  readonly alertmanagerUrl: string | null;
  readonly grafanaUrl: string | null;
  readonly missing: readonly Missing[];
  readonly #found: FoundStack;
  readonly #places: Places;
  readonly #ports: StackPorts;
  readonly #adminPassword = newPassword();

  /** @param withGrafana false: it was not asked for */
  constructor(found: FoundStack, places: Places, ports: StackPorts, withGrafana: boolean) {
    const unbuilt = notBuilt(join(places.root, 'dist'));
    const grafana = withGrafana && unbuilt === null ? found.grafana : null;
    this.#found = { ...found, grafana };
    this.#places = places;
    this.#ports = ports;
    const urlOf = (part: keyof FoundStack): string | null =>
      this.#found[part] === null ? null : `http://127.0.0.1:${ports[part]}`;
    this.prometheusUrl = urlOf('prometheus');
    this.alertmanagerUrl = urlOf('alertmanager');
    this.grafanaUrl = urlOf('grafana');
    const absent = (part: keyof FoundStack, name: string): Missing[] =>
      found[part] === null ? [{ name, why: `not installed here: ${HOW_TO_GET[part]}` }] : [];
    this.missing = [
      ...(withGrafana ? absent('grafana', 'Grafana') : [{ name: 'Grafana', why: 'left out, as --no-grafana says' }]),
      ...(withGrafana && found.grafana !== null && unbuilt !== null
        ? [{ name: 'Grafana', why: 'its app is not built: npm run build' }]
        : []),
      ...absent('prometheus', 'Prometheus'),
      ...absent('alertmanager', 'Alertmanager'),
    ];
  }

  /** What the collector must know of it; makes the secret that it shares with Grafana. */
  collectorSettings(): Record<string, string> {
    if (this.grafanaUrl !== null) makeSecret(this.#secretFile);
    return {
      ...(this.grafanaUrl !== null && collectorGrafanaSettings(this.grafanaUrl, this.#secretFile)),
      ...(this.alertmanagerUrl !== null && { OPENCLAW_FLEET_ALERTMANAGER_URL: this.alertmanagerUrl }),
    };
  }

  /**
   * Lays out the folders and tokens of what there is.
   * @returns what to start, in order
   */
  async prepare(fleet: FleetCommand, env: Readonly<Record<string, string>>): Promise<Part[]> {
    const { prometheus, alertmanager, grafana } = this.#found;
    const ports = this.#ports;
    const parts: Part[] = [];
    if (prometheus !== null) {
      const { config, tokenFile } = writePrometheusConfig(this.#places, ports, [], alertmanager !== null);
      await createToken(fleet, { name: 'prometheus', role: 'viewer', file: tokenFile });
      const program = prometheusProgram(prometheus, this.#places, config, ports.prometheus, env);
      parts.push({ title: 'Prometheus', program, readyUrl: `${this.prometheusUrl ?? ''}/-/ready` });
    }
    if (alertmanager !== null) {
      const { config, tokenFile } = writeAlertmanagerConfig(this.#places, ports);
      await createToken(fleet, { name: 'alertmanager', role: 'operator', file: tokenFile });
      const program = alertmanagerProgram(alertmanager, this.#places, config, ports.alertmanager, env);
      parts.push({ title: 'Alertmanager', program, readyUrl: `${this.alertmanagerUrl ?? ''}/-/ready` });
    }
    if (grafana !== null) {
      const setup = {
        port: ports.grafana,
        collectorUrl: `http://127.0.0.1:${ports.api}`,
        secretFile: this.#secretFile,
        prometheusUrl: this.prometheusUrl,
        adminPassword: this.#adminPassword,
      };
      const program = grafanaProgram(grafana, this.#places, setup, env);
      parts.push({ title: 'Grafana', program, readyUrl: `${this.grafanaUrl ?? ''}/api/health` });
    }
    return parts;
  }

  /** Makes the people's accounts in Grafana, once it is ready; none without it. */
  async makeAccounts(): Promise<Account[]> {
    if (this.grafanaUrl === null) return [];
    return makeAccounts(this.grafanaUrl, { login: 'admin', password: this.#adminPassword });
  }

  get #secretFile(): string {
    return join(this.#places.folder, 'grafana-secret');
  }
}
