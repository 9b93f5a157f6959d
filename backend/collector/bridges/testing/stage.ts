import { expect } from '@jest/globals';
import { BridgeError } from '../../remediation/types.ts';
import type { BridgeClientOptions, CallerCredentials } from '../types.ts';
import { Door, type Handler } from './door.ts';
import { TestClient, TestFleet, type Shown } from './fleet.ts';

/** A fleet with two nodes, and the doors and clients that a test opens. */
export class Stage {
  readonly fleet: TestFleet;
  readonly caller: CallerCredentials;
  readonly n1: Shown;
  readonly n2: Shown;
  readonly #open: { close(): unknown }[] = [];

  private constructor(fleet: TestFleet, caller: CallerCredentials, n1: Shown, n2: Shown) {
    this.fleet = fleet;
    this.caller = caller;
    this.n1 = n1;
    this.n2 = n2;
  }

  static async create(): Promise<Stage> {
    const fleet = await TestFleet.create();
    return new Stage(fleet, ...(await Promise.all([fleet.caller(), fleet.node('n1'), fleet.node('n2')])));
  }

  /** Closes it at the end of the test. */
  keep<Closable extends { close(): unknown }>(one: Closable): Closable {
    this.#open.push(one);
    return one;
  }

  async door(shown: Shown, handler: Handler, ca = this.fleet.ca): Promise<Door> {
    const door = this.keep(await new Door(shown, ca).listen());
    door.handler = handler;
    return door;
  }

  /** For the node n1, whose door reports to be at this port. */
  client(port: number, changes: Partial<BridgeClientOptions> = {}): TestClient {
    const reported = { transport: 'direct_https', actions_address: `127.0.0.1:${port}` } as const;
    const client = new TestClient(this.caller, reported, changes);
    this.keep(client.transports);
    return client;
  }

  async clear(): Promise<void> {
    for (const one of this.#open.splice(0).reverse()) await one.close();
  }
}

/** What a call failed with. */
export async function trouble(promise: Promise<unknown>): Promise<BridgeError> {
  const error: unknown = await promise.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason
  );
  expect(error).toBeInstanceOf(BridgeError);
  return error as BridgeError;
}

export async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
