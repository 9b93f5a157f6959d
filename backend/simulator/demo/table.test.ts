import { describe, expect, it } from '@jest/globals';
import {
  DRIFT_CATEGORIES,
  DRIFT_SEVERITIES,
  summarySchema,
  runPageSchema,
  targetPageSchema,
  VIOLATION_CODES,
  VIOLATION_SEVERITIES,
} from '@openclaw-fleet/contract';
import type { FleetPicture } from './fleet-api.ts';
import { lineView, tableView } from './screen.ts';
import { changesBetween, renderTable } from './table.ts';

const AT = '2026-02-06T12:34:56.000Z';

const BANDS_NOW = { healthy: 0, warning: 2, degraded: 0, critical: 0, unknown: 0 };
const SCORES = { count: 2, sum: 174, lowest: 87, p05: 87, median: 87 };
const none = (rows: readonly string[], columns: readonly string[]) =>
  Object.fromEntries(rows.map((row) => [row, Object.fromEntries(columns.map((column) => [column, 0]))]));

function target(
  id: string,
  changes: { state?: string; health?: string; hash?: string; flapping?: boolean; reported?: boolean } = {}
) {
  const { state = 'online', health = 'ok', hash = 'a', flapping = false, reported = true } = changes;
  return {
    id,
    name: `${id}.example`,
    transport: null,
    environment: null,
    policyProfileId: 'default',
    desired: {
      bridgeVersion: null,
      configHash: null,
      maxSyncLagMs: 1,
      allowAutoRemediation: false,
      requiredCapabilities: [],
    },
    ...(reported && {
      reported: {
        bridgeVersion: '0.1.0',
        configHash: hash.repeat(64),
        syncLagMs: 0,
        heartbeatAt: AT,
        healthStatus: health,
        metrics: {},
        healthReasons: health === 'ok' ? [] : ['5 of 10 jobs failed'],
        gatewayState: 'running',
        gatewayBootId: null,
        openclawVersion: null,
        openclawBuild: null,
        fullConfigHash: null,
        configValid: null,
        configConverged: null,
        revision: null,
        applyStatus: 'APPLIED',
      },
    }),
    fleetHealthScore: 87,
    riskLevel: 'medium',
    band: 'warning',
    isolated: false,
    owner: null,
    zone: 'a',
    tags: [],
    version: '1',
    bridged: reported,
    liveness: {
      state,
      reason: `it is ${state}`,
      ageSeconds: 1.2,
      intervalSeconds: 3,
      clockSkewSeconds: null,
      flapping,
    },
    capacity: {},
    queueDepth: {},
    capabilities: [],
    jobs: reported ? { total: 1, enabled: 1, failing: 0, results_1h: 60, failures_1h: 5 } : null,
    publisher: null,
    uptimeSeconds: null,
    lastHeartbeatAt: AT,
  };
}

function picture(
  targets: object[],
  changes: { verdict?: string; zone?: string; expiryHeld?: string; runs?: object[] } = {}
): FleetPicture {
  const { verdict = 'normal', zone = 'normal', expiryHeld = null, runs = [] } = changes;
  const summary = summarySchema.parse({
    at: AT,
    timings: 'demo',
    verdict: { value: verdict, reason: 'why so', since: AT },
    total: targets.length,
    expected: targets.length,
    online: targets.length,
    states: { online: targets.length, stale: 0, expired: 0, stopped: 0, inactive: 0, retired: 0, unknown: 0 },
    bridged: 0,
    flapping: 0,
    bands: BANDS_NOW,
    scores: SCORES,
    drift: none(DRIFT_CATEGORIES, DRIFT_SEVERITIES),
    violations: none(VIOLATION_CODES, VIOLATION_SEVERITIES),
    isolated: 0,
    zones: [{ zone: 'a', verdict: zone, expected: 2, online: 1, total: 2, bands: BANDS_NOW, scores: SCORES }],
    expiryHeld,
    startedAt: AT,
  });
  return {
    summary,
    targets: targetPageSchema.parse({ items: targets, total: targets.length, nextCursor: null }).items,
    runs: runPageSchema.parse({ items: runs, total: runs.length, nextCursor: null }).items,
  };
}

function run(targetId: string, changes: { state?: string; endedAt?: string | null; reason?: string } = {}) {
  return {
    id: `run-of-${targetId}`,
    planId: 'plan',
    batchId: null,
    wave: 0,
    targetId,
    playbook: 'ConfigDrift',
    fault: 'drift.config',
    state: 'running',
    reason: 'why so',
    refusal: null,
    trigger: 'manual',
    requestedBy: 'operator',
    requestedByName: null,
    attempt: 1,
    cancelRequested: false,
    breakGlass: false,
    createdAt: AT,
    startedAt: AT,
    clearSince: null,
    endedAt: null,
    updatedAt: AT,
    ...changes,
  };
}

const draw = (shown: FleetPicture, changes: Partial<Parameters<typeof renderTable>[0]> = {}) =>
  renderTable({
    picture: shown,
    doing: new Map(),
    repairable: new Set(),
    changes: [],
    footer: ['the end'],
    columns: 120,
    rows: 30,
    colour: false,
    ...changes,
  });

describe('the fleet table', () => {
  it('shows each target on a line, with what goes on', () => {
    const lines = draw(
      picture([target('n1', { flapping: true }), target('n2', { state: 'expired', reported: false })]),
      {
        doing: new Map([['n1', 'comes and goes']]),
        changes: ['12:34:56 n2 expired'],
      }
    );
    expect(lines).toEqual([
      'Fleet: normal, 2 of 2 expected online. Zones: a normal 1/2.',
      '',
      'TARGET      ZONE  STATE    AGE  SKEW  HEALTH  SCORE  BAND     FAILED  CONFIG    REPAIR  WHAT GOES ON',
      'n1.example  a     online   1 s     -  ok         87  warning    5/60  aaaaaaaa  -       flapping; comes and goes',
      'n2.example  a     expired  1 s     -  -          87  warning       -  -         -',
      '',
      '  12:34:56 n2 expired',
      'the end',
    ]);
  });

  it('shows repairs that are open or ended just now, and what a person could do', () => {
    const before = (seconds: number) => new Date(Date.parse(AT) - seconds * 1000).toISOString();
    const runs = [
      run('n1', { state: 'pending_approval' }),
      run('n2', { state: 'no_effect', endedAt: before(29) }),
      run('n3', { state: 'succeeded', endedAt: before(31) }),
    ];
    const shown = picture([target('n1'), target('n2'), target('n3'), target('n4')], { runs });
    const lines = draw(shown, { repairable: new Set(['n1', 'n2', 'n4']) });
    const cells = lines.slice(3, 7).map((line) => /aaaaaaaa {2}(.*)$/.exec(line)?.[1]);
    expect(cells).toEqual(['ConfigDrift waits for approval', 'ConfigDrift no effect', '-', '-']);
    expect(lines.slice(8)).toEqual([
      '  approve (as another person): npx openclaw-fleet approve run-of-n1 --reason "seen"',
      '  repair: npx openclaw-fleet reconcile n2 --reason "try it"',
      '  repair: npx openclaw-fleet reconcile n4 --reason "try it"',
      'the end',
    ]);
  });

  it('says why nothing may expire', () => {
    expect(draw(picture([], { expiryHeld: 'the collector has just started' }))[1]).toBe(
      'Nothing expires now: the collector has just started'
    );
  });

  it('fits any screen, and says how many targets do not', () => {
    const many = picture(Array.from({ length: 40 }, (_, index) => target(`node-with-a-long-name-${index}`)));
    for (const [columns, rows] of [
      [120, 20],
      [40, 12],
      [10, 5],
    ] as const) {
      const lines = draw(many, { columns, rows, changes: Array.from({ length: 20 }, () => 'x'.repeat(200)) });
      expect(lines.length).toBeLessThanOrEqual(rows);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    }
    expect(draw(many, { rows: 20 })).toContain('... and 26 more');
  });

  it('paints states where colours are wanted', () => {
    const [, , , line] = draw(picture([target('n1', { state: 'expired' })]), { colour: true });
    expect(line).toContain('\x1b[31mexpired\x1b[0m');
  });
});

describe('what changed', () => {
  it.each([
    [[target('n')], [target('n')], []],
    [[], [target('n')], ['n.example appeared as online']],
    [[target('n')], [target('n', { state: 'expired' })], ['n.example online -> expired: it is expired']],
    [[target('n')], [target('n', { health: 'warn' })], ['n.example health ok -> warn: 5 of 10 jobs failed']],
    [[target('n', { health: 'warn' })], [target('n')], ['n.example health warn -> ok']],
    [[target('n')], [target('n', { hash: 'b' })], ['n.example configuration aaaaaaaa -> bbbbbbbb']],
    [[target('n')], [target('n', { flapping: true })], ['n.example is flapping']],
    [[target('n', { reported: false })], [target('n')], []],
  ])('case %#', (before, after, expected) => {
    expect(changesBetween(picture(before), picture(after))).toEqual(expected.map((line) => `12:34:56 ${line}`));
  });

  it('follows repairs from state to state, and says nothing of those that were over before', () => {
    const first = picture([], { runs: [run('n'), run('m', { state: 'failed', endedAt: AT })] });
    expect(changesBetween(null, first)).toEqual(['12:34:56 repair run-of-n of n: ConfigDrift running: why so']);
    const next = picture([], { runs: [run('n', { state: 'no_effect', reason: 'it drifts still', endedAt: AT })] });
    expect(changesBetween(first, first)).toEqual([]);
    expect(changesBetween(first, next)).toEqual([
      '12:34:56 repair run-of-n of n: ConfigDrift no effect: it drifts still',
    ]);
  });

  it('names verdicts', () => {
    expect(changesBetween(picture([]), picture([], { verdict: 'blind', zone: 'full' }))).toEqual([
      '12:34:56 fleet normal -> blind: why so',
      '12:34:56 zone a normal -> full',
    ]);
  });
});

describe('the views', () => {
  const terminal = () => {
    let text = '';
    return { columns: 120, rows: 30, write: (more: string) => (text += more), read: () => text };
  };

  it('draws the table over itself', () => {
    const screen = terminal();
    const view = tableView(screen, ['the end'], false);
    view.show(picture([target('n')]), new Map(), new Set());
    expect(screen.read()).not.toContain('A\x1b[0J');
    view.show(picture([target('n', { state: 'stale' })]), new Map(), new Set());
    expect(screen.read()).toContain('\x1b[6A\x1b[0J');
    expect(screen.read()).toContain('  12:34:56 n.example online -> stale: it is stale\n');
  });

  it('writes a line for each change, and nothing when there is none', () => {
    const screen = terminal();
    const view = lineView(screen);
    const doing = new Map([['n', 'is killed']]);
    view.show(picture([target('n')]), new Map([['n', '']]), new Set());
    view.show(picture([target('n')]), doing, new Set());
    view.show(picture([target('n')]), doing, new Set());
    view.trouble('no answer');
    view.trouble('no answer');
    view.show(picture([target('n')]), new Map([['n', '']]), new Set());
    expect(screen.read().split('\n')).toEqual([
      '12:34:56 n.example appeared as online',
      '12:34:56 script: n is killed',
      'no answer',
      '12:34:56 script: n is healthy again',
      '',
    ]);
  });
});
