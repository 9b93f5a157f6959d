import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { batchSchema, dryRunSchema, planSchema, runDetailSchema, runPageSchema } from '@openclaw-fleet/contract';
import type { Role } from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { waitFor } from '../../api/testing/harness.ts';
import { network } from '../testing/network.ts';
import { repairableFleet } from '../testing/repairs.ts';
import type { RepairableFleet } from '../testing/repairs.ts';
import { openclawFleet } from '../testing/terminal.ts';
import type { Said } from '../testing/terminal.ts';
import type { Confirm } from '../command.ts';
import { NO_TERMINAL } from '../terminal/screen.ts';

// Some of these pass minutes of a fleet's time, on a machine that may be busy.
jest.setTimeout(60_000);

/** Runs a command at a terminal of its own (util-linux). */
const PSEUDO_TERMINAL = '/usr/bin/script';
const WHY = ['--reason', 'seen at night'];
const STUCK = ['--playbook', 'BridgeStuck'];

let fleet: RepairableFleet;
beforeEach(async () => {
  fleet = await repairableFleet(['hung', 'hung-2']);
});
afterEach(() => fleet.api.stop());

const shellOf = (role: Role, token = fleet.api.tokenOf[role]) => ({
  OPENCLAW_FLEET_URL: fleet.api.origin,
  OPENCLAW_FLEET_TOKEN: token,
});
const as = (role: Role, ...args: string[]): Promise<Said> => openclawFleet(args, shellOf(role));
const operator = (...args: string[]): Promise<Said> => as('operator', ...args);
const approver = (...args: string[]): Promise<Said> => as('approver', ...args);
const viewer = (...args: string[]): Promise<Said> => as('viewer', ...args);
/** At a terminal, where a question is answered. */
async function asked(answer: boolean, ...args: string[]): Promise<Said & { readonly questions: string[] }> {
  const questions: string[] = [];
  const confirm: Confirm = (question) => {
    questions.push(question);
    return Promise.resolve(answer);
  };
  return { ...(await openclawFleet(args, shellOf('approver'), NO_TERMINAL, confirm)), questions };
}
function json<T>({ out }: Said, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(out));
}
async function begun(id = 'hung'): Promise<string> {
  return json(await operator('reconcile', id, ...WHY, '--json'), runDetailSchema).id;
}
/** A batch of two, which waits for another person. */
async function waitingBatch() {
  const said = await operator('reconcile', 'hung', 'hung-2', ...STUCK, ...WHY, '--json');
  return { said, batch: json(said, batchSchema) };
}
const runsNow = async () => json(await viewer('runs', '--json'), runPageSchema);
const keyOf = ({ err }: Said): string => /^Idempotency-Key: (\S+)$/m.exec(err)?.[1] ?? '';

describe('reconcile', () => {
  it('begins the repair of one target by id or name, and says its key and how to follow it', async () => {
    const said = await operator('reconcile', 'hung.prod', ...WHY);
    expect(said.code).toBe(0);
    expect(keyOf(said)).toMatch(/^[0-9a-f-]{36}$/);
    const { items } = await runsNow();
    expect(items).toMatchObject([{ targetId: 'hung', playbook: 'BridgeStuck', state: 'approved' }]);
    expect(said.out).toMatch(/^Target +hung\.prod \(hung\)$/m);
    expect(said.out).toMatch(/^Asked .*: seen at night$/m);
    expect(said.out).toContain(`To follow it: openclaw-fleet run ${items[0]!.id}`);
  });

  it('asks for the same with the same key, and says so', async () => {
    const first = await operator('reconcile', 'hung', ...WHY, '--json');
    const again = await operator('reconcile', 'hung', ...WHY, '--json', '--idempotency-key', keyOf(first));
    expect([again.code, json(again, runDetailSchema).id]).toEqual([0, json(first, runDetailSchema).id]);
    expect(again.err).toContain('it is the same repair');
    expect((await runsNow()).total).toBe(1);
    const other = await operator('reconcile', 'hung', '--reason', 'another one', '--idempotency-key', keyOf(first));
    expect([other.code, other.err]).toEqual([1, expect.stringMatching(/answered 409: .*key/)]);
    expect(await operator('reconcile', 'hung', ...WHY, '--idempotency-key', 'short')).toMatchObject({
      code: 2,
      err: expect.stringContaining('--idempotency-key must be 8 to 128'),
    });
  });

  it('says how to ask again when the answer is lost, and that does nothing twice', async () => {
    const between = await network(fleet.api.port);
    between.let(true);
    const { remediation } = fleet.api;
    const request = remediation.request.bind(remediation);
    jest.spyOn(remediation, 'request').mockImplementationOnce(async (wanted) => {
      const made = await request(wanted);
      between.cut();
      return made;
    });
    const url = ['--url', `http://127.0.0.1:${between.port}`];
    const lost = await operator('reconcile', 'hung', ...WHY, ...url);
    const key = keyOf(lost);
    expect([lost.code, lost.out]).toEqual([1, '']);
    expect(lost.err).toMatch(
      new RegExp(`Whether it took this is not known\\. Ask again with --idempotency-key ${key}: nothing is done twice`)
    );
    const again = await operator('reconcile', 'hung', ...WHY, '--idempotency-key', key, '--json');
    expect([again.code, (await runsNow()).items.map(({ id }) => id)]).toEqual([0, [json(again, runDetailSchema).id]]);
    between.cut();
    await between.close();
  });

  it('shows what would happen, and asks for nothing', async () => {
    const one = await operator('reconcile', 'hung', ...WHY, '--dry-run');
    expect([one.code, one.err]).toEqual([0, '']);
    expect(one.out).toMatch(/^Digest +[0-9a-f]{64}$/m);
    expect(one.out).toMatch(/^Needs +no approval\./m);
    expect(one.out).toMatch(/^hung\.prod +us-east-1 +drift\.runtime +major/m);
    expect(one.out).toContain('Nothing holds it back. It would begin at once.');
    const two = await operator('reconcile', '--zone', 'us-east-1', ...STUCK, ...WHY, '--dry-run');
    expect([two.code, two.out]).toEqual([3, expect.stringContaining('It would wait for the approvals it needs')]);
    expect(two.out).toMatch(/^Needs +1 approval\(s\)\./m);
    const held = await operator('reconcile', 'well', ...STUCK, ...WHY, '--dry-run');
    expect([held.code, held.out]).toEqual([
      1,
      expect.stringMatching(/well\.prod: no-fault\. .*\n +-> openclaw-fleet target well\.prod\n/),
    ]);
    const dry = json(await operator('reconcile', 'hung', ...WHY, '--dry-run', '--json'), dryRunSchema);
    expect(dry).toMatchObject({ plan: { playbook: 'BridgeStuck' }, refusals: [] });
    expect((await runsNow()).total).toBe(0);
  });

  it('says which guardrail holds it back, and what would let it pass', async () => {
    const refused = await operator('reconcile', 'well', ...STUCK, ...WHY);
    expect([refused.code, refused.out]).toEqual([1, '']);
    const [blocked] = (await runsNow()).items;
    expect(refused.err).toMatch(/held back by no-fault: .* Next: openclaw-fleet target well\.prod\. /);
    expect(refused.err).toContain(`It is kept as the run ${blocked!.id}.`);
    await begun('hung');
    const busy = await operator('reconcile', 'hung', ...WHY);
    expect([busy.code, busy.err]).toEqual([
      1,
      expect.stringMatching(/held back by target-busy: .*openclaw-fleet runs --target hung\.prod/),
    ]);
  });

  it('takes several targets or a selector as one batch, which waits for another person', async () => {
    const { said, batch } = await waitingBatch();
    expect([said.code, batch.state]).toEqual([3, 'pending_approval']);
    expect(batch.plan.targets.map(({ targetId }) => targetId)).toEqual(['hung', 'hung-2']);
    expect(await operator('cancel', batch.id, ...WHY)).toMatchObject({ code: 0, out: `Cancelled: ${batch.id}.\n` });
    const selected = await operator('reconcile', '--zone', 'us-east-1', '--tag', 'gpu:true', ...STUCK, ...WHY);
    expect([selected.code, selected.out]).toEqual([
      3,
      expect.stringMatching(/Another person approves it: openclaw-fleet approve plan-\S+ --reason <why>\n$/),
    ]);
    const nobody = await operator('reconcile', '--zone', 'nowhere', ...STUCK, ...WHY);
    expect([nobody.code, nobody.err]).toEqual([1, expect.stringContaining('the collector answered 422')]);
  });

  it('says how it is called wrongly', async () => {
    for (const [args, message] of [
      [['hung'], /--reason is missing/],
      [[...WHY], /a target is missing, or one of --zone/],
      [['hung', '--zone', 'a', ...WHY], /targets go without --zone/],
      [['hung', 'hung-2', ...WHY], /--playbook is missing: several/],
      [['--tag', 'a', ...WHY], /--playbook is missing: several/],
      [['hung', '--playbook', 'RmRf', ...WHY], /--playbook must be BridgeStuck, /],
    ] as const) {
      const said = await operator('reconcile', ...args);
      expect([said.code, said.out, said.err]).toEqual([2, '', expect.stringMatching(message)]);
    }
    expect((await runsNow()).total).toBe(0);
  });

  it('names what is missing: a target, a role', async () => {
    expect(await operator('reconcile', 'hung-', ...WHY)).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no target "hung-": did you mean hung-2.prod?'),
    });
    const { code, err } = await viewer('reconcile', 'hung', ...WHY);
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/needs the role operator.*token create --name <name> --role operator/),
    ]);
    expect((await openclawFleet(['approve', 'run-1', ...WHY], { OPENCLAW_FLEET_URL: fleet.api.origin })).err).toMatch(
      /--role approver --kind person --person <Grafana identifier>/
    );
    expect((await runsNow()).total).toBe(0);
  });
});

describe('following', () => {
  /** Lets the fleet's time pass until a command is through. */
  async function meanwhile(command: Promise<Said>): Promise<Said> {
    const end = { came: false };
    void command.finally(() => (end.came = true));
    await waitFor(() => fleet.api.instruments.stream.subscribers > 0, 'the follower');
    for (let minute = 0; minute < 30 && !end.came; minute++) {
      await fleet.pass(1);
      fleet.api.tick();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return command;
  }

  it('tells each state and step as it happens, in order, and exits with 0 for a success', async () => {
    const { code, out } = await meanwhile(operator('reconcile', 'hung', ...WHY, '--follow'));
    expect(code).toBe(0);
    const told = [...out.matchAll(/^2026-02-06 12:\d\d:\d\dZ {2}(\S+(?: \d of \d)?)/gm)].map(([, what]) => what);
    const steps = told.filter((what) => what?.startsWith('step'));
    expect(told[0]).toBe('approved');
    expect(told.indexOf('running')).toBeLessThan(told.indexOf('step 1 of 7'));
    expect([...new Set(steps)]).toEqual([1, 2, 3, 4, 5, 6, 7].map((step) => `step ${step} of 7`));
    expect(told.filter((what) => what === 'verifying')).toHaveLength(1);
    expect(told.at(-1)).toBe('succeeded');
    expect(out).toMatch(/step 2 of 7 +Restart it safely: done/);
    expect(fleet.api.bridges.executed.map(({ verb }) => verb)).toEqual(['restart', 'reconcile']);
  });

  it('exits with 1 for any other end, and says why', async () => {
    fleet.api.bridges.node('hung').silent = true;
    const id = await begun();
    const { code, out } = await meanwhile(viewer('run', id));
    expect([code, out]).toEqual([1, expect.stringMatching(/Z {2}unreachable\s.*did not answer/s)]);
  });

  it('goes on over a network that fails, and says so', async () => {
    const between = await network(fleet.api.port);
    const id = await begun();
    const following = viewer('run', id, '--url', `http://127.0.0.1:${between.port}`);
    await waitFor(() => fleet.api.instruments.stream.subscribers > 0, 'the follower');
    between.let(false);
    between.cut();
    await fleet.pass(8);
    between.let(true);
    const { code, out } = await following;
    expect([code, out]).toEqual([0, expect.stringMatching(/Z {2}succeeded\s/)]);
    between.cut();
    await between.close();
  });

  it('ends with what to do once the token is revoked', async () => {
    const id = await begun();
    const following = viewer('run', id);
    await waitFor(() => fleet.api.instruments.stream.subscribers > 0, 'the follower');
    fleet.api.revokeAll();
    fleet.api.tick();
    const { code, err } = await following;
    expect([code, err]).toEqual([1, expect.stringMatching(/does not take this token: .*revoked/)]);
  });

  it('shows one that has ended at once, with its evidence if one likes, and as JSON', async () => {
    const id = await begun();
    await fleet.pass(8);
    const { code, out } = await viewer('run', id, '--evidence');
    expect(code).toBe(0);
    expect(out).toMatch(/^Step 2: Restart it safely$/m);
    expect(out).toMatch(/^ {2}gateway_boot_id: gateway-1$|^ {4}gateway_boot_id: gateway-1$/m);
    expect((await viewer('run', id)).out).not.toContain('Step 2: Restart');
    expect(json(await viewer('run', id, '--json'), runDetailSchema)).toEqual(
      runDetailSchema.parse(await (await fleet.api.ask(`/fleet/remediations/runs/${id}`)).json())
    );
  });

  it('follows a batch from its approval to its end, each target by name', async () => {
    const { batch } = await waitingBatch();
    const following = viewer('run', batch.id);
    await waitFor(() => fleet.api.instruments.stream.subscribers > 0, 'the follower');
    expect((await approver('approve', batch.id, ...WHY, '--yes')).code).toBe(0);
    const { code, out } = await meanwhile(following);
    expect(code).toBe(0);
    for (const name of ['hung.prod', 'hung-2.prod'])
      for (const state of ['pending_approval', 'approved', 'running', 'succeeded'])
        expect(out).toMatch(new RegExp(`Z {2}${state} +${name}: `));
    expect(out).toMatch(/^Batch +done, wave \d of \d, 2 targets \(runs: succeeded 2\)/m);
  });

  it('shows one that waits, once, and exits with 3', async () => {
    const { batch } = await waitingBatch();
    const [run] = batch.runs;
    for (const id of [batch.id, run!.id]) {
      const { code, out } = await viewer('run', id, '--once');
      expect([code, out]).toEqual([3, expect.stringContaining(`openclaw-fleet approve ${id} --reason`)]);
    }
    expect(await viewer('run', 'run-unknown')).toMatchObject({
      code: 1,
      err: expect.stringContaining('there is no run or batch run-unknown: openclaw-fleet runs lists them'),
    });
    expect(await viewer('run', '../x')).toMatchObject({ code: 2 });
  });
});

describe('approve, deny and cancel', () => {
  it('shows the plan with its digest, asks, and sends the digest that was shown', async () => {
    const { batch } = await waitingBatch();
    const no = await asked(false, 'approve', batch.id, ...WHY);
    expect([no.code, no.err, no.questions]).toEqual([
      1,
      'openclaw-fleet: nothing was approved\n',
      ['Approve this plan?'],
    ]);
    expect(no.out).toContain(batch.plan.digest);
    expect((await viewer('run', batch.id, '--once')).code).toBe(3);
    const yes = await asked(true, 'approve', batch.runs[0]!.id, ...WHY);
    expect([yes.code, yes.out]).toEqual([0, expect.stringMatching(/^Approved: it begins before 2026-02-06 /m)]);
    await fleet.pass(20);
    expect((await viewer('run', batch.id)).code).toBe(0);
  });

  it('approves no other plan than the one that was shown', async () => {
    const { batch } = await waitingBatch();
    // The target changes while the person reads.
    const confirm: Confirm = async () => {
      fleet.api.clock.now += 1000;
      await fleet.beat('hung', { gateway_boot_id: 'boot-2' });
      return true;
    };
    const { code, err } = await openclawFleet(['approve', batch.id, ...WHY], shellOf('approver'), NO_TERMINAL, confirm);
    expect([code, err]).toEqual([1, expect.stringContaining('the collector answered 409')]);
    await fleet.pass(2);
    expect(fleet.api.bridges.executed).toEqual([]);
  });

  it('asks nobody in a script, where --yes or a digest must say so', async () => {
    const { batch } = await waitingBatch();
    expect(await approver('approve', batch.id, ...WHY)).toMatchObject({
      code: 2,
      err: expect.stringContaining('in a script give --yes'),
    });
    expect(await approver('approve', batch.id, ...WHY, '--yes', '--digest', '0'.repeat(64))).toMatchObject({
      code: 1,
      err: expect.stringContaining(`the plan has the digest ${batch.plan.digest}, and not the one given`),
    });
    const said = await approver('approve', batch.id, ...WHY, '--yes', '--digest', batch.plan.digest, '--json');
    expect([said.code, json(said, planSchema).approvals.map(({ person }) => person)]).toEqual([0, ['ada']]);
  });

  (existsSync(PSEUDO_TERMINAL) ? it : it.skip)('asks at a real terminal, where anything but yes is no', async () => {
    const { batch } = await waitingBatch();
    const launcher = join(import.meta.dirname, '../openclaw-fleet.mjs');
    /** @param answer what the person types */
    const typed = async (answer: string) => {
      const command = `'${process.execPath}' '${launcher}' approve ${batch.id} --reason 'seen at night'`;
      const env = { ...shellOf('approver'), PATH: process.env['PATH'], TERM: 'dumb' };
      const child = spawn(PSEUDO_TERMINAL, ['-qec', command, '/dev/null'], { env });
      let out = '';
      child.stdout.on('data', (chunk: Buffer) => {
        const before = out;
        out += chunk.toString();
        if (!before.includes('[y/N]') && out.includes('[y/N]')) child.stdin.write(answer);
      });
      const code = await new Promise((resolve) => child.on('close', resolve));
      return { code, out };
    };
    for (const answer of ['\r', 'no\r', '\u0003'])
      expect(await typed(answer)).toMatchObject({ code: 1, out: expect.stringContaining('nothing was approved') });
    expect((await viewer('run', batch.id, '--once')).code).toBe(3);
    expect(await typed('y\r')).toMatchObject({ code: 0, out: expect.stringContaining('Approved: it begins before') });
  });

  it('is not for the requester, but by break-glass, which is asked for and marked', async () => {
    const own = await approver('reconcile', 'hung', 'hung-2', ...STUCK, ...WHY, '--json');
    const { id } = json(own, batchSchema);
    expect(await approver('approve', id, ...WHY, '--yes')).toMatchObject({
      code: 1,
      err: expect.stringContaining('the collector answered 409'),
    });
    const broken = await asked(true, 'approve', id, ...WHY, '--break-glass');
    expect([broken.code, broken.questions]).toEqual([0, [expect.stringContaining('ALONE, by break-glass')]]);
    expect(broken.out).toContain('Approved by break-glass, which everything marks');
    expect((await viewer('run', id, '--once')).out).toMatch(/^BREAK-GLASS: one approver decided alone$/m);
    expect((await viewer('runs')).out).toContain('BREAK-GLASS');
  });

  it('deny ends what has not begun', async () => {
    const { batch } = await waitingBatch();
    expect(await approver('deny', batch.runs[0]!.id, ...WHY)).toMatchObject({ code: 0 });
    expect((await runsNow()).items.map(({ state }) => state)).toEqual(['denied', 'denied']);
    expect((await viewer('run', batch.id)).code).toBe(1);
    expect(await operator('deny', batch.id, ...WHY)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/needs the role approver.*--kind person/),
    });
  });

  it('cancel ends it at once, or says that it ends after the step under way', async () => {
    const id = await begun();
    expect(await operator('cancel', id, ...WHY)).toMatchObject({ code: 0, out: `Cancelled: ${id}.\n` });
    expect(await operator('cancel', id, ...WHY)).toMatchObject({ code: 1, err: expect.stringContaining('409') });
    fleet.api.bridges.node('hung-2').takesMs = 30_000;
    const running = await begun('hung-2');
    await waitFor(async () => {
      fleet.api.clock.now += 5000;
      await fleet.api.remediation.tick();
      return fleet.api.bridges.executed.length > 0;
    }, 'the restart');
    expect((await operator('cancel', running, ...WHY)).out).toContain('It ends after the step under way');
    expect((await viewer('run', running, '--once')).out).toContain('it is to end after the step under way');
  });
});
