import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Run } from '@openclaw-fleet/contract';
import { orSkip } from '../../backend/bridge/testing/openclaw.ts';
import type { Simulation } from '../../backend/simulator/index.ts';
import { findStack } from '../../scripts/lib/stack.mjs';
import { AlertStage } from './support/alert-stage.ts';
import type { Notification } from './support/inbox.ts';
import { metricsIn, readRules } from './support/rules.ts';

const MINUTE = 60_000;
const [HOME, LOST] = ['eu-1', 'us-1'];
const EDITED = 'edited-1';
const SILENT = 'silent-1';
const many = (name: string, count: number): string[] => Array.from({ length: count }, (_, index) => `${name}-${index}`);
const STEADY = many('steady', 40);
/** More than a notification would name one by one. */
const GONE = many('gone', 50);

/** Nothing of the kind happened here; the cases of tests/rules have series of each. */
const MAY_BE_EMPTY = [
  ...['openclaw_target_violation', 'openclaw:target_violation'],
  ...['openclaw_target_repair_failed', 'openclaw:target_repair_failed'],
  ...['openclaw_target_repair_hold', 'openclaw:target_repair_hold'],
  ...['openclaw_target_break_glass', 'openclaw:target_break_glass'],
  // The tokens here never expire.
  'openclaw_collector_api_token_expiry_timestamp_seconds',
];

const programs = await orSkip('alerts that reach people', () => {
  const { prometheus, alertmanager } = findStack();
  return prometheus === null || alertmanager === null
    ? Promise.reject(
        new Error('Prometheus and Alertmanager are needed: apt-get install prometheus prometheus-alertmanager')
      )
    : Promise.resolve({ prometheus, alertmanager });
});

(programs === null ? describe.skip : describe)('alerts of a real collector, Prometheus and Alertmanager', () => {
  const stage = new AlertStage();
  const { inbox } = stage;
  let acting: Simulation;
  let run: Run;

  const about = (all: readonly Notification[], target: string): Notification[] =>
    all.filter(({ alerts }) => alerts.some(({ labels }) => labels['target'] === target));
  const said = (all: readonly Notification[]): string[] => all.map(({ status }) => status);

  beforeAll(async () => {
    if (programs === null) return;
    await stage.start(programs, [EDITED, SILENT, ...STEADY, ...GONE]);
    acting = stage.simulate('acting', HOME, [EDITED], true);
    stage.simulate('silent', HOME, [SILENT]);
    stage.simulate('steady', HOME, STEADY);
    stage.simulate('gone', LOST, GONE);
    await stage.sees(
      'every node',
      async () => (await stage.collector.summary()).online === 2 + STEADY.length + GONE.length
    );
    await stage.expectOf(EDITED);
    await stage.sees('Prometheus to see every node', async () => {
      const online = await stage.prometheus.value('count(openclaw_target_state{state="online"} == 1)');
      return online === 2 + STEADY.length + GONE.length;
    });
  }, 3 * MINUTE);

  afterAll(() => stage.close(), MINUTE);

  it(
    'say nothing while all is well',
    async () => {
      await stage.sees('the rules to be looked at', async () => {
        const owners = await stage.prometheus.value('count(openclaw:target_owner)');
        return owners === 2 + STEADY.length + GONE.length && (await stage.prometheus.value('count(ALERTS)')) !== null;
      });
      expect([...inbox.notifications('on-call'), ...inbox.notifications('next-level')]).toEqual([]);
    },
    3 * MINUTE
  );

  it(
    'tell the on-call once of what is wrong with a node, and automation too where it may help',
    async () => {
      acting.befall(0, { kind: 'config-drift' });
      await stage.kill('silent');
      await stage.kill('gone');
      await stage.sees(
        'the silent node at the on-call',
        () => inbox.notifications('on-call', 'OpenClawNodeExpired').length
      );
      await stage.sees(
        'the edited node at the on-call',
        () => inbox.notifications('on-call', 'OpenClawDriftCritical').length
      );
      const [drift] = inbox.notifications('on-call', 'OpenClawDriftCritical');
      expect(drift?.alerts.map(({ labels }) => labels)).toEqual([
        {
          ...{ alertname: 'OpenClawDriftCritical', target: EDITED, zone: HOME, owner: 'platform', category: 'config' },
          ...{ severity: 'critical', escalation: 'on-call', kind: 'symptom' },
        },
      ]);
      await stage.sees('the collector to be asked to repair', async () =>
        /^openclaw_collector_alerts_received_total\{outcome="refused"\} [1-9]/m.test(await stage.collector.metrics())
      );
      run = await stage.repair(EDITED);
      expect(run.state).toBe('pending_approval');
    },
    5 * MINUTE
  );

  it(
    'tell of a lost zone once, and not of its fifty nodes',
    async () => {
      await stage.sees('the zone at the on-call', () => inbox.notifications('on-call', 'OpenClawZoneLost').length);
      const held = await stage.sees('every node of the zone in Alertmanager', async () => {
        const { all, muted } = await stage.held('OpenClawNodeExpired', LOST);
        return all === GONE.length ? { all, muted } : null;
      });
      expect(held).toEqual({ all: GONE.length, muted: GONE.length });
    },
    5 * MINUTE
  );

  it(
    'show in a message all that somebody needs',
    async () => {
      const message = await stage.sees('the message', () =>
        inbox
          .slack('slack')
          .flatMap(({ attachments }) => attachments)
          .find(({ text }) => text.includes(EDITED))
      );
      expect(message.title).toMatch(/^\[CRITICAL 1\] .* is isolated: its config drifted critically$/);
      const app = 'http://127.0.0.1:3000/a/openclaw-fleet-app';
      expect(message.title_link).toBe(`${app}/targets/${EDITED}?tab=drift`);
      for (const part of [
        ...[`(${EDITED})`, `zone: ${HOME}`, 'owner: platform', `<${app}/runbooks/OpenClawDriftCritical|Runbook>`],
        ...[
          `<http://127.0.0.1:3000/d/openclaw-fleet-target?var-target=${EDITED}|Dashboard>`,
          `<${app}/targets/${EDITED}?tab=drift|Act>`,
        ],
      ])
        expect(message.text).toContain(part);
    },
    3 * MINUTE
  );

  it(
    'tell of an approval that nobody gives: the on-call first, then the next level',
    async () => {
      await stage.sees('the on-call', () => inbox.notifications('on-call', 'OpenClawApprovalWaiting').length);
      expect(inbox.notifications('next-level')).toEqual([]);
      await stage.sees('the next level', () => inbox.notifications('next-level', 'OpenClawApprovalOverdue').length);
      expect(inbox.notifications('on-call', 'OpenClawApprovalOverdue')).toEqual([]);
      expect((await stage.run(run.id)).state).toBe('pending_approval');
    },
    5 * MINUTE
  );

  it(
    'end with the repair, and with the node that is back, and were told once each',
    async () => {
      await stage.ask('ben', 'POST', `/fleet/remediations/runs/${run.id}/approve`, { reason: 'looked at it' });
      stage.simulate('silent', HOME, [SILENT]);
      await stage.sees('the repair to succeed', async () => {
        const { state } = await stage.run(run.id);
        if (!['approved', 'running', 'verifying', 'succeeded'].includes(state))
          throw new Error(`the repair is ${state}`);
        return state === 'succeeded';
      });
      const ends: [receiver: string, alertname: string, target: string][] = [
        ['on-call', 'OpenClawDriftCritical', EDITED],
        ['on-call', 'OpenClawApprovalWaiting', EDITED],
        ['next-level', 'OpenClawApprovalOverdue', EDITED],
        ['on-call', 'OpenClawNodeExpired', SILENT],
      ];
      for (const [receiver, alertname, target] of ends) {
        const own = (): string[] => said(about(inbox.notifications(receiver, alertname), target));
        await stage.sees(`the end of ${alertname}`, () => own().includes('resolved'));
        expect([alertname, own()]).toEqual([alertname, ['firing', 'resolved']]);
      }
      expect(said(inbox.notifications('on-call', 'OpenClawZoneLost'))).toEqual(['firing']);
      const everywhere = ['on-call', 'next-level', 'team'].flatMap((receiver) => inbox.notifications(receiver));
      expect(GONE.flatMap((id) => about(everywhere, id))).toEqual([]);
    },
    5 * MINUTE
  );

  it(
    'say all the while that they arrive',
    async () => {
      await stage.sees('the watchdog', () => inbox.notifications('watchdog', 'OpenClawWatchdog').length);
    },
    3 * MINUTE
  );

  it('come from rules that are looked at without an error, over series that a real collector has', async () => {
    const response = await fetch(`${stage.prometheus.url}/api/v1/rules`);
    const { data } = (await response.json()) as {
      data: { groups: { rules: { name: string; health: string; lastError?: string }[] }[] };
    };
    const rules = data.groups.flatMap((group) => group.rules);
    expect(rules.filter(({ health }) => health !== 'ok')).toEqual([]);
    const { alerts, records } = readRules();
    expect(rules).toHaveLength(alerts.length + records.length);

    const named = [...alerts, ...records].flatMap(({ expr }) => metricsIn(expr));
    const names = [...new Set([...named, ...records.map(({ record }) => record)])];
    const empty: string[] = [];
    for (const name of names)
      // Long enough for what was there only while it was repaired.
      if ((await stage.prometheus.query(`count(last_over_time({__name__="${name}"}[1h]))`)).length === 0)
        empty.push(name);
    expect(empty.filter((name) => !MAY_BE_EMPTY.includes(name))).toEqual([]);
  });
});
