import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import { createAlertmanager } from '../../backend/collector/alertmanager/client.ts';
import { Silences } from '../../backend/collector/alertmanager/silences.ts';
import { createLogger } from '../../backend/collector/logger.ts';
import { isInFlight } from '../../backend/collector/remediation/run-machine.ts';
import { BEN, MINUTE, SECOND, World } from '../../backend/collector/remediation/testing/world.ts';
import { silenceRepairs } from '../../backend/collector/silencing.ts';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { ALERTMANAGERS, TestAlertmanager, TestReceiver, type ShownSilence } from './support/alertmanager.ts';
import { waitFor } from './support/wait.ts';

const binary = ALERTMANAGERS.map((name) => findOnPath(name)).find((path) => path !== null) ?? null;
const LASTS_MS = 30 * MINUTE;

(binary === null ? describe.skip : describe)('silences in a real Alertmanager', () => {
  let folder: string;
  let receiver: TestReceiver;
  let alertmanager: TestAlertmanager;
  let world: World;
  let tests = 0;
  let logged: [level: string, message: string][];
  const state = { held: 0, failures: 0 };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fleet-silences-'));
    receiver = await new TestReceiver().start();
    const config = `
route: { receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: hook, webhook_configs: [{ url: '${receiver.url}' }] }]
`;
    alertmanager = await new TestAlertmanager(binary ?? '', folder, config).start();
  });
  afterAll(async () => {
    await alertmanager.stop();
    await receiver.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    world = await World.start();
    // Ids of runs come from the time, and no two tests may have one in common.
    world.now += ++tests * MINUTE;
    logged = [];
    Object.assign(state, { held: 0, failures: 0 });
  });
  afterEach(async () => {
    for (const { id } of await alertmanager.active()) await alertmanager.expire(id);
  });

  const log = {
    info: (_fields: object, message: string) => void logged.push(['info', message]),
    error: (_fields: object, message: string) => void logged.push(['error', message]),
    debug: (_fields: object, message: string) => void logged.push(['debug', message]),
  };
  /** What a collector has, that looks with every tick. */
  function silences(clock: () => number = Date.now): Silences {
    return new Silences({
      alertmanager: createAlertmanager({ urls: [alertmanager.url] }),
      acting: () =>
        world.remediation
          .open()
          .filter((run) => isInFlight(run.state))
          .map(({ id, targetId }) => ({ id, targetId, name: targetId, url: `https://grafana.test/${id}` })),
      known: async (runId) => (await world.remediation.run(runId)) !== null,
      lastsMs: LASTS_MS,
      lookMs: 0,
      clock,
      wallClock: clock,
      random: () => 0,
      state,
      log,
    });
  }
  /** A repair of a gateway that hangs, which acts. */
  async function acting(id: string, silent = false): Promise<string> {
    world.hung(id).silent = silent;
    const run = await world.request(id);
    await world.pass(SECOND);
    expect(world.remediation.open().map((one) => one.state)).toEqual(['running']);
    return run.id;
  }
  const about = (id: string): ShownSilence['matchers'] => [
    { name: 'kind', value: 'symptom', isRegex: false, isEqual: true },
    { name: 'target', value: id, isRegex: false, isEqual: true },
  ];

  it('holds one while a run acts, none before, and keeps it while the repair is verified', async () => {
    const ours = silences();
    world.hung('n.1');
    const { id } = await world.request('n.1');
    await ours.tick();
    expect(await alertmanager.active()).toEqual([]);
    await world.pass(SECOND);
    const earliest = Date.now() + LASTS_MS;
    await ours.tick();
    const latest = Date.now() + LASTS_MS;
    const [silence, ...others] = await alertmanager.active();
    expect(others).toEqual([]);
    expect(silence).toMatchObject({
      createdBy: 'openclaw-fleet',
      comment: `Repair ${id} acts on n.1: https://grafana.test/${id}`,
      matchers: expect.arrayContaining([...about('n.1')]),
    });
    expect(silence?.matchers).toHaveLength(2);
    const ends = Date.parse(silence?.endsAt ?? '');
    expect(ends).toBeGreaterThanOrEqual(earliest);
    expect(ends).toBeLessThanOrEqual(latest);
    expect(state).toEqual({ held: 1, failures: 0 });
    await world.until(() => world.remediation.open()[0]?.state === 'verifying');
    await ours.tick();
    expect((await alertmanager.active()).map((one) => one.id)).toEqual([silence?.id]);
  });

  it.each([
    ['succeeded', (run: string) => world.ended(run)],
    [
      'no_effect',
      async (run: string) => {
        await world.until(() => world.remediation.open().some(({ clearSince }) => clearSince !== null));
        world.bridges.nodes.get('n1')!.health = 'error';
        return world.ended(run);
      },
    ],
    [
      'failed',
      (run: string) => {
        world.bridges.nodes.get('n1')!.carryOut = () => ({ state: 'failed', message: 'it gave up' });
        return world.ended(run);
      },
    ],
    [
      'rolled_back',
      (run: string) => {
        world.bridges.nodes.get('n1')!.carryOut = () => ({ state: 'rolled_back', message: 'it did not converge' });
        return world.ended(run);
      },
    ],
    [
      'no_fault',
      (run: string) => {
        Object.assign(world.bridges.nodes.get('n1')!, { gatewayState: 'running', health: 'ok' });
        return world.ended(run);
      },
    ],
    ['unreachable', (run: string) => world.ended(run)],
    [
      'cancelled',
      async (run: string) => {
        await world.remediation.cancel(run, BEN, 'I am on it');
        return world.ended(run);
      },
    ],
  ])('lifts it when the run ends as %s', async (end, finish) => {
    const ours = silences();
    const run = await acting('n1', end === 'unreachable');
    await ours.tick();
    expect(await alertmanager.active()).toHaveLength(1);
    expect((await finish(run)).state).toBe(end);
    await ours.tick();
    expect(await alertmanager.active()).toEqual([]);
    expect(state).toEqual({ held: 0, failures: 0 });
  });

  it('extends the same silence for a run that takes long, and not with every look', async () => {
    const clock = { ms: Date.now() };
    const ours = silences(() => clock.ms);
    await acting('n1');
    await ours.tick();
    const [first] = await alertmanager.active();
    clock.ms += LASTS_MS / 2 - MINUTE;
    await ours.tick();
    expect(await alertmanager.active()).toEqual([first]);
    clock.ms += 2 * MINUTE;
    await ours.tick();
    const [second, ...others] = await alertmanager.active();
    expect([second?.id, others]).toEqual([first?.id, []]);
    expect(Date.parse(second?.endsAt ?? '') - Date.parse(first?.endsAt ?? '')).toBeGreaterThan(LASTS_MS / 2);
  });

  it('is made up for when Alertmanager was away, which holds up nothing and is logged once', async () => {
    const clock = { ms: Date.now() };
    const ours = silences(() => clock.ms);
    await alertmanager.stop();
    const run = await acting('n1');
    for (let look = 0; look < 3; look++) {
      await ours.tick();
      clock.ms += MINUTE;
    }
    expect(state).toEqual({ held: 0, failures: 3 });
    expect(logged.filter(([level]) => level === 'error')).toHaveLength(1);
    await alertmanager.start();
    await ours.tick();
    expect(await alertmanager.active()).toHaveLength(1);
    expect(state).toEqual({ held: 1, failures: 3 });
    await alertmanager.stop();
    expect((await world.ended(run)).state).toBe('succeeded');
    await ours.tick();
    await alertmanager.start();
    expect(await alertmanager.active()).toHaveLength(1);
    clock.ms += MINUTE;
    await ours.tick();
    expect(await alertmanager.active()).toEqual([]);
    expect(logged.filter(([level]) => level === 'error')).toHaveLength(2);
    expect(logged.filter(([level]) => level === 'info')).toHaveLength(2);
  });

  it('goes on after a crash with the silences there are, and lifts those of runs that have ended', async () => {
    const before = silences();
    const gone = await acting('n1');
    await before.tick();
    expect((await world.ended(gone)).state).toBe('succeeded');
    await acting('n2');
    // A look of a process that is killed before it lifts anything.
    await alertmanager.silence({
      createdBy: 'openclaw-fleet',
      comment: `Repair ${world.remediation.open()[0]?.id ?? ''} acts on n2: x`,
      matchers: about('n2'),
    });
    const left = await alertmanager.active();
    expect(left).toHaveLength(2);
    await world.restart();
    await silences().tick();
    const now = await alertmanager.active();
    expect(now).toEqual(left.filter(({ matchers }) => matchers.some(({ value }) => value === 'n2')));
    expect(state.held).toBe(1);
  });

  it('touches no silence of anybody else, whatever it looks like', async () => {
    const ended = await acting('n1');
    await world.ended(ended);
    const comment = `Repair ${ended} acts on n1: x`;
    const ours = { createdBy: 'openclaw-fleet', comment, matchers: about('n1') };
    const foreign = [
      { comment, matchers: about('n1') },
      { ...ours, comment: 'Maintenance of n1' },
      { ...ours, comment: 'Repair run-of-another-fleet acts on n1: x' },
      { ...ours, matchers: about('n1').slice(1) },
      { ...ours, matchers: about('n1').map((one) => ({ ...one, isRegex: one.name === 'target' })) },
      { ...ours, matchers: [...about('n1'), { name: 'zone', value: 'a', isRegex: false, isEqual: true }] },
      { ...ours, matchers: about('n1').map((one) => ({ ...one, isEqual: one.name !== 'target' })) },
    ];
    for (const one of foreign) await alertmanager.silence(one);
    const mine = await alertmanager.silence(ours);
    await silences().tick();
    const active = await alertmanager.active();
    expect(active).toHaveLength(foreign.length);
    expect(active.map(({ id }) => id)).not.toContain(mine);
  });

  it('does not make one again that a person has lifted', async () => {
    const ours = silences();
    await acting('n1');
    await ours.tick();
    const [silence] = await alertmanager.active();
    await alertmanager.expire(silence?.id ?? '');
    await ours.tick();
    await ours.tick();
    expect(await alertmanager.active()).toEqual([]);
    expect(state).toEqual({ held: 0, failures: 0 });
  });

  it('keeps symptoms of the target alone from notifying, and those only until the run has ended', async () => {
    const ours = silences();
    const run = await acting('n1');
    await ours.tick();
    const symptom = { alertname: 'ScoreCritical', kind: 'symptom', target: 'n1' };
    const others = [
      { alertname: 'RepairFailed', kind: 'repair', target: 'n1' },
      { alertname: 'FleetBlind', kind: 'fleet', target: '*' },
      { alertname: 'CollectorDown', kind: 'collector', target: '*' },
      { alertname: 'ScoreCritical', kind: 'symptom', target: 'n11' },
      { alertname: 'ScoreCritical', kind: 'symptom', target: 'n2' },
    ];
    await alertmanager.fire(symptom, ...others);
    await waitFor(() => receiver.alerts.length >= others.length, 'the other alerts');
    const silenced = await waitFor(async () => {
      const all = await alertmanager.silenced();
      return all.length > 0 && all;
    }, 'the silenced alert');
    expect(silenced.map(({ labels }) => labels)).toEqual([symptom]);
    expect(receiver.alerts).toHaveLength(others.length);
    expect(receiver.alerts).toEqual(expect.arrayContaining(others));
    world.bridges.nodes.get('n1')!.carryOut = () => ({ state: 'failed', message: 'it gave up' });
    await world.ended(run);
    await ours.tick();
    await waitFor(() => receiver.alerts.length > others.length, 'the symptom, which goes on');
    expect(receiver.alerts.slice(others.length)).toEqual([symptom]);
  });

  it('is what the collector does by itself, with links to where people look', async () => {
    const run = await acting('n1');
    const silencing = silenceRepairs({
      config: {
        alertmanager: { url: [alertmanager.url] },
        durations: TIMINGS.demo,
        grafana: { url: 'https://10.0.0.3:3000', issuer: 'https://grafana.example/ops/', audience: 'org:1' },
      },
      log: createLogger('silent'),
      clock: Date.now,
      fleet: { get: () => undefined },
      remediation: world.remediation,
      state,
    });
    silencing.start();
    try {
      const [silence] = await waitFor(async () => {
        const active = await alertmanager.active();
        return active.length > 0 && active;
      }, 'a silence');
      expect(silence?.comment).toBe(
        `Repair ${run} acts on n1: https://grafana.example/ops/a/openclaw-fleet-app/remediations/runs/${run}`
      );
      await world.ended(run);
      await waitFor(async () => (await alertmanager.active()).length === 0, 'the silence to be lifted');
    } finally {
      silencing.stop();
    }
  });
});
