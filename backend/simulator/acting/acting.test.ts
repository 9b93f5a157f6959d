import { afterEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACTION_PATHS, heartbeatSchema, observationSchema, receiptSchema } from '@openclaw-fleet/contract';
import type { ActionReceipt, Heartbeat, Instruction, Observation } from '@openclaw-fleet/contract';
import { createAuthority } from '../../client/testing/certificates.ts';
import { createCaller } from '../../bridge/testing/actions.ts';
import type { TestCaller } from '../../bridge/testing/actions.ts';
import { createRevisionSigner, hashOf } from '../../bridge/testing/revisions.ts';
import type { Fault, ScriptedFault } from '../faults.ts';
import { runSimulation } from '../fleet.ts';
import type { Simulation } from '../fleet.ts';
import { startIntake, waitFor } from '../testing/intake.ts';
import type { Answer, Beside, TestIntake } from '../testing/intake.ts';
import { SIMULATED_VALUES } from './gateway.ts';

const BEAT = 100;
const ID = 'node-0';
const RESTART: Instruction = { verb: 'restart', what: 'gateway' };
const stops: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Scene {
  readonly intake: TestIntake;
  readonly simulation: Simulation;
  readonly collector: TestCaller;
  readonly stateDir: string;
  /** Requests beside the heartbeats. */
  readonly beside: Beside[];
  /** What the last heartbeat said. */
  readonly last: () => Heartbeat;
  readonly observe: () => Promise<Observation>;
  /** Asks for a verb, and waits for its end. */
  readonly act: (instruction: Instruction, bootId?: string | null) => Promise<ActionReceipt>;
  /** From now on another key signs the revisions. */
  readonly forge: () => void;
}

/** One node that something befalls at its third beat, with an intake that hands out the desired revision. */
async function sceneOf(fault: Fault | null, beatMs = BEAT): Promise<Scene> {
  const beside: Beside[] = [];
  const signer = createRevisionSigner();
  let signs = signer;
  const revision = hashOf(SIMULATED_VALUES);
  const handOut = (request: Beside): Answer => {
    beside.push(request);
    if (request.method === 'PUT') return { status: 204 };
    const nonce = request.url.searchParams.get('nonce');
    return { status: 200, json: { jws: signs.revision(SIMULATED_VALUES, { node_id: request.certified, nonce }) } };
  };
  const reply = { status: 'accepted', next_heartbeat_seconds: beatMs / 1000, desired_revision: revision };
  const intake = await startIntake(1, () => ({ status: 200, json: reply }), 0, handOut);
  stops.push(() => intake.close());
  const identity = intake.authority.issue({ uri: 'openclaw://collector/client' });
  const stateDir = mkdtempSync(join(tmpdir(), 'simulator-acting-'));
  stops.push(() => rmSync(stateDir, { recursive: true, force: true }));
  const faults = fault === null ? [] : [{ ...fault, from: 3, for: 1e6, nodes: { node: 0 } } as ScriptedFault];
  const simulation = runSimulation({
    endpoint: intake.endpoint,
    credentials: intake.credentials.map((own) => ({ ...own, clientPins: [identity.pin], actionsPins: [signer.pin] })),
    seed: 1,
    zones: ['a'],
    rampMs: 0,
    beatMs,
    scenario: { name: 'x', description: 'x', faults },
    doors: { stateDir },
  });
  stops.push(() => simulation.stop());
  const port = (): number => Number(simulation.door(0)?.split(':')[1]);
  const collector = createCaller(intake.authority, port, identity, signer);
  await waitFor('the door', () => simulation.door(0) !== null);
  // Where heartbeats stop, they may stop before one tells of it.
  if (fault?.kind !== 'beats-stale')
    await waitFor('the configuration', () => intake.seen.at(-1)?.beat.reported?.config_hash !== undefined);
  if (fault !== null) await waitFor('the fault', () => simulation.behaviour(0).faults.length > 0);
  return {
    intake,
    simulation,
    collector,
    stateDir,
    beside,
    forge: () => (signs = createRevisionSigner()),
    last: () => intake.seen.at(-1)!.beat,
    observe: async () => observationSchema.parse((await collector.send('GET', ACTION_PATHS.observation)).body),
    act: async (instruction, bootId = null) => {
      const request = collector.request(instruction, { node_id: ID, gateway_boot_id: bootId });
      const taken = await collector.act(request);
      expect([200, 202]).toContain(taken.status);
      for (;;) {
        // Nobody answers while the bridge restarts itself.
        const receipt = await collector.ended(request.action_id).catch(() => null);
        if (receipt !== null) return receiptSchema.parse(receipt);
      }
    },
  };
}

const hung = (repair?: 'recovers' | 'stuck' | 'worse' | 'lies' | 'silent'): Fault => ({
  kind: 'gateway-hang',
  ...(repair && { repair }),
});
const reported = ({ last }: Scene) => last().reported;

describe('the door of a simulated bridge', () => {
  it('is told to the collector, with what can be asked there', async () => {
    const { simulation, intake, observe } = await sceneOf(null);
    await waitFor('a beat with the address', () => intake.seen.some(({ beat }) => beat.reported?.actions_address));
    const full = intake.seen.find(({ beat }) => beat.capabilities)!.beat;
    expect(full.capabilities).toEqual(
      expect.arrayContaining(['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'supervisor:child'])
    );
    const { beat } = intake.seen.at(-1)!;
    expect(heartbeatSchema.parse(beat)).toEqual(beat);
    expect(beat.reported?.actions_address).toBe(simulation.door(0));
    const seen = await observe();
    expect(seen).toMatchObject({ node_id: ID, gateway_state: 'running', health_status: 'ok', busy: null });
    expect(seen.config_hash).toBe(hashOf(SIMULATED_VALUES));
    expect(seen.last_accepted_ms).toBeLessThan(5 * BEAT);
  });

  it('lets nobody in but the collector, and takes nothing that it did not sign', async () => {
    const { collector, intake, simulation } = await sceneOf(null);
    const port = (): number => Number(simulation.door(0)?.split(':')[1]);
    const node = intake.authority.issue({ uri: 'openclaw://node/node-9' });
    const stranger = createCaller(intake.authority, port, node);
    expect((await stranger.send('GET', ACTION_PATHS.observation)).status).toBe(403);
    const forged = createCaller(intake.authority, port, collector.identity);
    expect(await forged.act(forged.request({ verb: 'doctor' }, { node_id: ID }))).toMatchObject({
      status: 403,
      body: { refusal: 'not-signed' },
    });
  });

  it('gives the first receipt again, and restarts no more often than a real one', async () => {
    const { collector, act, observe } = await sceneOf(hung(), 5 * BEAT);
    const request = collector.request(RESTART, { node_id: ID });
    await collector.act(request);
    const first = await collector.ended(request.action_id);
    const { gateway_boot_id: bootId } = await observe();
    expect((await collector.act(request)).body).toEqual(first);
    expect((await observe()).gateway_boot_id).toBe(bootId);
    expect(await act(RESTART)).toMatchObject({ state: 'refused', refusal: 'restart-limit' });
  });

  it('is closed with the simulation, which leaves no receipt of its own behind', async () => {
    const { simulation, collector, act, stateDir } = await sceneOf(null);
    expect((await act({ verb: 'doctor' })).state).toBe('succeeded');
    const receipts = readdirSync(join(stateDir, '0', 'actions')).filter((name) => name.endsWith('.json'));
    expect(receipts).toHaveLength(1);
    await simulation.stop();
    await expect(collector.send('GET', ACTION_PATHS.observation)).rejects.toThrow('ECONNREFUSED');
    expect(existsSync(stateDir)).toBe(true);

    const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith('openclaw-fleet-simulator-'));
    const before = temporary();
    const intake = await startIntake(1, () => ({ status: 503 }));
    stops.push(() => intake.close());
    const second = runSimulation({
      endpoint: intake.endpoint,
      credentials: intake.credentials.map((own) => ({ ...own, clientPins: ['x'], actionsPins: ['x'] })),
      seed: 1,
      zones: ['a'],
      rampMs: 0,
      beatMs: BEAT,
      scenario: { name: 'x', description: 'x', faults: [] },
      doors: {},
    });
    const made = temporary().filter((name) => !before.includes(name));
    await second.stop();
    const left = temporary();
    expect(made.filter((name) => !left.includes(name))).toHaveLength(1);
  });

  it('needs to know who may ask', () => {
    const authority = createAuthority();
    const own = authority.issue({ uri: 'openclaw://node/node-0' });
    const start = () =>
      runSimulation({
        endpoint: 'https://localhost:1',
        credentials: [{ id: ID, cert: own.cert, key: own.key, ca: authority.cert, clientPins: ['x'] }],
        seed: 1,
        zones: ['a'],
        rampMs: 0,
        beatMs: BEAT,
        scenario: { name: 'x', description: 'x', faults: [] },
        doors: {},
      });
    expect(start).toThrow('its node.env lacks OPENCLAW_CLIENT_PIN or OPENCLAW_ACTIONS_PIN');
  });
});

describe('a gateway that hangs', () => {
  it('is cured by a restart, which takes a while and makes it another process', async () => {
    const scene = await sceneOf(hung());
    await waitFor('a beat that says so', () => reported(scene)?.gateway_state === 'hung');
    expect(reported(scene)).toMatchObject({ health_status: 'error' });
    expect(scene.last().jobs).toBeUndefined();
    const before = await scene.observe();
    expect(before).toMatchObject({ gateway_state: 'hung', jobs: null });
    const receipt = await scene.act(RESTART, before.gateway_boot_id);
    expect(receipt).toMatchObject({
      state: 'succeeded',
      before: { gateway_state: 'hung' },
      after: { gateway_state: 'running' },
    });
    const after = await scene.observe();
    expect(after).toMatchObject({ gateway_state: 'running', health_status: 'ok' });
    expect(after.gateway_boot_id).not.toBe(before.gateway_boot_id);
    await waitFor('a beat that says so', () => reported(scene)?.gateway_state === 'running');
    expect(reported(scene)?.gateway_boot_id).toBe(after.gateway_boot_id);
    expect(scene.simulation.behaviour(0).faults).toEqual([]);
  });

  it('is cured as well when the fault came at a moment of somebody’s choosing', async () => {
    const { simulation, act, observe } = await sceneOf(null);
    simulation.befall(0, { kind: 'gateway-hang' });
    expect((await observe()).gateway_state).toBe('hung');
    expect((await act(RESTART)).state).toBe('succeeded');
    expect((await observe()).gateway_state).toBe('running');
    expect(simulation.behaviour(0).faults).toEqual([]);
  });

  it('takes no other verb, and no restart that was decided on another process', async () => {
    const { act } = await sceneOf(hung());
    expect(await act({ verb: 'reconcile', apply: null })).toMatchObject({
      state: 'refused',
      refusal: 'gateway-unavailable',
    });
    expect(await act(RESTART, 'gateway-of-yesterday')).toMatchObject({ state: 'refused', refusal: 'boot-changed' });
  });

  it('may hang again at once (stuck)', async () => {
    const { act, observe } = await sceneOf(hung('stuck'));
    expect((await act(RESTART)).state).toBe('succeeded');
    expect((await observe()).gateway_state).toBe('hung');
  });

  it('may not come up again (worse)', async () => {
    const scene = await sceneOf(hung('worse'));
    expect(await scene.act(RESTART)).toMatchObject({ state: 'failed', refusal: null });
    expect((await scene.observe()).gateway_state).toBe('dead');
    await waitFor('a beat that says so', () => reported(scene)?.gateway_state === 'dead');
  });

  it('may be denied by its bridge (lies)', async () => {
    const scene = await sceneOf(hung('lies'));
    await waitFor('a beat that says so', () => reported(scene)?.gateway_state === 'hung');
    expect(await scene.observe()).toMatchObject({ gateway_state: 'running', health_status: 'ok', health_reasons: [] });
  });

  it('may stand beside a bridge that nobody can ask (silent)', async () => {
    const { collector, simulation, intake } = await sceneOf(hung('silent'));
    const beats = intake.seen.length;
    await waitFor('two more beats', () => intake.seen.length >= beats + 2);
    await expect(collector.send('GET', ACTION_PATHS.observation)).rejects.toThrow('ECONNREFUSED');
    expect(simulation.door(0)).not.toBeNull();
  });
});

describe('a bridge whose heartbeats stopped', () => {
  it('answers at its door, and beats again once it restarted itself', async () => {
    const { intake, observe, act, simulation } = await sceneOf({ kind: 'beats-stale' });
    const staleFor = async (beats: number): Promise<void> => {
      for (;;) if (((await observe()).last_accepted_ms ?? 0) > beats * BEAT) return;
    };
    const { bridge_boot_id: bootId } = await observe();
    // More than two intervals are what the second witness calls stale.
    await staleFor(2);
    const before = intake.seen.length;
    await staleFor(4);
    expect(intake.seen.length).toBe(before);
    const receipt = await act({ verb: 'restart', what: 'bridge' });
    expect(receipt).toMatchObject({ state: 'succeeded', before: { bridge_boot_id: bootId } });
    expect(receipt.notes.map(({ text }) => text)).toContain(
      'the bridge ended while it was under way; what became of it is settled by looking'
    );
    expect((await observe()).bridge_boot_id).not.toBe(bootId);
    await waitFor('beats', () => intake.seen.length >= before + 2);
    expect(intake.seen.at(-1)!.beat.boot_id).not.toBe(bootId);
    expect(simulation.behaviour(0).faults).toEqual([]);
  });

  it('may stay silent though it restarted (stuck)', async () => {
    const { intake, act, observe, simulation } = await sceneOf({ kind: 'beats-stale', repair: 'stuck' });
    const { bridge_boot_id: bootId } = await observe();
    expect((await act({ verb: 'restart', what: 'bridge' })).state).toBe('succeeded');
    expect(await observe()).toMatchObject({ last_accepted_ms: null });
    expect((await observe()).bridge_boot_id).not.toBe(bootId);
    expect(simulation.behaviour(0).faults).toEqual(['beats-stale']);
    expect(intake.seen.every(({ beat }) => beat.boot_id === bootId)).toBe(true);
  });
});

describe('an edited configuration', () => {
  const desired = { revision: hashOf(SIMULATED_VALUES), configHash: hashOf(SIMULATED_VALUES) };
  const APPLY: Instruction = { verb: 'reconcile', apply: { ...desired, allowRestart: false } };
  const drifted = (scene: Scene) =>
    waitFor('a beat that says so', () => ![undefined, desired.configHash].includes(reported(scene)?.config_hash));

  it('is mended by the revision, which is fetched from the intake with the node’s own identity', async () => {
    const scene = await sceneOf({ kind: 'config-drift' });
    await drifted(scene);
    expect(reported(scene)?.revision).toBe(desired.revision);
    const whole = reported(scene)?.full_config_hash;
    const asked = scene.beside.length;
    expect(await scene.act(APPLY)).toMatchObject({ state: 'succeeded', after: { config_hash: desired.configHash } });
    const fetched = scene.beside.slice(asked).find(({ method }) => method === 'GET');
    expect(fetched).toMatchObject({ certified: ID, url: { pathname: `/openclaw/revisions/${desired.revision}` } });
    await waitFor('a beat that says so', () => reported(scene)?.config_hash === desired.configHash);
    expect(reported(scene)).toMatchObject({ apply_status: 'APPLIED', config_converged: true });
    expect(reported(scene)?.full_config_hash).not.toBe(whole);
  });

  it('may stay as it is (stuck)', async () => {
    const scene = await sceneOf({ kind: 'config-drift', repair: 'stuck' });
    await drifted(scene);
    const { config_hash: before } = await scene.observe();
    expect((await scene.act(APPLY)).state).toBe('succeeded');
    expect((await scene.observe()).config_hash).toBe(before);
  });

  it('may come back, since what was applied did not converge (rolls-back)', async () => {
    const scene = await sceneOf({ kind: 'config-drift', repair: 'rolls-back' });
    await drifted(scene);
    const { config_hash: before } = await scene.observe();
    expect((await scene.act(APPLY)).state).toBe('rolled_back');
    expect((await scene.observe()).config_hash).toBe(before);
    await waitFor('a beat that says so', () => reported(scene)?.apply_status === 'FAILED');
  });

  it('may break (worse)', async () => {
    const scene = await sceneOf({ kind: 'config-drift', repair: 'worse' });
    await drifted(scene);
    expect((await scene.act(APPLY)).state).toBe('failed');
    expect(await scene.observe()).toMatchObject({ config_valid: false, health_status: 'warn' });
  });

  it('is left alone when the revision is not what was decided on, or is signed by somebody else', async () => {
    const scene = await sceneOf({ kind: 'config-drift' });
    await drifted(scene);
    const other = { ...desired, configHash: 'f'.repeat(64), allowRestart: false };
    expect(await scene.act({ verb: 'reconcile', apply: other })).toMatchObject({ refusal: 'revision-refused' });
    scene.forge();
    const refused = await scene.act(APPLY);
    expect(refused).toMatchObject({ state: 'refused', refusal: 'revision-refused' });
    expect(refused.message).toContain('signed by a key that OPENCLAW_ACTIONS_PIN does not name');
    expect((await scene.observe()).config_hash).not.toBe(desired.configHash);
  });
});

describe('jobs that fail', () => {
  const BURST = { kind: 'job-failures', ratio: 0.6 } as const;
  const failing = async (scene: Scene): Promise<string[]> => {
    const { jobs } = await scene.observe();
    return (jobs ?? []).filter((job) => job.consecutive_errors >= 3).map(({ id }) => id);
  };
  const resume = (jobs: string[], check = false): Instruction => ({ verb: 'resume', jobs, check });

  it('are throttled, and fail no more once they were resumed one by one', async () => {
    const scene = await sceneOf(BURST);
    await waitFor('a beat that says so', () => (scene.last().jobs?.failures_1h ?? 0) >= 36);
    const jobs = await failing(scene);
    expect(jobs).toEqual(['job-01', 'job-02', 'job-03']);
    expect((await scene.act({ verb: 'throttle', jobs })).state).toBe('succeeded');
    const throttled = (await scene.observe()).jobs?.filter((job) => job.throttled && !job.enabled) ?? [];
    expect(throttled.map(({ id }) => id).sort()).toEqual(jobs);
    await waitFor('a beat that says so', () => scene.last().jobs?.enabled === 8);
    for (const id of jobs) {
      expect(scene.simulation.behaviour(0).faults).toEqual(['job-failures']);
      expect((await scene.act(resume([id]))).state).toBe('succeeded');
    }
    expect(await failing(scene)).toEqual([]);
    await waitFor('a beat that says so', () => scene.last().jobs?.failures_1h === 0);
    expect(scene.last().jobs).toMatchObject({ enabled: 11, failing: 0 });
  });

  it('may fail again when they are resumed (rolls-back)', async () => {
    const scene = await sceneOf({ ...BURST, repair: 'rolls-back' });
    const jobs = await failing(scene);
    await scene.act({ verb: 'throttle', jobs });
    const errors = async (): Promise<number> => {
      const seen = (await scene.observe()).jobs?.find(({ id }) => id === 'job-01');
      return seen?.consecutive_errors ?? 0;
    };
    const held = await errors();
    expect(await scene.act(resume(['job-01'], true))).toMatchObject({ state: 'failed' });
    expect((await scene.act(resume(['job-01']))).state).toBe('succeeded');
    for (;;) if ((await errors()) > held) break;
  });

  it.each([
    ['stuck', 'succeeded'],
    ['worse', 'failed'],
  ] as const)('may go on although they were to be disabled (%s)', async (repair, state) => {
    const scene = await sceneOf({ ...BURST, repair });
    const jobs = await failing(scene);
    expect((await scene.act({ verb: 'throttle', jobs })).state).toBe(state);
    expect((await failing(scene)).length).toBeGreaterThanOrEqual(jobs.length);
  });

  it('are no others than those that may be disabled, or that the bridge disabled itself', async () => {
    const { act } = await sceneOf(BURST);
    expect(await act({ verb: 'throttle', jobs: ['job-99'] })).toMatchObject({ refusal: 'unknown-job' });
    expect(await act({ verb: 'throttle', jobs: ['job-11'] })).toMatchObject({ refusal: 'protected-job' });
    expect(await act(resume(['job-12']))).toMatchObject({ refusal: 'protected-job' });
  });
});
