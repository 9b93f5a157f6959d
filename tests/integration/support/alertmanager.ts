import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TestProcess } from './process.ts';
import { waitFor } from './wait.ts';

/** Debian's name first. */
export const ALERTMANAGERS = ['prometheus-alertmanager', 'alertmanager'];

/** A silence, as its API v2 shows it. */
export interface ShownSilence {
  readonly id: string;
  readonly status: { readonly state: 'active' | 'pending' | 'expired' };
  readonly createdBy: string;
  readonly comment: string;
  readonly matchers: readonly { name: string; value: string; isRegex: boolean; isEqual: boolean }[];
  readonly startsAt: string;
  readonly endsAt: string;
}

/** A real Alertmanager on loopback, with its data in `folder`. */
export class TestAlertmanager {
  readonly #binary: string;
  readonly #folder: string;
  readonly #config: string;
  #process: TestProcess | null = null;
  #port = 0;

  /** @param config its YAML */
  constructor(binary: string, folder: string, config: string) {
    this.#binary = binary;
    this.#folder = folder;
    this.#config = join(folder, 'alertmanager.yml');
    mkdirSync(folder, { recursive: true });
    writeFileSync(this.#config, config);
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** On a free port, or on the same one again. */
  async start(): Promise<this> {
    const args = [
      `--config.file=${this.#config}`,
      `--storage.path=${join(this.#folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${this.#port}`,
      '--cluster.listen-address=',
    ];
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.#folder };
    const one = new TestProcess({ name: 'alertmanager', command: this.#binary, args, env, cwd: this.#folder });
    this.#process = one;
    const [, port] = await one.logs(/address=127\.0\.0\.1:(\d+)/);
    this.#port = Number(port);
    await waitFor(async () => (await fetch(`${this.url}/-/ready`)).ok, 'Alertmanager to be ready');
    return this;
  }

  async stop(): Promise<void> {
    await this.#process?.stop();
    this.#process = null;
  }

  async silences(): Promise<ShownSilence[]> {
    return (await (await fetch(`${this.url}/api/v2/silences`)).json()) as ShownSilence[];
  }

  async active(): Promise<ShownSilence[]> {
    return (await this.silences()).filter(({ status }) => status.state === 'active');
  }

  /** Makes a silence as a person would. @returns its id */
  async silence(more: Partial<ShownSilence>): Promise<string> {
    const body = {
      createdBy: 'anna',
      comment: 'I am on it',
      matchers: [],
      startsAt: new Date().toISOString(),
      endsAt: new Date(Date.now() + 3_600_000).toISOString(),
      ...more,
    };
    const response = await this.#send('POST', 'silences', body);
    return ((await response.json()) as { silenceID: string }).silenceID;
  }

  async expire(id: string): Promise<void> {
    await this.#send('DELETE', `silence/${id}`);
  }

  /** Tells it of alerts that fire, as Prometheus does. */
  async fire(...labels: readonly Record<string, string>[]): Promise<void> {
    await this.#send(
      'POST',
      'alerts',
      labels.map((each) => ({ labels: each, startsAt: new Date().toISOString() }))
    );
  }

  /** The alerts that are silenced. */
  async silenced(): Promise<{ labels: Record<string, string>; status: { silencedBy: string[] } }[]> {
    const response = await fetch(`${this.url}/api/v2/alerts?active=false&silenced=true`);
    return (await response.json()) as { labels: Record<string, string>; status: { silencedBy: string[] } }[];
  }

  /** One of its own metrics. */
  async metric(pattern: RegExp): Promise<number> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return Number(pattern.exec(text)?.[1]);
  }

  async #send(method: string, path: string, body?: object): Promise<Response> {
    const response = await fetch(`${this.url}/api/v2/${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}

/** Takes what a webhook of Alertmanager sends. */
export class TestReceiver {
  /** Labels of every alert of every notification, in order. */
  readonly alerts: Record<string, string>[] = [];
  readonly #server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      const { alerts } = JSON.parse(text) as { alerts: { labels: Record<string, string> }[] };
      this.alerts.push(...alerts.map(({ labels }) => labels));
      response.end();
    });
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
