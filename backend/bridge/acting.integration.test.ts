import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { heartbeatSchema, observationSchema } from '@openclaw-fleet/contract';
import type { ActionReceipt, Heartbeat, Instruction, Observation } from '@openclaw-fleet/contract';
import { createTestNode } from '../client/testing/node.ts';
import type { TestNode } from '../client/testing/node.ts';
import type { Bridge } from './bridge.ts';
import { createBridge } from './bridge.ts';
import { settingsFromEnv } from './settings.ts';
import { identityOf } from './supervisor/process.ts';
import { createCaller } from './testing/actions.ts';
import type { TestCaller } from './testing/actions.ts';
import { addFailingJob, adminCall } from './testing/admin.ts';
import { openclawOrSkip, OPENCLAW_VERSION } from './testing/openclaw.ts';
import { gatewayEnvironment, SMALLEST } from './testing/openclaw-config.ts';
import { waitFor } from './testing/wait-for.ts';

const say = (message: string): void => void process.stderr.write(`${message}\n`);
const openclaw = await openclawOrSkip('a bridge that keeps a real gateway');

const MINUTE = 60_000;
const TOKEN = 'integration-token-of-the-acting-side';

(openclaw === null ? describe.skip : describe)(`a bridge that keeps a real OpenClaw ${OPENCLAW_VERSION}`, () => {
  let home: string;
  let node: TestNode;
  let bridge: Bridge;
  let collector: TestCaller;
  const logged: string[] = [];
  const port = 20_000 + 120 * (process.pid % 100);
  const url = new URL(`http://127.0.0.1:${port}`);

  const beats = (): Heartbeat[] =>
    node.collector.requests
      .filter(({ path }) => path === '/openclaw/availability')
      .map(({ body }) => heartbeatSchema.parse(JSON.parse(body.toString())));
  const capabilities = (): readonly string[] => beats().findLast((beat) => beat.capabilities)?.capabilities ?? [];
  const doorPort = (): number =>
    Number(
      beats()
        .findLast(({ reported }) => reported?.actions_address)
        ?.reported?.actions_address?.split(':')
        .at(-1)
    );
  const observe = async (): Promise<Observation> =>
    observationSchema.parse((await collector.send('GET', '/v1/observation')).body);
  async function carryOut(instruction: Instruction, boot: string | null = null): Promise<ActionReceipt> {
    const request = collector.request(instruction, { gateway_boot_id: boot });
    await collector.act(request);
    const receipt = await collector.ended(request.action_id, 4 * MINUTE);
    say(JSON.stringify({ ...receipt, notes: receipt.notes.map(({ text }) => text) }, null, 1));
    return receipt;
  }
  const gatewayPid = (): number =>
    (JSON.parse(readFileSync(join(home, 'bridge/gateway-process.json'), 'utf8')) as { gateway: { pid: number } })
      .gateway.pid;

  async function startBridge(): Promise<void> {
    node.collector.requests.length = 0;
    bridge = createBridge({
      settings: settingsFromEnv({
        PATH: process.env['PATH'],
        ...gatewayEnvironment(home, TOKEN),
        OPENCLAW_TIMINGS: 'demo',
        OPENCLAW_BRIDGE_GATEWAY_URL: url.href,
        OPENCLAW_BRIDGE_GATEWAY_TOKEN_FILE: join(home, 'token'),
        OPENCLAW_BRIDGE_LISTEN: '127.0.0.1:0',
        OPENCLAW_BRIDGE_STATE_DIR: join(home, 'bridge'),
        OPENCLAW_BRIDGE_ACTIONS_LISTEN: '127.0.0.1:0',
        OPENCLAW_CLIENT_PIN: collector.identity.pin,
        OPENCLAW_ACTIONS_PIN: collector.signer.pin,
        OPENCLAW_BRIDGE_SUPERVISOR: 'child',
        OPENCLAW_BRIDGE_CHILD_COMMAND: JSON.stringify([
          process.execPath,
          openclaw,
          ...['gateway', 'run', '--port', String(port), '--auth', 'token', '--bind', 'loopback'],
        ]),
      }),
      publishing: { ...node.settings, timings: 'demo' },
      logger: {
        info: (line) => logged.push(line),
        warn: (line) => logged.push(line),
        error: (line) => logged.push(line),
      },
    });
    await bridge.start();
    await waitFor(
      () => `every verb: ${capabilities().join(' ')}; ${logged.slice(-5).join('\n')}`,
      () => capabilities().includes('throttle'),
      3 * MINUTE
    );
  }

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'bridge-acting-'));
    mkdirSync(join(home, '.openclaw'), { mode: 0o700 });
    writeFileSync(join(home, '.openclaw/openclaw.json'), JSON.stringify(SMALLEST), { mode: 0o600 });
    writeFileSync(join(home, 'token'), TOKEN, { mode: 0o600 });
    node = await createTestNode();
    node.collector.answer = () => ({ body: { status: 'accepted', next_heartbeat_seconds: 3 } });
    collector = createCaller(node.authority, doorPort);
    await startBridge();
  }, 4 * MINUTE);

  afterAll(async () => {
    await bridge.stop();
    const pid = gatewayPid();
    if (identityOf(pid) !== null) process.kill(-pid, 'SIGKILL');
    await waitFor('the end of the gateway', () => identityOf(pid) === null);
    await node.close();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }, MINUTE);

  it('started it, and declares what works', async () => {
    expect(capabilities()).toEqual([
      ...['restart', 'reload', 'reconcile', 'throttle', 'resume', 'doctor', 'config'],
      ...['supervisor:child', 'transport:direct_https'],
    ]);
    expect(await observe()).toMatchObject({ gateway_state: 'running', metrics_ok: true, config_valid: true });
  });

  it(
    'throttles a failing job, leaves it disabled while its check fails, and resumes it when it is well',
    async () => {
      const job = await addFailingJob({ url, token: TOKEN });
      const id = String(job['id']);
      const enabled = async (): Promise<boolean | undefined> =>
        (await observe()).jobs?.find((one) => one.id === id)?.enabled;
      expect(await carryOut({ verb: 'throttle', jobs: [id] })).toMatchObject({ state: 'succeeded' });
      expect((await observe()).jobs?.find((one) => one.id === id)).toMatchObject({ enabled: false, throttled: true });
      expect(await carryOut({ verb: 'resume', jobs: [id], check: true })).toMatchObject({ state: 'failed' });
      expect(await enabled()).toBe(false);
      await adminCall({ url, token: TOKEN }, 'cron.update', {
        id,
        patch: { payload: { kind: 'command', argv: ['sh', '-c', 'exit 0'] } },
      });
      expect(await carryOut({ verb: 'resume', jobs: [id], check: true })).toMatchObject({ state: 'succeeded' });
      expect(await enabled()).toBe(true);
      const heartbeat = (await observe()).jobs?.find((one) => !one.throttleable);
      if (heartbeat !== undefined) {
        expect(await carryOut({ verb: 'throttle', jobs: [heartbeat.id] })).toMatchObject({ refusal: 'protected-job' });
      }
    },
    2 * MINUTE
  );

  it(
    'reads why it may not be well, and everything anew',
    async () => {
      expect(await carryOut({ verb: 'doctor' })).toMatchObject({ state: 'succeeded', after: { unread: 0 } });
      expect(await carryOut({ verb: 'reconcile', apply: null })).toMatchObject({ state: 'succeeded' });
    },
    MINUTE
  );

  it(
    'restarts it by RPC, in the same process, to another boot id',
    async () => {
      const [before, pid] = [await observe(), gatewayPid()];
      const receipt = await carryOut({ verb: 'restart', what: 'gateway' }, before.gateway_boot_id);
      expect(receipt).toMatchObject({ state: 'succeeded', before: { way: 'rpc' } });
      expect(receipt.after['gateway_boot_id']).not.toBe(before.gateway_boot_id);
      expect(gatewayPid()).toBe(pid);
      expect((await observe()).gateway_boot_id).toBe(receipt.after['gateway_boot_id']);
    },
    4 * MINUTE
  );

  it(
    'adopts it after its own end, and cures it when it hangs (SIGSTOP) through its supervisor',
    async () => {
      const pid = gatewayPid();
      await bridge.stop();
      expect(identityOf(pid)).not.toBeNull();
      await startBridge();
      expect(gatewayPid()).toBe(pid);
      const before = await observe();
      // Of the demo's limits: a restart in 15 s.
      await waitFor('the limits', () => Date.now() > Date.parse(before.restart_allowed_at ?? '1970-01-01'), MINUTE);
      process.kill(pid, 'SIGSTOP');
      const receipt = await carryOut({ verb: 'restart', what: 'gateway' }, before.gateway_boot_id);
      expect(receipt).toMatchObject({ state: 'succeeded', before: { way: 'supervisor', gateway_state: 'hung' } });
      expect(receipt.notes.map(({ text }) => text).join('\n')).toMatch(/SIGTERM[^]*did not end within 15 s: SIGKILL/);
      expect(identityOf(pid)).toBeNull();
      expect(gatewayPid()).not.toBe(pid);
      const after = await observe();
      expect(after).toMatchObject({ gateway_state: 'running' });
      expect(after.gateway_boot_id).not.toBe(before.gateway_boot_id);
      expect(logged.join('\n')).not.toContain(TOKEN);
    },
    5 * MINUTE
  );
});
