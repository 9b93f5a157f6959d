import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  policySpecSchema,
  TIMINGS,
  type ConfigValues,
  type Heartbeat,
  type PolicySpec,
} from '@openclaw-fleet/contract';
import { Configurations } from '../../configurations/service.ts';
import { beat, START } from '../../fleet/harness.ts';
import { Fleet } from '../../fleet/registry.ts';
import { openStorage, type EmbeddedStorage } from '../../storage/index.ts';
import { Policies } from '../service.ts';
import type { PolicyFailure, PolicyFlags, Provenance } from '../types.ts';
import { PolicyError } from '../types.ts';

export { beat, START };
export const MINUTE = 60_000;

export const ada: Provenance = { actor: { name: 'token:ada', via: 'api-token' }, reason: 'the quarter’s review' };
export const bob: Provenance = { actor: { name: 'token:bob', via: 'api-token' }, reason: 'the review of the review' };

/** A profile as a person writes it, complete. */
export const spec = (more: Record<string, unknown> = {}): PolicySpec =>
  policySpecSchema.parse({ name: 'Production', ...more });

/** What a change was refused with; throws when it was not. */
export async function failure(change: Promise<unknown>): Promise<PolicyFailure> {
  try {
    await change;
  } catch (error) {
    if (error instanceof PolicyError) return error.failure;
    throw error;
  }
  throw new Error('the change was not refused');
}

const NO_FLAGS: PolicyFlags = { maxSyncLagMs: null, minimumBridgeVersion: null };

/** A collector's policies, configurations and fleet on a database of their own and a clock that stands; for tests. */
export class Desk {
  readonly storage: EmbeddedStorage;
  readonly configurations: Configurations;
  readonly policies: Policies;
  readonly fleet: Fleet;
  readonly errors: unknown[] = [];
  readonly clock: { now: number };
  readonly folder: string;
  #sent = 0;

  private constructor(
    storage: EmbeddedStorage,
    epoch: number,
    folder: string,
    clock: { now: number },
    flags: PolicyFlags
  ) {
    this.storage = storage;
    this.folder = folder;
    this.clock = clock;
    const timings = TIMINGS.production;
    this.configurations = new Configurations({
      store: storage,
      clock: () => clock.now,
      desired: (id) => this.policies.configuration(id),
      actionsKey: () => {
        throw new Error('nothing is signed here');
      },
    });
    this.policies = new Policies({
      store: storage,
      configurations: this.configurations,
      flags,
      timings,
      clock: () => clock.now,
      onError: (error) => this.errors.push(error),
    });
    this.fleet = new Fleet({
      timings,
      clock: () => clock.now,
      store: storage,
      epoch: () => epoch,
      expectations: this.policies,
    });
  }

  /** Starts a collector. @param folder where another one's database lies */
  static async start(flags = NO_FLAGS, folder = mkdtempSync(join(tmpdir(), 'policies-')), now = START): Promise<Desk> {
    const storage = await openStorage({ file: join(folder, 'fleet.db') });
    const desk = new Desk(storage, await storage.takeEpoch(), folder, { now }, flags);
    await desk.configurations.load();
    await desk.policies.load();
    await desk.fleet.load();
    desk.policies.attach(desk.fleet);
    return desk;
  }

  /** The same, started again on what is stored. */
  async restart(flags = NO_FLAGS): Promise<Desk> {
    await this.storage.close();
    return Desk.start(flags, this.folder, this.clock.now);
  }

  async close(): Promise<void> {
    await this.storage.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Lets nodes report, and so be registered. */
  async report(ids: readonly string[], more: Partial<Heartbeat> = {}): Promise<void> {
    this.#sent += 1;
    await Promise.all(ids.map((id) => this.fleet.receive(beat(id, this.clock.now, more), this.#sent, this.clock.now)));
  }

  /** Stores a configuration revision. @returns its id */
  async revision(values: ConfigValues): Promise<string> {
    const stored = await this.configurations.create({ title: 'a revision', values }, ada);
    if (!stored.ok) throw new Error(stored.failure.message);
    return stored.value.revision.id;
  }
}
