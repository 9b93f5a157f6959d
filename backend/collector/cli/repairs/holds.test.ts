import { stripVTControlCharacters } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  auditPageSchema,
  holdListSchema,
  holdSchema,
  remediationStatusSchema,
  runDetailSchema,
  runPageSchema,
  TIMINGS,
} from '@openclaw-fleet/contract';
import type { Role } from '@openclaw-fleet/contract';
import type { z } from 'zod';
import { BRIDGE_BLOCKS } from '../../api/testing/harness.ts';
import { JITTER_SHARE } from '../../remediation/rules/attempts.ts';
import { repairableFleet } from '../testing/repairs.ts';
import type { RepairableFleet } from '../testing/repairs.ts';
import { openclawFleet, TERMINAL } from '../testing/terminal.ts';
import type { Said } from '../testing/terminal.ts';
import { NO_TERMINAL } from '../terminal/screen.ts';
import type { Screen } from '../terminal/screen.ts';
import { widthOf } from '../terminal/text.ts';

// Some of these pass minutes of a fleet's time, on a machine that may be busy.
jest.setTimeout(60_000);

/** What a node may call itself, and a person may say, to take over a terminal. */
const HOSTILE = 'evil\u001b[2J\u001b]0;owned\u0007\u009b31m\u202egpj\n\rfake  online';
const WHY = ['--reason', 'seen at night'];

let fleet: RepairableFleet;
async function begin(): Promise<void> {
  fleet = await repairableFleet(['hung', 'hung-2']);
}
const end = (): Promise<void> => fleet.api.stop();

function run(role: Role, args: readonly string[], screen: Screen = NO_TERMINAL): Promise<Said> {
  return openclawFleet(
    args,
    { OPENCLAW_FLEET_URL: fleet.api.origin, OPENCLAW_FLEET_TOKEN: fleet.api.tokenOf[role] },
    screen
  );
}
const operator = (...args: string[]): Promise<Said> => run('operator', args);
const approver = (...args: string[]): Promise<Said> => run('approver', args);
const viewer = (...args: string[]): Promise<Said> => run('viewer', args);
function json<T>({ out }: Said, schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(out));
}
const kinds = async (...args: string[]): Promise<string[]> =>
  json(await viewer('holds', '--json', ...args), holdListSchema).items.map(
    ({ kind, targetId }) => `${kind} ${targetId ?? 'all'}`
  );

const stateOf = async (id: string): Promise<string> =>
  json(await viewer('run', id, '--once', '--json'), runDetailSchema).state;

describe('holding back', () => {
  beforeEach(begin);
  afterEach(end);

  it('pause and resume are of all, or of one target, and say what ends them', async () => {
    expect((await viewer('holds')).out).toBe('Nothing holds repairs back.\n');
    const all = await operator('pause', ...WHY);
    expect([all.code, all.out]).toEqual([0, expect.stringContaining('openclaw-fleet resume --reason <why>')]);
    expect((await operator('pause', 'hung.prod', ...WHY)).out).toContain(
      'openclaw-fleet resume hung.prod --reason <why>'
    );
    expect(await kinds()).toEqual(['pause all', 'pause hung']);
    expect(await kinds('--target', 'hung.prod')).toEqual(['pause hung']);
    const { out } = await viewer('holds');
    expect(out).toMatch(/^pause +all +\S+ \w+ +token:\S+ +seen at night$/m);
    expect(out).toMatch(/^pause +hung\.prod /m);
    const held = await operator('reconcile', 'hung', '--dry-run', ...WHY);
    expect([held.code, held.out]).toEqual([1, expect.stringContaining('-> openclaw-fleet resume --reason <why>')]);
    expect(await operator('pause', ...WHY)).toMatchObject({ code: 1, err: expect.stringContaining('answered 409') });
    expect((await operator('resume', ...WHY)).code).toBe(0);
    expect(json(await operator('resume', 'hung', ...WHY, '--json'), holdListSchema).items).toEqual([]);
    expect(await operator('pause')).toMatchObject({ code: 2, err: expect.stringContaining('--reason is missing') });
    expect((await viewer('pause', ...WHY)).err).toMatch(/needs the role operator.*--role operator/);
  });

  it('cordon and uncordon, retire and reinstate are of one target', async () => {
    expect(json(await operator('cordon', 'hung', ...WHY, '--json'), holdSchema)).toMatchObject({
      kind: 'cordon',
      targetId: 'hung',
    });
    expect((await operator('uncordon', 'hung', ...WHY)).out).toContain('Uncordoned hung.prod');
    expect(await operator('cordon', ...WHY)).toMatchObject({
      code: 2,
      err: expect.stringContaining('<id or name> is missing'),
    });
    expect((await approver('retire', 'well', ...WHY)).out).toContain(
      'openclaw-fleet reinstate well.prod --reason <why>'
    );
    const retired = await viewer('targets', '--q', 'well', '--json');
    expect(retired.out).toContain('"state": "retired"');
    expect(await approver('reinstate', 'well.prod', ...WHY)).toMatchObject({ code: 0 });
  });

  it('what a rule set is lifted by a person, and says where there is nothing to lift', async () => {
    for (const args of [
      ['clear-quarantine', 'hung', '--fault', 'drift.runtime'],
      ['lift-isolation', 'hung'],
      ['close-breaker', 'BridgeStuck', 'drift.runtime'],
    ]) {
      const { code, err } = await approver(...args, ...WHY);
      expect([args, code, err]).toEqual([args, 1, expect.stringContaining('the collector answered 409')]);
      expect((await operator(...args, ...WHY)).err).toMatch(/needs the role approver.*--kind person/);
    }
    expect(await approver('close-breaker', 'RmRf', 'drift.runtime', ...WHY)).toMatchObject({ code: 2 });
  });

  it('a quarantine is cleared, after which a repair may begin again', async () => {
    fleet.api.bridges.node('hung').carryOut = () => undefined;
    const runMinutes = 5;
    // How much of its jitter a backoff takes is drawn with the id of the run before.
    const longestBackoff = Math.ceil((TIMINGS.production.attemptBackoff * (1 + JITTER_SHARE)) / 60_000);
    const ended = async (): Promise<string[]> =>
      json(await viewer('runs', '--json'), runPageSchema).items.map(({ trigger, state }) => `${trigger} ${state}`);
    expect(await operator('reconcile', 'hung', ...WHY)).toMatchObject({ code: 0 });
    await fleet.pass(runMinutes + longestBackoff);
    expect(await ended()).toEqual(['manual no_effect']);
    // By now its drift is critical, and needs another person; what one approved is tried again by itself.
    const asked = await operator('reconcile', 'hung', ...WHY);
    expect(asked).toMatchObject({ code: 3 });
    const [, id = ''] = /^Run +(\S+)$/m.exec(asked.out) ?? [];
    expect(await approver('approve', id, ...WHY, '--yes')).toMatchObject({ code: 0 });
    await fleet.pass(runMinutes + longestBackoff + runMinutes);
    expect(await ended()).toEqual(['retry no_effect', 'manual no_effect', 'manual no_effect']);
    expect(await kinds('--kind', 'quarantine')).toEqual(['quarantine hung']);
    const refused = await operator('reconcile', 'hung', ...WHY, '--playbook', 'BridgeStuck');
    expect(refused.err).toMatch(
      /held back by quarantined: .*openclaw-fleet clear-quarantine hung\.prod --reason <why>/
    );
    expect((await approver('clear-quarantine', 'hung', ...WHY)).out).toContain('its attempts are counted anew');
    expect(await kinds('--kind', 'quarantine')).toEqual([]);
    expect((await operator('reconcile', 'hung', ...WHY, '--dry-run')).out).toContain('Nothing holds it back.');
  });
});

describe('looking', () => {
  beforeAll(async () => {
    await begin();
    await operator('reconcile', 'hung', '--reason', 'it hangs too');
    await fleet.pass(8);
    const reported = { ...BRIDGE_BLOCKS.reported, gateway_state: 'hung', health_status: 'error' } as const;
    fleet.api.clock.now += 1000;
    await fleet.api.send('hostile', {
      ...BRIDGE_BLOCKS,
      reported: { ...reported, openclaw_version: HOSTILE, bridge_version: HOSTILE, health_reasons: [] },
      capabilities: ['restart', 'reconcile'],
      hostname: HOSTILE,
      tags: [`region:${HOSTILE}`],
    });
    fleet.api.bridges.add('hostile', { gatewayState: 'hung', health: 'error' });
    fleet.api.bridges.node('hostile').carryOut = () => ({
      state: 'failed',
      message: HOSTILE,
      notes: [{ at: new Date().toISOString(), text: HOSTILE }],
    });
    await operator('reconcile', 'hostile', '--reason', 'it hangs');
    for (let tick = 0; tick < 60; tick++) {
      fleet.api.clock.now += 1000;
      await fleet.api.remediation.tick();
    }
    expect(await stateOf(await newest())).toBe('failed');
    await operator('cordon', 'hostile', '--reason', 'it is odd');
  });
  afterAll(end);
  const newest = async (): Promise<string> =>
    json(await viewer('runs', '--target', 'hostile', '--json'), runPageSchema).items[0]!.id;

  const VIEWS: [Role, string[]][] = [
    ['viewer', ['runs']],
    ['viewer', ['run', 'NEWEST', '--once', '--evidence']],
    ['operator', ['reconcile', 'hostile', '--reason', 'look', '--dry-run', '--playbook', 'BridgeStuck']],
    ['viewer', ['holds']],
    ['viewer', ['repairs']],
    ['approver', ['audit', 'list']],
    [
      'viewer',
      ['events', '--last-event-id', '0', '--event', 'remediation-status', '--target', 'hostile', '--count', '2'],
    ],
  ];

  it.each(VIEWS)('as %s: %j fits 80 columns, and lets nothing of a node at the terminal', async (role, words) => {
    const id = await newest();
    const args = words.map((word) => word.replace('NEWEST', id));
    const coloured = await run(role, args, TERMINAL);
    expect(coloured.err).toBe('');
    for (const line of coloured.out.split('\n'))
      expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(80);
    const plain = await run(role, args, { columns: 80, colour: false });
    expect(plain.out).toBe(stripVTControlCharacters(coloured.out));
    for (const { out } of [plain, await run(role, args), await run(role, [...args, '--json'])]) {
      expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      expect(out).not.toMatch(/^fake {2}online/m);
    }
  });

  it('runs filters and pages as the API does', async () => {
    const listed = async (...args: string[]) => json(await viewer('runs', '--json', ...args), runPageSchema);
    const all = await listed();
    expect(all.items.map(({ targetId, state }) => `${targetId} ${state}`)).toEqual([
      'hostile failed',
      'hung succeeded',
    ]);
    expect(all).toEqual(await (await fleet.api.ask('/fleet/remediations/runs')).json());
    expect((await listed('--all')).items.length).toBe(all.total);
    const failed = await listed('--state', 'failed', '--state', 'no_effect', '--target', 'hostile');
    expect(failed.items.map(({ state }) => state)).toEqual(['failed']);
    expect((await listed('--playbook', 'ConfigDrift')).items).toEqual([]);
    expect((await viewer('runs', '--playbook', 'ConfigDrift')).out).toBe('No repair matches.\n');
    const page = await viewer('runs', '--limit', '1');
    const cursor = new RegExp(`^1 of ${all.total} shown\\. .*--cursor (\\S+)$`, 'm').exec(page.out)?.[1];
    expect((await listed('--limit', '1', '--cursor', cursor ?? '')).items).toEqual([all.items[1]]);
    expect(await viewer('runs', '--state', 'ill')).toMatchObject({ code: 1, err: expect.stringContaining('state') });
  });

  it('repairs says whether automation may begin, and why not', async () => {
    const { code, out } = await viewer('repairs');
    expect(code).toBe(0);
    expect(out).toMatch(/^Automation +off; held back by automation-off: /m);
    expect(out).toMatch(/^In flight +\d of at most 1$/m);
    expect(out).toMatch(/^Approvals +none is waited for$/m);
    expect(out).toMatch(/^cordon +evil/m);
    expect(out).toMatch(/^BridgeStuck +drift\.runtime +\d+ /m);
    expect(json(await viewer('repairs', '--json'), remediationStatusSchema)).toEqual(
      await (await fleet.api.ask('/fleet/remediations')).json()
    );
  });

  it('audit list shows who did what and why, to approvers', async () => {
    const { code, out } = await approver('audit', 'list', '--subject', await newest());
    expect(code).toBe(0);
    expect(out).toMatch(/^ *\d+ {2}\S+ \S+Z {2}token:\S+ +remediation\.approved run-\S+\n +it hangs$/m);
    const from = new Date(fleet.api.clock.now + 1000).toISOString();
    expect((await approver('audit', 'list', '--from', from)).out).toBe('No record matches.\n');
    const all = json(await approver('audit', 'list', '--all', '--json'), auditPageSchema).items;
    expect(all.map(({ seq }) => seq)).toEqual(all.map((_, at) => all.length - at));
    expect((await viewer('audit', 'list')).err).toMatch(/needs the role approver/);
    expect(await approver('audit')).toMatchObject({
      code: 2,
      err: expect.stringContaining('audit list, audit verify'),
    });
  });
});
