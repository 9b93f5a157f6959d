import { describe, expect, it } from '@jest/globals';
import type { FleetTarget, LivenessState } from '@openclaw-fleet/contract';
import { desiredStateChangeSchema } from '@openclaw-fleet/contract';
import { targetOf } from '../../testing/fixtures/fleet.ts';
import { runOf } from '../../testing/fixtures/repairs.ts';
import {
  desiredOf,
  driftOf,
  HASHES,
  historyOf,
  reportedOf,
  scoreOf,
  timelineEntry,
  violationOf,
  wayOf,
} from '../../testing/fixtures/target.ts';
import { desiredRows } from './desired-diff.ts';
import { changeOf, draftOf, invalidField } from './desired-draft.ts';
import type { Draft } from './desired-draft.ts';
import { firstThing } from './first-thing.ts';
import { openFirst } from './open-first.ts';
import { failureShare } from './JobsTab.tsx';
import { historyWords, steps } from './score-steps.ts';
import { openFaults } from './target-faults.ts';
import { ofKinds, toggled } from './timeline-filter.ts';
import { wayState, wayWord } from './transport-words.ts';

const ID = 'gateway-01';
const targetIn = (state: LivenessState, over: Partial<FleetTarget> = {}): FleetTarget => {
  const base = targetOf(ID, over);
  return { ...base, liveness: { ...base.liveness, state, reason: `It is ${state}.` } };
};

describe('what comes first', () => {
  const facts = { score: scoreOf(ID), faults: [], runs: [], whyNoRepair: null };

  it('is nothing of a target that is well, or retired', () => {
    expect(firstThing({ ...facts, target: targetOf(ID) })).toBeNull();
    const score = scoreOf(ID, { reasons: ['Something.'] });
    expect(firstThing({ ...facts, score, target: targetIn('retired') })).toBeNull();
  });

  it('is the reason that the score names first, else the worst fault, else its silence', () => {
    const faults = openFaults([driftOf(ID, { reason: 'It differs.' })], []);
    const score = scoreOf(ID, { reasons: ['The worst.', 'Another.'] });
    expect(firstThing({ ...facts, score, faults, target: targetOf(ID) })?.reason).toBe('The worst.');
    expect(firstThing({ ...facts, score: undefined, faults, target: targetOf(ID) })?.reason).toBe('It differs.');
    expect(firstThing({ ...facts, target: targetIn('stale') })?.reason).toBe('It is stale.');
  });

  it('is, of a silent target, for how long by now: its assessment is older', () => {
    const silent = targetIn('expired');
    const target = { ...silent, liveness: { ...silent.liveness, ageSeconds: 240 } };
    const score = scoreOf(ID, { reasons: ['No report for 59 s'] });
    expect(firstThing({ ...facts, score, target })?.reason).toBe('It has sent no heartbeat for 4 min.');
  });

  it.each<[string, Partial<FleetTarget>, string]>([
    ['isolated', { isolated: true }, 'error'],
    ['critical', { band: 'critical' }, 'error'],
    ['degraded', { band: 'degraded' }, 'warning'],
    ['healthy', { band: 'healthy' }, 'info'],
  ])('is as loud as it must be: %s', (_, over, severity) => {
    const score = scoreOf(ID, { reasons: ['Something.'] });
    expect(firstThing({ ...facts, score, target: targetOf(ID, over) })?.severity).toBe(severity);
  });

  it('is loud for a critical fault whatever the band', () => {
    const faults = openFaults([driftOf(ID, { severity: 'critical' })], []);
    expect(firstThing({ ...facts, faults, target: targetOf(ID) })?.severity).toBe('error');
  });

  it('offers the repair where it can be asked for, else says what to do', () => {
    const score = scoreOf(ID, { reasons: ['Something.'] });
    const ask = (target: FleetTarget, whyNoRepair: string | null) =>
      firstThing({ ...facts, score, target, whyNoRepair });
    expect(ask(targetOf(ID), null)).toMatchObject({ offersRepair: true });
    expect(ask(targetOf(ID), 'no')?.next).toContain('No playbook repairs this.');
    const faults = openFaults([driftOf(ID)], []);
    expect(firstThing({ ...facts, score, faults, target: targetOf(ID), whyNoRepair: 'All is paused.' })).toMatchObject({
      offersRepair: false,
      next: 'It cannot be repaired from here now. All is paused.',
    });
    expect(ask(targetOf(ID, { bridged: false }), 'no bridge')?.next).toContain('log in to its host');
    expect(ask(targetIn('stopped'), 'no')?.next).toContain('It said that it stops');
  });

  it('is an open repair rather than another one', () => {
    const score = scoreOf(ID, { reasons: ['Something.'] });
    const run = runOf({ state: 'pending_approval' });
    const first = firstThing({ ...facts, score, target: targetOf(ID), runs: [runOf({ state: 'failed' }), run] });
    expect(first).toMatchObject({ run, offersRepair: false, next: 'A repair waits for approval.' });
  });
});

it('open faults: the worst first, then the oldest, and no resolved one', () => {
  const faults = openFaults(
    [
      driftOf(ID, { category: 'version', severity: 'minor' }),
      driftOf(ID, { category: 'sync', severity: 'critical', resolvedAt: '2026-11-22T12:00:00Z' }),
      driftOf(ID, { category: 'runtime', severity: 'major', detectedAt: '2026-11-22T12:00:00Z' }),
    ],
    [violationOf(ID, { severity: 'high', createdAt: '2026-11-22T11:00:00Z' })]
  );
  expect(faults.map(({ key }) => key)).toEqual(['violation.cpu-over-limit', 'drift.runtime', 'drift.version']);
});

describe('desired against reported', () => {
  const desired = {
    bridgeVersion: '1.0.0',
    configHash: HASHES.new,
    maxSyncLagMs: 60_000,
    allowAutoRemediation: false,
    requiredCapabilities: ['restart', 'doctor'],
  };
  const view = desiredOf(ID, { desired, configRevision: HASHES.new, own: { bridgeVersion: '1.0.0' } });
  const rowsOf = (over: Partial<FleetTarget>, read: typeof view | null = view) =>
    new Map(desiredRows(targetOf(ID, { desired, ...over }), read).map((row) => [row.field, row]));

  it('differs where it differs', () => {
    const rows = rowsOf({
      reported: reportedOf({ bridgeVersion: '0.9.0', configHash: HASHES.old, syncLagMs: 90_000 }),
      capabilities: ['restart'],
    });
    const differing = [...rows.values()].filter(({ differs }) => differs === true).map(({ field }) => field);
    expect(differing).toEqual(['bridgeVersion', 'configHash', 'syncLag', 'capabilities']);
    expect(rows.get('configRevision')?.differs).toBe(false);
    expect(rows.get('configHash')).toMatchObject({ desired: '111111111111…', reported: '000000000000…' });
  });

  it('compares nothing with what is not reported, or not expected', () => {
    for (const { differs } of rowsOf({ reported: undefined, capabilities: ['restart', 'doctor'] }).values())
      expect(differs ?? false).toBe(false);
    const free = desiredRows(targetOf(ID, { reported: reportedOf() }), desiredOf(ID));
    expect(free.find(({ field }) => field === 'bridgeVersion')).toMatchObject({ desired: null, differs: null });
  });

  it('says whose word it is', () => {
    expect(rowsOf({}).get('bridgeVersion')?.source).toBe('own');
    expect(rowsOf({}).get('syncLag')?.source).toBe('profile');
    expect(rowsOf({}, null).get('syncLag')?.source).toBeNull();
  });
});

describe('the form of the desired state', () => {
  const view = desiredOf(ID, { own: { bridgeVersion: null, maxSyncLagMs: 30_000 } });
  const draft = draftOf({ ...view, desired: { ...view.desired, maxSyncLagMs: 30_000 } });
  const withField = (over: Partial<Draft>): Draft => ({ ...draft, ...over });

  it('begins with things as they are, and changes nothing', () => {
    expect(draft.bridgeVersion.mode).toBe('nothing');
    expect(draft.maxSyncLagMs).toEqual({ mode: 'own', text: '30' });
    expect(draft.requiredCapabilities.mode).toBe('profile');
    expect(changeOf(view, draft)).toBeNull();
  });

  it.each<[string, Partial<Draft>, Record<string, unknown>]>([
    ['a version of its own', { bridgeVersion: { mode: 'own', text: ' 1.2.0 ' } }, { bridgeVersion: '1.2.0' }],
    ['seconds become milliseconds', { maxSyncLagMs: { mode: 'own', text: '45' } }, { maxSyncLagMs: 45_000 }],
    ['back to the profile', { maxSyncLagMs: { mode: 'profile', text: '45' } }, { inherit: ['maxSyncLagMs'] }],
    ['a switch', { allowAutoRemediation: { mode: 'own', text: 'false' } }, { allowAutoRemediation: false }],
    [
      'a list, each once',
      { requiredCapabilities: { mode: 'own', text: 'restart, doctor restart' } },
      { requiredCapabilities: ['restart', 'doctor'] },
    ],
    ['nothing at all', { configRevision: { mode: 'nothing', text: '' } }, { configRevision: null }],
  ])('%s', (_, over, expected) => {
    const change = changeOf(view, withField(over));
    expect(change).toEqual(expected);
    expect(desiredStateChangeSchema.safeParse({ ...change, reason: 'because' }).success).toBe(true);
  });

  it.each<[Partial<Draft>, string | null]>([
    [{}, null],
    [{ bridgeVersion: { mode: 'own', text: ' ' } }, 'bridgeVersion'],
    [{ configRevision: { mode: 'own', text: 'newest' } }, 'configRevision'],
    [{ configRevision: { mode: 'own', text: HASHES.new } }, null],
    [{ maxSyncLagMs: { mode: 'own', text: '0.5' } }, 'maxSyncLagMs'],
    [{ maxSyncLagMs: { mode: 'own', text: '' } }, 'maxSyncLagMs'],
    [{ maxSyncLagMs: { mode: 'profile', text: '' } }, null],
  ])('what cannot be sent: %j', (over, field) => {
    expect(invalidField(withField(over))).toBe(field);
  });
});

describe('the line of the score', () => {
  const points = [
    { at: '2026-11-22T10:00:00.000Z', score: 55, band: 'degraded' as const },
    { at: '2026-11-22T11:00:00.000Z', score: null, band: 'unknown' as const },
    { at: '2026-11-22T11:30:00.000Z', score: 97, band: 'healthy' as const },
  ];
  it('holds each score until the next, and the last until now', () => {
    const line = steps({ points, to: '2026-11-22T12:00:00.000Z' });
    expect(line.map(({ score }) => score)).toEqual([55, 55, null, null, 97, 97]);
    const times = line.map(({ ms }) => ms);
    expect(times.toSorted((a, b) => a - b)).toEqual(times);
    expect(times.at(-1)).toBe(Date.parse('2026-11-22T12:00:00.000Z'));
  });
  it('is nothing without points', () => {
    expect(steps({ points: [], to: '2026-11-22T12:00:00.000Z' })).toEqual([]);
  });
  it('has words for who cannot see it', () => {
    expect(historyWords(historyOf(ID, { points }))).toBe(
      'Score of the last 24 hours: 3 changes, lowest 55, highest 97, now 97 (Healthy).'
    );
    expect(historyWords(historyOf(ID, { points: [] }))).toBe('The score did not change in the last 24 hours.');
  });
});

describe('a way to a bridge', () => {
  const [early, late] = ['2026-11-22T11:00:00Z', '2026-11-22T12:00:00Z'];
  it.each([
    [wayOf(), 'untried'],
    [wayOf({ lastOkAt: early }), 'open'],
    [wayOf({ lastErrorAt: early, lastError: 'x' }), 'failing'],
    [wayOf({ lastOkAt: late, lastErrorAt: early, lastError: 'x' }), 'open'],
    [wayOf({ lastOkAt: early, lastErrorAt: late, lastError: 'x' }), 'failing'],
    [wayOf({ missing: 'no port', address: null, lastOkAt: late }), 'closed'],
  ] as const)('%j is %s', (way, state) => {
    expect(wayState(way)).toBe(state);
  });
  it('is called open or closed where it is a tunnel', () => {
    expect(wayWord('reverse_ssh', 'closed').state).toBe('Closed');
    expect(wayWord('direct_https', 'closed').state).toBe('Leads nowhere');
  });
});

describe('lists', () => {
  it('the timeline shows the kinds that were chosen, or all', () => {
    const entries = [timelineEntry(2, { kind: 'drift' }), timelineEntry(1)];
    expect(ofKinds(entries, [])).toEqual(entries);
    expect(ofKinds(entries, ['drift']).map(({ id }) => id)).toEqual([2]);
    expect(toggled(['drift'], 'liveness')).toEqual(['liveness', 'drift']);
    expect(toggled(['liveness', 'drift'], 'liveness')).toEqual(['drift']);
  });
  it('faults: open ones first, each newest first', () => {
    const at = (hour: number): string => `2026-11-22T${hour}:00:00Z`;
    const items = [
      driftOf('a', { detectedAt: at(10) }),
      driftOf('b', { detectedAt: at(12), resolvedAt: at(13) }),
      driftOf('c', { detectedAt: at(11) }),
      driftOf('d', { detectedAt: at(14), resolvedAt: at(15) }),
    ];
    expect(openFirst(items).map(({ targetId }) => targetId)).toEqual(['c', 'a', 'd', 'b']);
  });
  it('failures are a share of the results', () => {
    expect(failureShare(3, 12)).toBe('3 of 12 (25 %)');
    expect(failureShare(0, 0)).toBe('No results');
    expect(failureShare(undefined, undefined)).toBe('–');
  });
});
