import { afterEach, describe, expect, it } from '@jest/globals';
import { isEnded, type RunState } from '@openclaw-fleet/contract';
import { START } from '../api/testing/harness.ts';
import { MAX_REPAIR_TARGETS, type RepairSources } from './repairs.ts';
import { closeAll, HEAD, NASTY, REPAIRS, serve, SINCE } from './testing/served.ts';

afterEach(closeAll);

describe('the metrics of repairs', () => {
  it('counts what repairs come to, every series from 0 on', async () => {
    const { instruments, scrape } = await serve({ level: 'off' });
    const value = async (name: string, labels: object = {}) =>
      (await scrape()).samples.find(
        (each) => each.name === `openclaw_${name}` && JSON.stringify(each.labels) === JSON.stringify(labels)
      )?.value;
    const { repairs } = instruments;
    const ended = { playbook: 'BridgeStuck', state: 'no_effect', trigger: 'manual' } as const;
    const acted = { verb: 'restart', outcome: 'outcome_unknown' };
    const asked = { request: 'act', transport: 'reverse_ssh', outcome: 'unreachable' };
    const counts = async () => [
      await value('fleet_repairs_refused_total', { reason: 'blast-radius' }),
      await value('fleet_repairs_ended_total', ended),
      await value('fleet_repairs_break_glass_total'),
      await value('fleet_actions_total', acted),
      await value('collector_bridge_requests_total', asked),
    ];
    expect(await counts()).toEqual([0, 0, 0, 0, 0]);
    repairs.refused('blast-radius');
    const times = { createdAt: '2026-02-06T12:00:00.000Z', endedAt: '2026-02-06T12:07:30.000Z' };
    repairs.ended({ ...ended, ...times, breakGlass: false });
    repairs.ended({ ...ended, ...times, breakGlass: true });
    repairs.ended({ ...ended, ...times, state: 'succeeded', breakGlass: false });
    for (const seconds of [2, 40, 40]) repairs.verb(acted.verb, acted.outcome, seconds);
    repairs.asked({ verb: asked.request, transport: asked.transport, outcome: asked.outcome, seconds: 5 });
    expect(await counts()).toEqual([1, 2, 1, 3, 1]);
    expect(await value('fleet_repair_duration_seconds_count', { playbook: 'BridgeStuck' })).toBe(1);
    expect(await value('fleet_repair_duration_seconds_sum', { playbook: 'BridgeStuck' })).toBe(450);
    expect(await value('fleet_repair_duration_seconds_count', { playbook: 'ConfigDrift' })).toBe(0);
    expect(await value('fleet_action_duration_seconds_bucket', { le: '5', verb: 'restart' })).toBe(1);
    expect(await value('fleet_action_duration_seconds_sum', { verb: 'restart' })).toBe(82);
    expect(await value('collector_bridge_request_duration_seconds_count', { transport: 'reverse_ssh' })).toBe(1);
  });

  it('shows what is being repaired, what waits and what holds back', async () => {
    const { samples } = await (await serve({ level: 'off' })).scrape();
    const value = (name: string, labels: object = {}) =>
      samples.find(
        (each) => each.name === `openclaw_fleet_${name}` && JSON.stringify(each.labels) === JSON.stringify(labels)
      )?.value;
    expect(value('repairs_open', { playbook: 'ConfigDrift', state: 'pending_approval' })).toBe(2);
    expect(value('repairs_open', { playbook: 'BridgeStuck', state: 'running' })).toBe(1);
    expect(value('repairs_open', { playbook: 'BridgeStuck', state: 'verifying' })).toBe(0);
    expect([value('repairs_in_flight'), value('repairs_in_flight_limit')]).toEqual([1, 3]);
    expect(value('repairs_break_glass_open')).toBe(1);
    expect(value('approval_waiting_seconds')).toBe(9);
    expect(value('repair_holds', { kind: 'quarantine' })).toBe(2);
    expect(value('repair_holds', { kind: 'breaker' })).toBe(0);
    expect([value('repairs_paused'), value('automation_enabled')]).toEqual([1, 1]);
    expect(value('automation_held', { reason: 'blind' })).toBe(1);
    expect(value('automation_held', { reason: 'paused' })).toBe(0);
    expect(value('repair_success_ratio', { playbook: 'BridgeStuck' })).toBe(0.75);
    expect(value('repair_success_ratio', { playbook: 'ConfigDrift' })).toBeUndefined();
    expect(value('audit_records_total')).toBe(41);
    expect(value('audit_head_hash')).toBe(0xfedcba987654);
    expect(samples.filter(({ name }) => name.startsWith('openclaw_target_'))).toEqual([]);
  });

  it('shows nothing that waits or holds back where nothing does', async () => {
    const { scrape } = await serve({ repairs: { open: () => [], holds: () => [] } });
    const { samples } = await scrape();
    const values = (name: string) => samples.filter((each) => each.name === name).map(({ value }) => value);
    expect(values('openclaw_fleet_approval_waiting_seconds')).toEqual([0]);
    expect(values('openclaw_fleet_repairs_paused')).toEqual([0]);
    expect(new Set(values('openclaw_fleet_repairs_open'))).toEqual(new Set([0]));
    for (const name of ['openclaw_target_repair', 'openclaw_target_repair_hold']) expect(values(name)).toEqual([]);
  });

  it('names the targets that are repaired or held back, by kind and state alone', async () => {
    const { samples } = await (await serve({ level: 'core' })).scrape();
    const of = (name: string) =>
      samples.filter((each) => each.name === name).map(({ labels, value }) => [Object.values(labels).join(' '), value]);
    expect(of('openclaw_target_repair')).toEqual([
      ['n0 us-east-1 ConfigDrift pending_approval', 1],
      ['gone  ConfigDrift pending_approval', 1],
      [`nasty ${NASTY} BridgeStuck running`, 1],
    ]);
    expect(of('openclaw_target_repair_hold')).toEqual([
      ['n0 us-east-1 quarantine', 1],
      ['n1 us-east-1 cordon', 1],
    ]);
    const told = samples.flatMap(({ labels }) => Object.values(labels));
    for (const secret of ['a secret reason', 'a secret message', 'grafana:ada', 'drift.config', HEAD])
      expect(told).not.toContain(secret);
  });

  it('bounds the targets that repairs name', async () => {
    const many = Array.from({ length: MAX_REPAIR_TARGETS + 5 }, (_, at) => ({
      kind: 'cordon' as const,
      targetId: `c${at}`,
      subject: null,
      ...SINCE,
    }));
    const { samples } = await (await serve({ repairs: { holds: () => many } })).scrape();
    expect(samples.filter(({ name }) => name === 'openclaw_target_repair_hold').length).toBe(MAX_REPAIR_TARGETS);
  });

  describe('that ended', () => {
    type Past = ReturnType<RepairSources['recent']>[number];
    const ended = (
      id: string,
      targetId: string,
      state: RunState,
      createdS: number,
      more: Partial<Past> = {}
    ): Past => ({
      id,
      targetId,
      state,
      playbook: 'BridgeStuck',
      createdAt: new Date(START + createdS * 1000).toISOString(),
      endedAt: isEnded(state) ? new Date(START + createdS * 1000 + 500).toISOString() : null,
      breakGlass: false,
      ...more,
    });
    const shown = async (recent: RepairSources['recent'], name: string) =>
      (await (await serve({ level: 'core', repairs: { recent } })).scrape()).samples
        .filter((each) => each.name === `openclaw_target_${name}`)
        .map(({ labels, value }) => [Object.values(labels).join(' '), value]);

    it('name the targets whose newest one fell short, by how it ended', async () => {
      const runs = [
        ended('a1', 'n0', 'succeeded', -50),
        ended('a2', 'n0', 'rolled_back', -40, { playbook: 'ConfigDrift' }),
        ended('b1', 'n1', 'failed', -50),
        ended('b2', 'n1', 'succeeded', -40),
        ended('c1', 'gone', 'unreachable', -30),
        ended('d1', 'd', 'no_effect', -30),
        ended('d2', 'd', 'running', -20),
        ...(['denied', 'cancelled', 'expired', 'voided', 'no_fault'] as const).map((state) =>
          ended(state, state, state, -10)
        ),
        ended('e2', 'e', 'failed', -10),
        ended('e1', 'e', 'no_effect', -10),
      ];
      for (const order of [runs, runs.toReversed()])
        expect(new Map((await shown(() => order, 'repair_failed')) as [string, number][])).toEqual(
          new Map([
            ['n0 us-east-1 ConfigDrift rolled_back', 1],
            ['gone  BridgeStuck unreachable', 1],
            ['e  BridgeStuck failed', 1],
          ])
        );
    });

    it('name the targets with one that one approver decided alone, whatever became of it', async () => {
      const alone = { breakGlass: true };
      const runs = [
        ended('a', 'n0', 'approved', -1, alone),
        ended('b', 'n1', 'succeeded', -9, alone),
        ended('c', 'n1', 'failed', -5, alone),
        ended('d', 'd', 'voided', -5, alone),
        ended('e', 'e', 'failed', -5),
      ];
      expect(await shown(() => runs, 'break_glass')).toEqual([
        ['n0 us-east-1', 1],
        ['n1 us-east-1', 1],
        ['d ', 1],
      ]);
    });

    it('are asked for since an hour ago, and bounded: those that failed last are named', async () => {
      let asked = 0;
      const runs = Array.from({ length: MAX_REPAIR_TARGETS + 5 }, (_, at) =>
        ended(`r${at}`, `t${at}`, 'failed', -3000 + at, { breakGlass: true })
      );
      const recent = (sinceMs: number) => ((asked = sinceMs), runs);
      const failed = (await shown(recent, 'repair_failed')).map(([labels]) => String(labels).split(' ')[0]);
      expect(asked).toBe(START - 3_600_000);
      expect(failed).toHaveLength(MAX_REPAIR_TARGETS);
      expect(failed).not.toContain('t4');
      expect(failed).toContain(`t${MAX_REPAIR_TARGETS + 4}`);
      expect(await shown(recent, 'break_glass')).toHaveLength(MAX_REPAIR_TARGETS);
    });
  });

  it('asks each part once a scrape', async () => {
    let asked = 0;
    const counted =
      <T>(read: () => T) =>
      () => {
        asked++;
        return read();
      };
    const { scrape } = await serve({
      repairs: {
        status: counted(REPAIRS.status),
        open: counted(REPAIRS.open),
        holds: counted(REPAIRS.holds),
        recent: counted(() => []),
        auditHead: counted(REPAIRS.auditHead),
      },
    });
    await scrape();
    expect(asked).toBe(5);
    await scrape();
    expect(asked).toBe(10);
  });

  it('leaves out of repairs what cannot be said, also a chain that would seem to begin anew', async () => {
    const fail = (): never => {
      throw new Error('no');
    };
    const { instruments, scrape } = await serve({
      repairs: { status: fail, auditHead: () => Promise.reject(new Error('no')) },
    });
    const names = new Set((await scrape()).samples.map(({ name }) => name));
    for (const name of ['repairs_in_flight', 'automation_held', 'audit_records_total', 'audit_head_hash'])
      expect([name, names.has(`openclaw_fleet_${name}`)]).toEqual([name, false]);
    for (const name of ['repairs_open', 'repair_holds', 'repairs_paused'])
      expect([name, names.has(`openclaw_fleet_${name}`)]).toEqual([name, true]);
    expect(instruments.counts.sourceFailures).toBeGreaterThan(0);
  });
});
