import { expect } from '@jest/globals';
import type { PolicyProfile, TargetPolicyView } from '@openclaw-fleet/contract';
import type { TestCollector } from './collector.ts';

/** A profile holds 100. */
const MOST_WAIVERS = 90;
const PROFILE = '/fleet/policies/production';
const REASON = 'a test of durability';

interface Answer {
  readonly status: number;
  readonly etag: string;
  readonly body: unknown;
}

class RefusedError extends Error {}

/** Somebody who changes policies, one target's desired state and configurations all the time, and knows what was acknowledged. */
export class Approver {
  readonly #collector: TestCollector;
  readonly #token: string;
  readonly #desired: string;
  #version = 0;
  #maxSyncLagMs = 0;
  readonly #waivers = new Set<string>();
  readonly #configs = new Set<string>();

  constructor(collector: TestCollector, targetId: string) {
    this.#collector = collector;
    this.#desired = `/fleet/targets/${targetId}/desired-state`;
    const made = collector.cli('token', 'create', '--name', 'approver', '--role', 'approver', '--json');
    this.#token = (JSON.parse(made) as { token: string }).token;
  }

  /** How many changes were acknowledged. */
  get changes(): number {
    return this.#version + this.#configs.size;
  }

  /** Makes changes as long as `going` says so, also while nobody answers. Throws when one is refused for good. */
  async work(going: () => boolean): Promise<void> {
    await Promise.all(
      [() => this.#changePolicy(), () => this.#changeDesired(), () => this.#storeConfig()].map(async (change) => {
        while (going()) {
          try {
            await change();
          } catch (error) {
            if (error instanceof RefusedError) throw error;
            // It is down: the next one may get through.
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
        }
      })
    );
  }

  /** Remembers what is acknowledged by now. @returns what checks that all of it is there */
  expectations(): () => Promise<void> {
    const [version, lag, waivers, configs] = [
      this.#version,
      this.#maxSyncLagMs,
      [...this.#waivers],
      [...this.#configs],
    ];
    return async () => {
      const profile = (await this.#call('GET', PROFILE)).body as PolicyProfile;
      expect(profile.version).toBeGreaterThanOrEqual(version);
      expect(profile.waivers.map(({ id }) => id)).toEqual(expect.arrayContaining(waivers));
      const { desired } = (await this.#call('GET', this.#desired)).body as TargetPolicyView;
      expect(desired.maxSyncLagMs).toBeGreaterThanOrEqual(lag);
      for (const id of configs) expect((await this.#call('GET', `/fleet/configs/${id}`)).status).toBe(200);
    };
  }

  async #changePolicy(): Promise<void> {
    const read = await this.#call('GET', PROFILE);
    if (read.status === 404) {
      await this.#call('POST', '/fleet/policies', { id: 'production', name: 'Production', reason: REASON });
      return;
    }
    const { version, waivers } = read.body as PolicyProfile;
    const id = `w${version}`;
    const waiver = {
      id,
      code: 'cpu-over-limit',
      expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
      reason: REASON,
    };
    const { status, body } =
      waivers.length < MOST_WAIVERS
        ? await this.#call('POST', `${PROFILE}/waivers`, waiver, read.etag)
        : await this.#call('PATCH', PROFILE, { description: `after ${version}`, reason: REASON }, read.etag);
    if (status >= 300) throw new RefusedError(`a change of the policy answered ${status}: ${JSON.stringify(body)}`);
    if (status === 201) this.#waivers.add(id);
    this.#version = (body as PolicyProfile).version;
  }

  async #changeDesired(): Promise<void> {
    const read = await this.#call('GET', this.#desired);
    const next = Math.max(100_000, (read.body as TargetPolicyView).desired.maxSyncLagMs) + 1;
    const { status, body } = await this.#call(
      'PATCH',
      this.#desired,
      { maxSyncLagMs: next, reason: REASON },
      read.etag
    );
    if (status >= 300)
      throw new RefusedError(`a change of the desired state answered ${status}: ${JSON.stringify(body)}`);
    this.#maxSyncLagMs = next;
  }

  async #storeConfig(): Promise<void> {
    const values = { 'messages.ackReaction': `${this.#configs.size} ${Math.random()}` };
    const { status, body } = await this.#call('POST', '/fleet/configs', { title: 'a test', values, reason: REASON });
    if (status !== 201) throw new RefusedError(`a configuration answered ${status}: ${JSON.stringify(body)}`);
    this.#configs.add((body as { id: string }).id);
  }

  async #call(method: string, path: string, body?: object, etag?: string): Promise<Answer> {
    const response = await fetch(`http://127.0.0.1:${this.#collector.apiPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(etag !== undefined && { 'if-match': etag }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, etag: response.headers.get('etag') ?? '', body: await response.json() };
  }
}
