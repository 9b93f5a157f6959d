import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A notification of Alertmanager, as its webhook has it. */
export interface Notification {
  readonly status: 'firing' | 'resolved';
  readonly groupLabels: Readonly<Record<string, string>>;
  readonly alerts: readonly {
    readonly status: 'firing' | 'resolved';
    readonly labels: Readonly<Record<string, string>>;
  }[];
}

/** A message for Slack. */
export interface SlackMessage {
  readonly attachments: readonly { readonly title: string; readonly title_link: string; readonly text: string }[];
}

/** Takes what Alertmanager sends to people on loopback, by the path it is sent to, in order. */
export class Inbox {
  readonly #bodies: { readonly path: string; readonly body: unknown }[] = [];
  readonly #server = createServer((request, response) => {
    let text = '';
    request.on('data', (chunk: Buffer) => (text += chunk.toString()));
    request.on('end', () => {
      this.#bodies.push({ path: request.url?.slice(1) ?? '', body: JSON.parse(text) });
      response.end('ok');
    });
  });

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  /** Where what is for `name` is to be sent. */
  urlOf(name: string): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/${name}`;
  }

  /** All that a receiver got, or those notifications that have an alert of that name. */
  notifications(receiver: string, alertname?: string): Notification[] {
    const all = this.#of(receiver) as Notification[];
    return alertname === undefined
      ? all
      : all.filter(({ alerts }) => alerts.some(({ labels }) => labels['alertname'] === alertname));
  }

  slack(receiver: string): SlackMessage[] {
    return this.#of(receiver) as SlackMessage[];
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #of(path: string): unknown[] {
    return this.#bodies.filter((each) => each.path === path).map(({ body }) => body);
  }
}
