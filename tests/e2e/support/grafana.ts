import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import {
  findGrafana,
  grafanaProgram,
  grafanaUrl,
  makeAccounts,
  newPassword,
  versionOf,
  type Account,
  type GrafanaSetup,
} from '../../../backend/simulator/demo/grafana.ts';
import { tailOf } from '../../../backend/simulator/demo/processes.ts';
import { TestProcess } from '../../integration/support/process.ts';
import { waitFor } from '../../integration/support/wait.ts';

export const ROOT = resolve(import.meta.dirname, '..', '..', '..');
const READY_MS = 120_000;

const NOT_INSTALLED =
  'Grafana is not installed here: set GRAFANA_HOME and GRAFANA_BIN, or install the package "grafana" (12.3 or later).';

/** A real Grafana in a process of its own, with an empty database, the app from dist/ and three people. */
export class TestGrafana {
  readonly url: string;
  readonly adminPassword: string;
  readonly version: string;
  readonly accounts: readonly Account[];
  readonly #process: TestProcess;

  private constructor(
    process: TestProcess,
    made: { url: string; adminPassword: string; version: string; accounts: readonly Account[] }
  ) {
    this.#process = process;
    this.url = made.url;
    this.adminPassword = made.adminPassword;
    this.version = made.version;
    this.accounts = made.accounts;
  }

  get log(): string {
    return this.#process.log;
  }

  /**
   * @param folder for all it writes
   * @throws Error when none is installed, the app was not built, or it does not come up
   */
  static async start(folder: string, setup: Omit<GrafanaSetup, 'adminPassword'>): Promise<TestGrafana> {
    const installed = findGrafana(process.env);
    if (installed === null) throw new Error(NOT_INSTALLED);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const adminPassword = newPassword();
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder };
    const program = grafanaProgram(installed, { root: ROOT, folder }, { ...setup, adminPassword }, env);
    const child = new TestProcess(program);
    const url = grafanaUrl(setup.port);
    try {
      await child.logs(/HTTP Server Listen/, READY_MS).catch((error: unknown) => {
        throw new Error(`Grafana does not start:\n${tailOf((error as Error).message)}`);
      });
      const up = (): Promise<boolean> =>
        fetch(`${url}/api/health`).then(
          ({ ok }) => ok,
          () => false
        );
      await waitFor(up, 'Grafana to be ready', READY_MS, 100);
      const accounts = await makeAccounts(url, adminPassword);
      return new TestGrafana(child, { url, adminPassword, version: await versionOf(url), accounts });
    } catch (error) {
      await child.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
