import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual, promisify } from 'node:util';
import { afterAll, describe, expect, it } from '@jest/globals';
import { orSkip } from '../../backend/bridge/testing/openclaw.ts';
import { faster } from '../../backend/simulator/demo/faster.ts';
import { relocate } from '../../backend/simulator/demo/relocate.ts';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { ALERTMANAGERS, TestAlertmanager } from './support/alertmanager.ts';
import { readRuleCases, readRules, root } from './support/rules.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
/** A port that nothing listens on. */
const NOBODY = 1;
const ALERTMANAGER_DIR = join(root, 'provisioning', 'alertmanager');
const CONFIG = join(ALERTMANAGER_DIR, 'alertmanager.yml');
const shipped = readFileSync(CONFIG, 'utf8');
const { alerts } = readRules();

type Labels = Readonly<Record<string, string>>;

const programs = await orSkip('what Alertmanager makes of its routes', () => {
  const amtool = findOnPath('amtool');
  const alertmanager = ALERTMANAGERS.map((name) => findOnPath(name)).find((path) => path !== null) ?? null;
  return amtool === null || alertmanager === null
    ? Promise.reject(new Error('Alertmanager is needed: apt-get install prometheus-alertmanager'))
    : Promise.resolve({ amtool, alertmanager });
});
const folder = mkdtempSync(join(tmpdir(), 'fleet-routes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = promisify(execFile);
const amtool = async (...args: string[]): Promise<string> => (await run(programs?.amtool ?? '', args)).stdout;

/** The labels with which alerts of that name fire in the cases of tests/rules. */
const firing = (alertname: string): Labels[] =>
  readRuleCases()
    .filter((each) => each.alertname === alertname)
    .flatMap(({ exp_alerts }) => exp_alerts.map(({ exp_labels }) => ({ alertname, ...exp_labels })));
const distinct = (all: readonly Labels[]): Labels[] => [
  ...new Map(all.map((labels) => [JSON.stringify(labels), labels])).values(),
];
const everyAlert = distinct(alerts.flatMap(({ alert }) => firing(alert)));

(programs === null ? describe.skip : describe)('the routes', () => {
  const receivers = async (labels: Labels): Promise<string[]> => {
    // As matchers are written: with what could end a value quoted.
    const words = Object.entries(labels).map(([label, value]) => `${label}=${JSON.stringify(value)}`);
    return (await amtool('config', 'routes', 'test', `--config.file=${CONFIG}`, ...words)).trim().split(',');
  };

  it('pass amtool, at the pace of the demo too', async () => {
    expect(await amtool('check-config', CONFIG)).toMatch(/SUCCESS[^]*1 templates[^]*SUCCESS/);
    const quick = join(folder, 'quick.yml');
    writeFileSync(quick, faster(shipped));
    expect(await amtool('check-config', quick)).toContain('SUCCESS');
  });

  it('pass with every example of a receiver filled in', async () => {
    const filled = shipped.replaceAll(/^( {4})# ((?: {2,4}|)[a-z- ].*)$/gm, '$1$2');
    expect(filled.match(/_configs:$/gm)).toHaveLength(7);
    writeFileSync(join(folder, 'filled.yml'), filled);
    expect(await amtool('check-config', join(folder, 'filled.yml'))).toContain('SUCCESS');
  });

  it.each<[string, Labels, string[]]>([
    ['the watchdog', { alertname: 'OpenClawWatchdog', severity: 'none', escalation: 'none' }, ['watchdog']],
    ['what wakes the on-call', { severity: 'critical', escalation: 'on-call' }, ['on-call']],
    ['what the on-call reads soon', { severity: 'warning', escalation: 'on-call' }, ['on-call']],
    ['what nobody answered', { severity: 'critical', escalation: 'next-level' }, ['next-level']],
    ['what is read by day', { severity: 'warning', escalation: 'team' }, ['team']],
    ['what is nice to know', { severity: 'info', escalation: 'team' }, ['team']],
    ['what is for nobody', { severity: 'info', escalation: 'none' }, ['nobody']],
    ['an alert without an escalation', { alertname: 'Ours', severity: 'critical' }, ['team']],
    ...['BridgeStuck', 'ConfigDrift', 'FailureBurst'].map((playbook): [string, Labels, string[]] => [
      `a symptom that ${playbook} is for`,
      { kind: 'symptom', playbook, severity: 'warning', escalation: 'team' },
      ['collector', 'team'],
    ]),
    [
      'a playbook on what is no symptom',
      { kind: 'repair', playbook: 'BridgeStuck', escalation: 'on-call' },
      ['on-call'],
    ],
    ['a playbook that there is not', { kind: 'symptom', playbook: 'Reboot', escalation: 'on-call' }, ['on-call']],
  ])('lead %s to whom it concerns', async (_what, labels, expected) => {
    expect(await receivers(labels)).toEqual(expected);
  });

  it('lead each alert to the escalation that it names, and to automation where a playbook may help', async () => {
    for (const labels of everyAlert) {
      const { alertname, escalation = '' } = labels;
      const people = alertname === 'OpenClawWatchdog' ? 'watchdog' : escalation;
      const expected = 'playbook' in labels ? ['collector', people] : [people];
      expect([alertname, await receivers(labels)]).toEqual([alertname, expected]);
    }
  });
});

/** What fires, then what of the rest is muted by it and what is not; each as the labels that it differs by. */
const ON = { target: 'gw-1', zone: 'eu-1' };
const here = (alertname: string, more: Labels = {}): Labels => ({ ...(firing(alertname)[0] ?? {}), ...ON, ...more });
const fleetwide = (alertname: string, more: Labels = {}): Labels => ({
  ...(firing(alertname)[0] ?? {}),
  alertname,
  ...more,
});
const SILENCE = ['OpenClawNodeExpired', 'OpenClawNodeFlapping', 'OpenClawScoreCritical', 'OpenClawSyncLag'];
const REPORTED = ['OpenClawDrift', 'OpenClawDriftCritical', 'OpenClawPolicyViolation'];
/** Of a target of its own, so that none is muted by what else is wrong with one. */
const apart = (alertname: string, zone: string): Labels => here(alertname, { zone, target: `of-${alertname}` });
const REPAIRS = ['OpenClawApprovalWaiting', 'OpenClawApprovalOverdue', 'OpenClawRepairFailed'];
const GROWING = ['OpenClawExpiredNodesGrowing', 'OpenClawPublishFailures'];
/** Without an instance it says that none of the collectors answers. */
const [NO_COLLECTOR = {}, A_COLLECTOR = {}] = [false, true].map((has) =>
  firing('OpenClawCollectorDown').find((labels) => 'instance' in labels === has)
);
const TAMPERING = ['OpenClawAuditChainBroken', 'OpenClawBreakGlassUsed', 'OpenClawHeartbeatsRefused'];

interface Muting {
  readonly fires: Labels;
  readonly mutes: readonly Labels[];
  readonly leaves: readonly Labels[];
}
const MUTINGS: Readonly<Record<string, Muting>> = {
  'that no collector answers mutes all but itself and the watchdog': {
    fires: NO_COLLECTOR,
    mutes: everyAlert.filter(
      ({ alertname, instance }) =>
        alertname !== 'OpenClawWatchdog' && (alertname !== 'OpenClawCollectorDown' || instance !== undefined)
    ),
    leaves: [fleetwide('OpenClawWatchdog'), { alertname: 'NodeDown', severity: 'warning', zone: 'eu-1' }],
  },
  'one collector of several that is down mutes nothing that the others tell of': {
    fires: A_COLLECTOR,
    mutes: [],
    leaves: [
      ...[...SILENCE, ...REPORTED].map((name) => apart(name, 'eu-1')),
      ...[...TAMPERING, ...REPAIRS, ...GROWING, 'OpenClawWatchdog'].map((name) => fleetwide(name)),
      { ...A_COLLECTOR, instance: 'another:8080' },
    ],
  },
  'a blind fleet mutes what silence explains, and not what targets report': {
    fires: fleetwide('OpenClawFleetBlind'),
    mutes: [
      ...SILENCE.map((name) => apart(name, 'eu-1')),
      ...['OpenClawZoneLost', 'OpenClawZonePartial'].map((name) => fleetwide(name, { zone: name })),
      ...GROWING.map((name) => fleetwide(name)),
    ],
    leaves: [
      ...REPORTED.map((name) => apart(name, 'eu-1')),
      ...[...TAMPERING, ...REPAIRS].map((name) => fleetwide(name)),
    ],
  },
  'a zone that is lost mutes its silent targets, and no other': {
    fires: fleetwide('OpenClawZoneLost', { zone: 'eu-1' }),
    mutes: [
      ...SILENCE.map((name) => apart(name, 'eu-1')),
      fleetwide('OpenClawZonePartial', { zone: 'eu-1' }),
      fleetwide('OpenClawExpiredNodesGrowing'),
    ],
    leaves: [
      ...SILENCE.map((name) => apart(name, 'us-1')),
      ...REPORTED.map((name) => apart(name, 'eu-1')),
      ...[...TAMPERING, ...REPAIRS].map((name) => fleetwide(name)),
      fleetwide('OpenClawZonePartial', { zone: 'ap-1' }),
    ],
  },
  'a zone that is partial does so too': {
    fires: fleetwide('OpenClawZonePartial', { zone: 'eu-1' }),
    mutes: [...SILENCE.map((name) => apart(name, 'eu-1')), fleetwide('OpenClawExpiredNodesGrowing')],
    leaves: [...SILENCE.map((name) => apart(name, 'us-1')), fleetwide('OpenClawZoneLost', { zone: 'ap-1' })],
  },
  'the worst that is wrong with a target mutes the rest of it': {
    fires: here('OpenClawDriftCritical'),
    mutes: [
      here('OpenClawDrift', { severity: 'warning' }),
      here('OpenClawDrift', { severity: 'info' }),
      here('OpenClawPolicyViolation', { severity: 'warning' }),
    ],
    leaves: [
      here('OpenClawDrift', { target: 'gw-2', severity: 'warning' }),
      here('OpenClawScoreCritical'),
      here('OpenClawApprovalWaiting'),
      here('OpenClawRepairFailed'),
    ],
  },
  'the silence of a target mutes its score': {
    fires: here('OpenClawNodeExpired'),
    mutes: [here('OpenClawScoreCritical')],
    leaves: [here('OpenClawScoreCritical', { target: 'gw-2' }), here('OpenClawDriftCritical')],
  },
};

(programs === null ? describe.skip : describe)('inhibition, in a real Alertmanager', () => {
  it.each(Object.entries(MUTINGS))(
    '%s',
    async (_what, { fires, mutes, leaves }) => {
      const own = mkdtempSync(join(folder, 'alertmanager-'));
      const config = relocate(shipped, { api: NOBODY }).replace(
        'templates/*.tmpl',
        join(ALERTMANAGER_DIR, 'templates/*.tmpl')
      );
      const alertmanager = new TestAlertmanager(programs?.alertmanager ?? '', own, config);
      try {
        await alertmanager.start();
        await alertmanager.fire(fires, ...mutes, ...leaves);
        const named = (all: readonly Labels[]): string[] =>
          distinct(all)
            .map((labels) => JSON.stringify(Object.fromEntries(Object.entries(labels).sort())))
            .sort();
        const expected = { muted: named(mutes), told: named([fires, ...leaves]) };
        const seen = async (): Promise<typeof expected> => {
          const response = await fetch(`${alertmanager.url}/api/v2/alerts`);
          const shown = (await response.json()) as { labels: Labels; status: { inhibitedBy: string[] } }[];
          const of = (muted: boolean): string[] =>
            named(shown.filter(({ status }) => status.inhibitedBy.length > 0 === muted).map(({ labels }) => labels));
          return { muted: of(true), told: of(false) };
        };
        // It takes alerts in and looks for those that mute them one after the other.
        let now = await seen();
        const settled = async (): Promise<boolean> => isDeepStrictEqual((now = await seen()), expected);
        await waitFor(settled, () => `it to mute: ${JSON.stringify({ now, expected }, null, 2)}`, 30_000, 100);
      } finally {
        await alertmanager.stop();
      }
    },
    MINUTE
  );
});

(programs === null ? describe.skip : describe)('a notification', () => {
  const alert = (status: string, number: number) => ({
    status,
    labels: {
      alertname: 'OpenClawNodeExpired',
      target: `gw-${number}`,
      zone: 'eu-1',
      owner: 'platform',
      severity: 'critical',
    },
    annotations: {
      name: `alpha-${number}`,
      summary: `alpha-${number} sends no heartbeats`,
      description: 'It is silent.',
      runbook_url: 'http://grafana.test/runbook',
      dashboard_url: 'http://grafana.test/dashboard',
      action_url: `http://grafana.test/act-${number}`,
    },
    startsAt: '2026-11-22T10:00:00Z',
    endsAt: '2026-11-22T11:00:00Z',
  });
  const alerts = (status: string, count: number) =>
    Array.from({ length: count }, (_, index) => alert(status, index + 1));
  const render = (template: string, status: string, count: number): Promise<string> =>
    renderAll(template, status, alerts(status, count));
  const renderAll = (template: string, status: string, all: ReturnType<typeof alerts>): Promise<string> => {
    const { zone = '' } = all[0]?.labels ?? {};
    const common = { alertname: 'OpenClawNodeExpired', severity: 'critical', zone };
    const data = {
      status,
      receiver: 'on-call',
      externalURL: '',
      groupLabels: common,
      commonLabels: common,
      commonAnnotations: {},
      alerts: all,
    };
    const file = join(folder, 'data.json');
    writeFileSync(file, JSON.stringify(data));
    const glob = join(ALERTMANAGER_DIR, 'templates', '*.tmpl');
    return amtool(
      'template',
      'render',
      `--template.glob=${glob}`,
      `--template.data=${file}`,
      `--template.type=${template.endsWith('html') ? 'html' : 'text'}`,
      `--template.text={{ template "${template}" . }}`
    );
  };
  const SHOWN = [
    'alpha-1 sends no heartbeats',
    'alpha-1 (gw-1)',
    'eu-1',
    'platform',
    'http://grafana.test/runbook',
    'http://grafana.test/dashboard',
    'http://grafana.test/act-1',
  ];

  it.each(['openclaw.text', 'openclaw.slack', 'openclaw.html'])('shows all that is needed: %s', async (template) => {
    const text = await render(template, 'firing', 2);
    for (const each of [...SHOWN, 'alpha-2 sends no heartbeats']) expect(text).toContain(each);
    expect(text).not.toContain('no value');
  });

  it('names one alert, or how many there are and where', async () => {
    expect(await render('openclaw.title', 'firing', 1)).toBe('[CRITICAL 1] alpha-1 sends no heartbeats');
    expect(await render('openclaw.title', 'firing', 3)).toBe('[CRITICAL 3] OpenClawNodeExpired: 3 alerts in zone eu-1');
    expect(await render('openclaw.title', 'resolved', 1)).toBe('[RESOLVED] alpha-1 sends no heartbeats');
    expect(await render('openclaw.link', 'firing', 2)).toBe('http://grafana.test/act-1');
  });

  it('is bounded: it spells out 20 alerts and says how many there are', async () => {
    const text = await render('openclaw.text', 'firing', 50);
    expect(text.match(/sends no heartbeats/g)).toHaveLength(20);
    expect(text).toContain('the first 20 of 50');
  });

  it.each(['openclaw.slack', 'openclaw.slack.title', 'openclaw.html'])(
    'takes no link and no call to everybody from what a node calls itself: %s',
    async (template) => {
      const evil = '<!channel> <https://evil.test|Act> & more';
      const named = alerts('firing', 2).map(({ labels, annotations, ...rest }) => ({
        ...rest,
        labels: { ...labels, zone: evil, owner: evil },
        annotations: { ...annotations, name: evil, summary: `${evil} sends no heartbeats` },
      }));
      for (const some of [named.slice(0, 1), named]) {
        const text = await renderAll(template, 'firing', some);
        expect(text).toContain('&lt;!channel&gt; &lt;https://evil.test|Act&gt; &amp; more');
        expect(text).not.toMatch(/<!|<https/);
      }
    }
  );

  it('comes from every example of a receiver', () => {
    for (const name of shipped.matchAll(/template "([\w.]+)"/g))
      expect(readFileSync(join(ALERTMANAGER_DIR, 'templates', 'openclaw-fleet.tmpl'), 'utf8')).toContain(
        `define "${name[1] ?? ''}"`
      );
  });
});
