import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  isEnded,
  TIMINGS,
  type AdoptedConfig,
  type ConfigRevision,
  type DriftPage,
  type PolicyProfile,
  type Run,
  type RunDetail,
  type TargetPolicyView,
  type TimelinePage,
  type ViolationPage,
} from '@openclaw-fleet/contract';
import { adminCall } from '../../backend/bridge/testing/admin.ts';
import { openclawOrSkip, OPENCLAW_VERSION } from '../../backend/bridge/testing/openclaw.ts';
import { TestCollector } from './support/collector.ts';
import { KeptGateway } from './support/kept-gateway.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
/** Three starts, one after the other, on a machine that does other things too. */
const START = 8 * MINUTE;
const say = (message: string): void => void process.stderr.write(`${message}\n`);

const openclaw = await openclawOrSkip('repairs of real gateways');

/** How an incident note would have it. */
const asNote = ({ state, reason, steps }: RunDetail): string =>
  [`${state}: ${reason}`, ...steps.map((step) => `  ${step.title} [${step.state}] ${step.summary}`)].join('\n');

(openclaw === null ? describe.skip : describe)(`repairs of three gateways, OpenClaw ${OPENCLAW_VERSION}`, () => {
  const ending = new AsyncDisposableStack();
  let collector: TestCollector;
  let hangs: KeptGateway;
  let drifts: KeptGateway;
  let fails: KeptGateway;
  const tokens = { ann: '', ben: '' };

  async function call(
    who: keyof typeof tokens,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {}
  ): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`http://127.0.0.1:${collector.apiPort}${path}`, {
      method,
      headers: { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json', ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }

  const get = async <T>(path: string): Promise<T> => (await call('ann', 'GET', path)).body as T;
  const drift = async (id: string) => (await get<DriftPage>(`/fleet/targets/${id}/drift?state=open`)).items;

  async function repair(id: string, playbook: string, reason: string): Promise<RunDetail> {
    const { status, body } = await call('ann', 'POST', `/fleet/targets/${id}/reconcile`, { playbook, reason });
    expect({ status, body }).toMatchObject({ status: 201 });
    return ended((body as Run).id);
  }

  async function ended(runId: string): Promise<RunDetail> {
    let last: RunDetail | null = null;
    return waitFor(
      async () => {
        last = await get<RunDetail>(`/fleet/remediations/runs/${runId}`);
        return isEnded(last.state) ? last : null;
      },
      () => `run ${runId} to end; ${last === null ? 'it is not there' : asNote(last)}`,
      6 * MINUTE,
      250
    ).then((run) => {
      say(asNote(run));
      return run;
    });
  }

  const opens = (id: string, fault: string): Promise<unknown> =>
    waitFor(
      async () => (await drift(id)).some(({ category }) => category === fault),
      `drift ${fault} of ${id}`,
      2 * MINUTE,
      250
    );

  async function desire(id: string, configRevision: string): Promise<void> {
    const { version } = await get<TargetPolicyView>(`/fleet/targets/${id}/desired-state`);
    const { status, body } = await call(
      'ben',
      'PATCH',
      `/fleet/targets/${id}/desired-state`,
      {
        configRevision,
        reason: 'what it should run',
      },
      { 'if-match': `"${version}"` }
    );
    expect({ status, body }).toMatchObject({ status: 200 });
  }

  beforeAll(async () => {
    collector = new TestCollector({
      OPENCLAW_FLEET_TIMINGS: 'demo',
      OPENCLAW_FLEET_DURATIONS_GRACE: String(TIMINGS.production.grace / 1000),
      // A busy machine's gateways are slow; what is tested here is a person's one click.
      OPENCLAW_FLEET_DURATIONS_RUNTIME_DRIFT_CRITICAL_AFTER: '900',
      SMART_FLEET_MAX_SYNC_LAG_MS: '600000',
    });
    ending.defer(() => collector.close());
    for (const [person, role] of [
      ['ann', 'operator'],
      ['ben', 'approver'],
    ] as const) {
      const made = collector.cli(
        ...['token', 'create', '--name', person, '--role', role],
        ...['--kind', 'person', '--person', person, '--json']
      );
      tokens[person] = (JSON.parse(made) as { token: string }).token;
    }
    await collector.start();
    const start = async (id: string): Promise<KeptGateway> => {
      const kept = await KeptGateway.start(collector, openclaw!, id);
      ending.defer(() => kept.stop());
      await waitFor(
        async () => {
          const { capabilities, reported } = await collector.target(id);
          return reported?.gatewayState === 'running' && capabilities.includes('throttle');
        },
        () => `${id} to run and be repairable; its bridge said:\n${kept.log.slice(-2000)}`,
        START / 3,
        250
      );
      return kept;
    };
    hangs = await start('hangs');
    drifts = await start('drifts');
    fails = await start('fails');
  }, START);

  afterAll(async () => {
    await ending.disposeAsync();
  }, 2 * MINUTE);

  it(
    'brings back one that hangs (BridgeStuck)',
    async () => {
      const pid = hangs.pid;
      process.kill(pid, 'SIGSTOP');
      await opens('hangs', 'runtime');
      const run = await repair('hangs', 'BridgeStuck', 'it hangs');
      expect(run).toMatchObject({ state: 'succeeded', attempt: 1, requestedBy: expect.stringMatching(/^token:/) });
      expect(hangs.pid).not.toBe(pid);
      expect(run.steps.filter(({ kind }) => kind === 'verb').map(({ verb, state }) => [verb, state])).toEqual([
        ['restart', 'succeeded'],
        ['reconcile', 'succeeded'],
      ]);
      expect(await drift('hangs')).toEqual([]);
      const { items } = await get<TimelinePage>('/fleet/targets/hangs/timeline');
      expect(items.filter(({ kind }) => kind === 'repair').length).toBeGreaterThanOrEqual(3);
    },
    10 * MINUTE
  );

  it(
    'restores a configuration that was edited on disk (ConfigDrift)',
    async () => {
      const adopted = await waitFor(
        async () => {
          const answer = await call('ben', 'POST', '/fleet/targets/drifts/adopt-config', {
            title: 'as found',
            paths: ['messages'],
            reason: 'the first revision',
          });
          return answer.status < 300 ? (answer.body as AdoptedConfig) : null;
        },
        'the bridge to report what it runs',
        MINUTE,
        500
      );
      await desire('drifts', adopted.revision.id);
      await waitFor(
        async () => (await collector.target('drifts')).reported?.applyStatus === 'APPLIED',
        'the revision to be known to the bridge',
        MINUTE
      );
      drifts.edit((config) => {
        config.messages.ackReaction = '🙈';
      });
      await opens('drifts', 'config');
      const run = await repair('drifts', 'ConfigDrift', 'somebody edited the file');
      expect(run.state).toBe('succeeded');
      expect(drifts.config().messages.ackReaction).toBe('👀');
      expect(await drift('drifts')).toEqual([]);
      expect(JSON.stringify(run)).not.toContain(drifts.token);
    },
    6 * MINUTE
  );

  it(
    'rolls a revision back by itself that cannot converge',
    async () => {
      const before = drifts.config();
      // From here on the gateway saves what it is told, and does not run it.
      drifts.edit((config) => {
        (config['gateway'] as Record<string, unknown>)['reload'] = { mode: 'off' };
      });
      const { body } = await call('ben', 'POST', '/fleet/configs', {
        title: 'never runs',
        values: { 'messages.ackReaction': '🦞' },
        reason: 'a revision that cannot converge',
      });
      await desire('drifts', (body as ConfigRevision).id);
      await opens('drifts', 'config');
      // The edit itself is not active either: seen half a minute later, which would void what was planned before.
      await opens('drifts', 'runtime');
      const run = await repair('drifts', 'ConfigDrift', 'a new revision');
      expect(run.state).toBe('rolled_back');
      expect(drifts.config().messages.ackReaction).toBe(before.messages.ackReaction);
    },
    10 * MINUTE
  );

  it(
    'throttles jobs that fail, checks, and resumes them one by one (FailureBurst)',
    async () => {
      const flag = join(fails.home, 'works');
      const ids: string[] = [];
      for (const name of ['first', 'second']) {
        const job = await adminCall(fails, 'cron.add', {
          name,
          enabled: true,
          schedule: { kind: 'every', everyMs: 3_600_000 },
          sessionTarget: 'isolated',
          wakeMode: 'now',
          payload: { kind: 'command', argv: ['test', '-e', flag] },
          delivery: { mode: 'none' },
        });
        ids.push(String(job['id']));
      }
      const failures = async (): Promise<number> => (await collector.target('fails')).jobs?.failures_1h ?? 0;
      for (let turn = 1; turn <= 6; turn++) {
        await adminCall(fails, 'cron.run', { id: ids[turn % 2], mode: 'force' });
        await waitFor(async () => (await failures()) >= turn, `failure ${turn}`, MINUTE);
      }
      await waitFor(
        async () =>
          (await get<ViolationPage>('/fleet/targets/fails/violations?state=open')).items.some(
            ({ code }) => code === 'job-failures-over-limit'
          ),
        'the violation',
        MINUTE
      );
      writeFileSync(flag, '');
      const run = await repair('fails', 'FailureBurst', 'jobs fail');
      expect(run.state).toBe('succeeded');
      const verbs = run.steps.filter(({ kind, state }) => kind === 'verb' && state === 'succeeded');
      expect(verbs.map(({ verb }) => verb)).toEqual(['throttle', 'doctor', 'resume', 'resume']);
      const { jobs } = (await adminCall(fails, 'cron.list', { includeDisabled: true })) as {
        jobs: { id: string; enabled: boolean }[];
      };
      expect(jobs.filter(({ id }) => ids.includes(id)).map(({ enabled }) => enabled)).toEqual([true, true]);
    },
    8 * MINUTE
  );

  it('leaves an audit that verifies, and a record of every run', async () => {
    expect(collector.cli('audit', 'verify')).toMatch(/The audit is whole/);
    const { items } = await get<{ items: Run[] }>('/fleet/remediations/runs');
    expect(items.map(({ playbook, state }) => `${playbook} ${state}`).sort()).toEqual([
      'BridgeStuck succeeded',
      'ConfigDrift rolled_back',
      'ConfigDrift succeeded',
      'FailureBurst succeeded',
    ]);
    const { version } = await get<PolicyProfile>('/fleet/policies/default');
    expect(version).toBe(1);
  });
});
