import { writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { prometheusProgram, writePrometheusConfig } from '../../../backend/simulator/demo/prometheus.ts';
import type { TestCollector } from './collector.ts';
import { TestProcess } from './process.ts';
import { waitFor } from './wait.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Asks a Prometheus that runs. */
export class PrometheusReader {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** What an instant query gives. Throws with Prometheus' own words. */
  async query(query: string): Promise<Sample[]> {
    const response = await fetch(`${this.url}/api/v1/query?${new URLSearchParams({ query }).toString()}`);
    const { data, error } = (await response.json()) as {
      data?: { result: { metric: Record<string, string>; value: [number, string] }[] };
      error?: string;
    };
    if (!data) throw new Error(`Prometheus refused ${query}: ${error ?? response.statusText}`);
    return data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  }

  /** The value of the one series that `query` gives; null when there is none, or more than one. */
  async value(query: string): Promise<number | null> {
    const [sample, another] = await this.query(query);
    return sample !== undefined && another === undefined ? sample.value : null;
  }

  /** The states that a StateSet says hold: one, if all is well. @param label that names them */
  async states(family: string, label: string): Promise<string[]> {
    return (await this.query(`${family} == 1`)).map(({ metric }) => metric[label] ?? '');
  }
}

/** A real Prometheus with the scrape configuration of provisioning/prometheus, as `npm start` runs it. */
export class TestPrometheus extends PrometheusReader {
  readonly #process: TestProcess;

  private constructor(process: TestProcess, url: string) {
    super(url);
    this.#process = process;
  }

  /**
   * Starts one on a free port, with its data in the collector's folder.
   * @param bridges host:port of each bridge's own metrics
   * @param alertmanager port of the Alertmanager that it sends alerts to; null: to none
   * @param adjust changes its files, which are in that folder, before it starts
   */
  static async start(
    binary: string,
    collector: TestCollector,
    bridges: readonly string[],
    alertmanager: number | null = null,
    adjust: (folder: string) => void = () => undefined
  ): Promise<TestPrometheus> {
    const places = { root, folder: collector.folder };
    const ports = { api: collector.apiPort, ...(alertmanager !== null && { alertmanager }) };
    const { config, tokenFile } = writePrometheusConfig(places, ports, bridges, alertmanager !== null);
    writeFileSync(tokenFile, collector.token, { mode: 0o600 });
    adjust(dirname(config));
    const env = { PATH: process.env['PATH'] ?? '', HOME: collector.folder };
    const program = new TestProcess(prometheusProgram(binary, places, config, 0, env));
    try {
      const [, port] = await program.logs(/msg="Listening on".* address=127\.0\.0\.1:(\d+)/);
      const url = `http://127.0.0.1:${port ?? ''}`;
      await waitFor(async () => (await fetch(`${url}/-/ready`)).ok, 'Prometheus to be ready');
      return new TestPrometheus(program, url);
    } catch (error) {
      await program.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
