import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startApi, waitFor } from '../../api/testing/harness.ts';
import type { Harness } from '../../api/testing/harness.ts';
import { closedPort, network } from '../testing/network.ts';
import { ApiClient } from './client.ts';
import { connectionOf } from './connection.ts';
import { follow } from './stream.ts';
import type { FollowOptions, Streamed } from './stream.ts';

let api: Harness;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

describe('following events', () => {
  const clientAt = (port: number, token: string): ApiClient =>
    new ApiClient(connectionOf({ url: `http://127.0.0.1:${port}` }, { OPENCLAW_FLEET_TOKEN: token }), Date.now);
  /** Follows until `until` events came. */
  function following(client: ApiClient, until: number, more: Partial<FollowOptions> = {}) {
    const seen: Streamed[] = [];
    const lost: string[] = [];
    const waits: number[] = [];
    const end = follow(client, {
      after: null,
      onEvent: (event) => seen.push(event) < until,
      onLost: (what) => lost.push(what),
      sleep: (ms) => {
        if (waits.push(ms) > 100) throw new Error('connecting again and again in vain');
        return new Promise((resolve) => setTimeout(resolve, 10));
      },
      ...more,
    });
    return { seen, lost, waits, end };
  }
  const subscribed = (harness: Harness, count: number) =>
    waitFor(() => harness.instruments.stream.subscribers === count, `${count} subscribers`);

  // Those of the test before are gone.
  beforeEach(() => subscribed(api, 0));

  it('sees each event once, also those of while it was cut off', async () => {
    const between = await network(api.port);
    const { seen, lost, waits, end } = following(clientAt(between.port, api.tokenOf.viewer), 6);
    await subscribed(api, 1);
    await api.commitEvents(2);
    await waitFor(() => seen.length === 2, 'the first events');
    between.cut();
    await api.commitEvents(2);
    await waitFor(() => seen.length === 4, 'the events of while it was cut off');
    between.cut();
    await api.commitEvents(2);
    await end;
    const first = seen[0]!.id;
    expect(seen.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5].map((at) => first + at));
    expect(lost[0]).toMatch(/^the stream was cut; connecting again in 3 s$/);
    expect(waits.every((ms) => ms >= 3000)).toBe(true);
    between.cut();
    await between.close();
  });

  it('takes silence for a cut', async () => {
    const between = await network(api.port);
    const { seen, lost, end } = following(clientAt(between.port, api.tokenOf.viewer), 2, { silenceMs: 300 });
    await subscribed(api, 1);
    await api.commitEvents(1);
    await waitFor(() => seen.length === 1, 'the first event');
    between.let(false);
    await waitFor(() => lost.length > 0, 'that the silence is noticed');
    between.let(true);
    await api.commitEvents(1);
    await end;
    expect(seen[1]!.id).toBe(seen[0]!.id + 1);
    between.cut();
    await between.close();
  });

  it('ends with what to do once the token is revoked', async () => {
    const own = await startApi();
    const { seen, end } = following(clientAt(own.port, own.tokenOf.viewer), 2);
    await subscribed(own, 1);
    await own.commitEvents(1);
    await waitFor(() => seen.length === 1, 'the event');
    own.revokeAll();
    own.tick();
    await expect(end).rejects.toThrow(/does not take this token: .*revoked.*openclaw-fleet token create/);
    await own.stop();
  });

  it('says when events are missing', async () => {
    const { seen, end } = following(clientAt(api.port, api.tokenOf.viewer), 1, { after: 1_000_000 });
    await end;
    expect(seen[0]).toMatchObject({ name: 'stream-reset', data: { reason: expect.stringContaining('starts anew') } });
  });

  it('fails at once where nobody is', async () => {
    const { lost, end } = following(clientAt(await closedPort(), 'x'), 1);
    await expect(end).rejects.toThrow(/refuses connections/);
    expect(lost).toEqual([]);
  });

  it('waits longer and longer for one that is gone', async () => {
    const between = await network(api.port);
    const client = clientAt(between.port, api.tokenOf.viewer);
    let tries = 0;
    let seen = 0;
    const waits: number[] = [];
    const end = follow(client, {
      after: null,
      onEvent: () => ++seen > 0,
      onLost: () => undefined,
      sleep: (ms) => {
        waits.push(ms);
        if (++tries === 6) throw new Error('enough');
        return Promise.resolve();
      },
    });
    await subscribed(api, 1);
    await api.commitEvents(1);
    await waitFor(() => seen === 1, 'the event');
    between.cut();
    await between.close();
    await expect(end).rejects.toThrow('enough');
    expect(waits).toEqual([3000, 6000, 12_000, 24_000, 30_000, 30_000]);
  });
});
