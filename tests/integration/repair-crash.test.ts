import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { PolicyProfile } from '@openclaw-fleet/contract';
import { openclawOrSkip, OPENCLAW_VERSION } from '../../backend/bridge/testing/openclaw.ts';
import { CrashStage, type Ended, type Kill } from './support/crash-stage.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
const say = (message: string): void => void process.stderr.write(`${message}\n`);

const openclaw = await openclawOrSkip('crashes in repairs of a real gateway');

/** What is clear is watched shortly, and many attempts may follow one another: there are as many as moments to be killed at. */
const SETTINGS = {
  OPENCLAW_FLEET_TIMINGS: 'demo',
  OPENCLAW_FLEET_DURATIONS_BEAT: '1.5',
  OPENCLAW_FLEET_DURATIONS_GRACE: '10',
  OPENCLAW_FLEET_DURATIONS_CONVERGENCE: '30',
  OPENCLAW_FLEET_DURATIONS_VERIFY_CLEAR: '0.5',
  OPENCLAW_FLEET_DURATIONS_ATTEMPT_WINDOW: '0.1',
  OPENCLAW_FLEET_DURATIONS_ATTEMPT_BACKOFF: '0.1',
  OPENCLAW_FLEET_DURATIONS_NO_VERDICT_AFTER_START: '0.1',
  SMART_FLEET_MAX_SYNC_LAG_MS: '600000',
};
const TRIES = 2;
/** How long an approval may be waited for, and then the run. Seconds. */
const EXPIRY = 4;
const SHORT_APPROVALS = {
  OPENCLAW_FLEET_DURATIONS_APPROVAL_EXPIRY: String(EXPIRY),
  OPENCLAW_FLEET_DURATIONS_EXECUTION_EXPIRY: String(EXPIRY),
};

/**
 * The moments that differ: after something was stored or read is before what comes next, with nothing between. What has an
 * effect elsewhere goes on there meanwhile.
 */
function distinct(moments: readonly string[]): string[] {
  return moments.filter(
    (moment, index) =>
      moment.startsWith('before') || index === moments.length - 1 || /act in|config\.patch|POST actions/.test(moment)
  );
}

(openclaw === null ? describe.skip : describe)(`kill -9 in repairs of a gateway, OpenClaw ${OPENCLAW_VERSION}`, () => {
  let stage: CrashStage;

  beforeAll(async () => {
    stage = new CrashStage(SETTINGS);
    await stage.start(openclaw!);
  }, 6 * MINUTE);
  afterAll(async () => {
    await stage.close();
  }, MINUTE);

  /** Lists the moments of a repair, then kills at each of them and has the run come to its end. */
  async function everywhere(who: Kill['who'], least: number, check: (kill: Kill, ended: Ended) => void): Promise<void> {
    await stage.drifted();
    const whole = await stage.repair('ConfigDrift', null);
    expect(whole).toMatchObject({ run: { state: 'succeeded' }, writes: 1, starts: 0 });
    const moments = distinct(stage.moments(who));
    expect(moments.length).toBeGreaterThanOrEqual(least);
    for (const moment of moments) {
      const kill = { who, moment };
      const ended = await killedAt(kill);
      if (ended === null) continue;
      const { run, writes, starts } = ended;
      say(`${who} killed ${moment}: ${run.state}, ${writes} written`);
      // At most once, and if the run says so.
      expect({ moment, starts, reason: run.reason, writes }).toEqual({
        ...{ moment, starts: 0, reason: expect.stringMatching(/\w/) as unknown },
        writes: run.state === 'succeeded' ? 1 : 0,
      });
      expect({ moment, healthy: stage.healthy }).toEqual({ moment, healthy: run.state === 'succeeded' });
      check(kill, ended);
      if (stage.healthy) continue;
      // What a crash left undone is done when it is asked for anew.
      const again = await stage.repair('ConfigDrift', null);
      expect({ moment, state: again.run.state, writes: again.writes }).toEqual({
        moment,
        state: 'succeeded',
        writes: 1,
      });
    }
    await stage.audit();
  }

  /** Null: the moment does not come in every run, since two processes are not in step. */
  async function killedAt(kill: Kill): Promise<Ended | null> {
    for (let tries = 0; tries < TRIES; tries += 1) {
      await Promise.all([stage.audit(), stage.drifted()]);
      const ended = await stage.repair('ConfigDrift', kill);
      if (ended.killed) return ended;
      expect({ kill, state: ended.run.state }).toEqual({ kill, state: 'succeeded' });
    }
    expect(kill.moment).toMatch(/config\.get|GET/);
    say(`${kill.who} was not at the moment ${kill.moment} again`);
    return null;
  }

  it(
    'of the collector, at every moment: the run comes to its end, with one write',
    async () => {
      await everywhere('collector', 25, ({ moment }, { run }) => {
        // The bridge fetches the revision from the collector: without it nothing is done.
        const away = /(act|receipt) in .*: reconcile/.test(moment) && run.reason.includes('could not be fetched');
        expect({ moment, state: run.state, reason: run.reason }).toMatchObject({
          state: away ? 'failed' : 'succeeded',
        });
      });
    },
    12 * MINUTE
  );

  it(
    'of the bridge, at every moment: the run comes to its end, with one write or none',
    async () => {
      await everywhere('bridge', 18, ({ moment }, { run }) => {
        const sent = /(after|answered) config\.patch|the write succeeded|reconcile succeeded|snapshot/.test(moment);
        const states = sent ? ['succeeded'] : ['succeeded', 'failed', 'unreachable'];
        expect({ moment, states }).toEqual({ moment, states: expect.arrayContaining([run.state]) as unknown });
      });
    },
    12 * MINUTE
  );

  async function severityOfEdits(unknownConfigSeverity: 'major' | 'critical'): Promise<void> {
    const path = '/fleet/policies/default';
    const { version } = (await stage.call<PolicyProfile>('ben', 'GET', path)).body;
    const body = { unknownConfigSeverity, reason: 'what needs an approval' };
    const { status } = await stage.call('ben', 'PATCH', path, body, { 'if-match': `"${version}"` });
    expect(status).toBe(200);
  }

  it(
    'of the collector, around an approval: it never survives its expiry',
    async () => {
      // The next tests begin with it. What is planned before it is seen would be void.
      stage.diverge();
      await severityOfEdits('critical');
      await stage.collector.kill('SIGTERM');
      await stage.startCollector(SHORT_APPROVALS);
      await stage.unwell();
      for (const moment of [
        'after storing "pending_approval"',
        'before storing "approved"',
        'after storing "approved"',
      ]) {
        await stage.drifted();
        const kill: Kill = { who: 'collector', moment };
        const key = randomUUID();
        if (moment.endsWith('"pending_approval"')) {
          stage.arm(kill);
          expect(await stage.ask('ConfigDrift', key)).toBeNull();
        } else {
          const run = await stage.ask('ConfigDrift', key);
          expect(run).toMatchObject({ state: 'pending_approval' });
          stage.arm(kill);
          await expect(stage.approve(run!.id)).rejects.toThrow();
        }
        await stage.dead(kill);
        const over = Date.now() + EXPIRY * 1000;
        await waitFor(() => Date.now() > over, 'the approval to be over');
        await stage.startCollector(SHORT_APPROVALS);
        const late = await waitFor(() => stage.ask('ConfigDrift', key), 'an answer');
        const expired = async (): Promise<boolean> => (await stage.run(late.id)).state === 'expired';
        // What was approved expires by the clock; what was not is refused whether that was noticed or not.
        if (moment.startsWith('after storing "approved"')) await waitFor(expired, 'the run to expire');
        const answer = await stage.approve(late.id);
        expect({ moment, ...answer }).toMatchObject({ moment, status: 409 });
        expect(await stage.run(late.id)).toMatchObject({ state: 'expired', startedAt: null });
        expect(stage.healthy).toBe(false);
        await stage.audit();
      }
      await stage.collector.kill('SIGTERM');
      await stage.startCollector();
      await severityOfEdits('major');
      stage.restore();
    },
    5 * MINUTE
  );

  it.each<Kill>([
    { who: 'bridge', moment: 'after gateway.restart.request in "restart running"' },
    { who: 'collector', moment: 'after act in "running: restart running"' },
  ])(
    'of the $who, $moment: the gateway is restarted once',
    async (kill) => {
      stage.diverge();
      await stage.unwell();
      const { run, starts, writes } = await stage.repair('BridgeStuck', kill);
      say(`${kill.who} killed ${kill.moment}: ${run.state}, started ${starts} times`);
      expect({ state: run.state, reason: run.reason, starts, writes }).toMatchObject({
        ...{ state: 'succeeded', starts: 1, writes: 0 },
      });
      await stage.audit();
    },
    5 * MINUTE
  );
});
