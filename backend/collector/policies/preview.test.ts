import { afterEach, describe, expect, it } from '@jest/globals';
import { TIMINGS } from '@openclaw-fleet/contract';
import type { JobsBlock, PolicyPreview, PreviewItem } from '@openclaw-fleet/contract';
import { transitions } from '../assessment/assess.ts';
import type { Assessment, Expectation, Fault } from '../assessment/types.ts';
import { previewItem, type PreviewScene } from './preview.ts';
import { ada, Desk, failure, MINUTE, type beat } from './testing/desk.ts';
import type { PolicyDraft } from './types.ts';

const open: Desk[] = [];
afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close();
});

type Reported = NonNullable<ReturnType<typeof beat>['reported']>;
const reported = (more: Partial<Reported> = {}): Reported => ({
  bridge_version: '1.4.0',
  gateway_state: 'running',
  apply_status: 'APPLIED',
  sync_lag_ms: 0,
  health_status: 'ok',
  health_reasons: [],
  metrics: { cpu_pct: 40, queue_depth: 3, failed_pushes_1h: 0 },
  ...more,
});

/** Everyone but n6, which is silent: n3 is behind and was edited, n4 is over limits, n5 hangs. */
async function reportAll(desk: Desk, revision: string): Promise<void> {
  await desk.report(['n1', 'n2'], { reported: reported() });
  await desk.report(['n3'], { reported: reported({ bridge_version: '1.3.9', config_hash: 'd'.repeat(64), revision }) });
  await desk.report(['n4'], {
    reported: reported({ metrics: { cpu_pct: 99, failed_pushes_1h: 40 } }),
    tags: ['region:eu', 'tier:gold'],
  });
  await desk.report(['n5'], { reported: reported({ health_status: 'error', health_reasons: ['hung'] }) });
}

/** A fleet in which targets are well and unwell in different ways. */
async function fleet(): Promise<{ desk: Desk; revision: string }> {
  const desk = await Desk.start();
  open.push(desk);
  const revision = await desk.revision({ 'messages.ackReaction': 'eyes', 'logging.level': 'info' });
  await desk.report(['n6'], { reported: reported() });
  desk.clock.now += 3 * MINUTE;
  await reportAll(desk, revision);
  await desk.fleet.tick(desk.clock.now);
  return { desk, revision };
}

/** What really becomes of every target when the change is made, in the words of a preview. */
async function applied(desk: Desk, draft: PolicyDraft, ids: readonly string[]): Promise<PreviewItem[]> {
  const before = new Map<string, { assessment: Assessment; expected: Expectation }>();
  for (const node of desk.fleet.nodes())
    before.set(node.id, { assessment: node.assessment, expected: desk.policies.of(node.id) });
  const { policies } = desk;
  if (draft.kind === 'update')
    await policies.update(draft.profileId, draft.patch, policies.get(draft.profileId)?.version ?? 0, ada);
  else if (draft.kind === 'apply') await policies.apply(draft.targetIds, draft.profileId, null, ada);
  else if (draft.kind === 'patchDesired')
    await policies.patchDesired(draft.targetId, draft.patch, policies.target(draft.targetId).rev, ada, draft.inherit);
  else await policies.setOverlay(draft.targetId, draft.overlay, policies.target(draft.targetId).rev, ada);
  return ids.flatMap((id) => {
    const was = before.get(id)!;
    const node = desk.fleet.get(id)!;
    const scene = {
      subject: desk.fleet.subject(node, desk.clock.now),
      nowMs: desk.clock.now,
      timings: TIMINGS.production,
    };
    return previewItem(scene, was.assessment, was.expected, node.assessment, policies.of(id)) ?? [];
  });
}

function tally(desk: Desk, preview: PolicyPreview): Record<string, number> {
  const after: Record<string, number> = {};
  for (const { assessment } of desk.fleet.nodes()) after[assessment.band] = (after[assessment.band] ?? 0) + 1;
  expect(
    Object.fromEntries(Object.entries(preview.bands).flatMap(([band, { after: n }]) => (n ? [[band, n]] : [])))
  ).toEqual(after);
  return after;
}

describe('a preview', () => {
  it('of a profile equals, item by item, what happens when it is applied', async () => {
    const { desk, revision } = await fleet();
    const patches: PolicyDraft[] = [
      {
        kind: 'update',
        profileId: 'default',
        patch: {
          desired: { bridgeVersion: '1.4.0', configRevision: revision },
          limits: { cpuPct: 90, failedPushes1h: 10, minimumScore: 95 },
          requiredTags: ['tier:gold'],
        },
      },
      {
        kind: 'update',
        profileId: 'default',
        patch: { minimumBridgeVersion: '1.4.0', driftMode: 'ApplyAndAutoCorrect' },
      },
      { kind: 'update', profileId: 'default', patch: { unknownConfigSeverity: 'critical', requiredTags: [] } },
      { kind: 'update', profileId: 'default', patch: { desired: {}, limits: {}, minimumBridgeVersion: null } },
    ];
    const seen: string[] = [];
    for (const draft of patches) {
      const preview = await desk.policies.preview(draft);
      expect(preview.looked).toBe(6);
      expect(await desk.policies.preview(draft)).toEqual(preview);
      expect(await applied(desk, draft, ['n6', 'n1', 'n2', 'n3', 'n4', 'n5'])).toEqual(preview.items);
      expect(preview.changed).toBe(preview.items.length);
      tally(desk, preview);
      for (const { opens, closes, changes, playbooks } of preview.items) {
        seen.push(...opens.map(({ fault }) => `+${fault}`), ...closes.map(({ fault }) => `-${fault}`));
        seen.push(...changes.map(({ fault, after }) => `${fault}=${after}`), ...playbooks);
      }
      desk.clock.now += 3 * MINUTE;
      await reportAll(desk, revision);
      await desk.fleet.tick(desk.clock.now);
    }
    // What the changes were made to bring about: an empty preview would equal an empty change.
    expect(seen).toEqual(
      expect.arrayContaining([
        '+drift.version',
        '+violation.cpu-over-limit',
        '+violation.failed-pushes-over-limit',
        '+violation.required-tag-missing',
        '-violation.required-tag-missing',
        'drift.version=critical',
        'drift.config=critical',
        '-drift.version',
        '-drift.config',
        'BridgeStuck',
      ])
    );
  });

  it('of a profile given to targets, of a PATCH and of an overlay equals what happens', async () => {
    const { desk, revision } = await fleet();
    await desk.policies.create(
      'production',
      {
        name: 'Production',
        desired: { configRevision: revision },
        requiredTags: ['tier:gold'],
        driftMode: 'ApplyAndAutoCorrect',
      },
      ada
    );
    const drafts: [PolicyDraft, string[]][] = [
      [{ kind: 'apply', targetIds: ['n1', 'n3', 'n4'], profileId: 'production' }, ['n1', 'n3', 'n4']],
      [{ kind: 'apply', targetIds: ['n1'], profileId: 'production' }, ['n1']],
      [{ kind: 'patchDesired', targetId: 'n3', patch: { bridgeVersion: '2.0.0' } }, ['n3']],
      [{ kind: 'setOverlay', targetId: 'n3', overlay: { 'logging.level': 'debug' } }, ['n3']],
      [{ kind: 'patchDesired', targetId: 'n3', patch: {}, inherit: ['bridgeVersion'] }, ['n3']],
    ];
    const changed: number[] = [];
    for (const [draft, ids] of drafts) {
      const preview = await desk.policies.preview(draft);
      expect(preview.looked).toBe(ids.length);
      expect(await applied(desk, draft, ids)).toEqual(preview.items);
      changed.push(preview.changed);
    }
    expect(changed[0]).toBe(2);
    expect(changed[1]).toBe(0);
    expect(changed[2]).toBe(1);
    expect(changed[4]).toBe(1);
  });

  it('changes nothing: no version, no assessment, no audit, no timeline', async () => {
    const { desk } = await fleet();
    const before = [...desk.fleet.nodes()].map(({ assessment }) => assessment);
    const timeline = await desk.storage.timeline('n1', null, 100);
    await desk.policies.preview({ kind: 'update', profileId: 'default', patch: { requiredTags: ['x'] } });
    await desk.policies.preview({ kind: 'patchDesired', targetId: 'n1', patch: { bridgeVersion: '9.0.0' } });
    expect([...desk.fleet.nodes()].map(({ assessment }) => assessment)).toEqual(before);
    expect(await desk.storage.timeline('n1', null, 100)).toEqual(timeline);
    expect(desk.policies.get('default')).toMatchObject({ version: 1, requiredTags: [] });
    expect(desk.policies.target('n1').rev).toBe(0);
  });

  it('is refused where the change would be', async () => {
    const { desk } = await fleet();
    const kinds: [PolicyDraft, string][] = [
      [{ kind: 'update', profileId: 'production', patch: {} }, 'not-found'],
      [{ kind: 'update', profileId: 'default', patch: { name: '' } }, 'invalid'],
      [{ kind: 'apply', targetIds: ['n1'], profileId: 'production' }, 'not-found'],
      [{ kind: 'apply', targetIds: [], profileId: 'default' }, 'invalid'],
      [{ kind: 'patchDesired', targetId: 'n9', patch: {} }, 'not-found'],
      [{ kind: 'setOverlay', targetId: 'n1', overlay: { 'logging.level': 'debug' } }, 'invalid'],
    ];
    for (const [draft, kind] of kinds) expect(await failure(desk.policies.preview(draft))).toMatchObject({ kind });
  });

  it('of a large fleet shows at most 500 items, counts all, and lets other work have its turn', async () => {
    const { desk } = await fleet();
    const ids = Array.from({ length: 1200 }, (_, index) => `m${index}`);
    await desk.report(ids, { reported: reported() });
    let turns = 0;
    const count = (): void => {
      turns += 1;
      timer = setImmediate(count);
    };
    let timer = setImmediate(count);
    const draft: PolicyDraft = { kind: 'update', profileId: 'default', patch: { requiredTags: ['tier:gold'] } };
    const preview = await desk.policies.preview(draft);
    clearImmediate(timer);
    expect(preview).toMatchObject({ looked: 1206, changed: 1205 });
    expect(preview.items).toHaveLength(500);
    expect(turns).toBeGreaterThanOrEqual(2);
  });
});

describe('what would run', () => {
  const fault = (code: string, severity: string, playbook: string): Fault =>
    ({
      id: `n1.drift.${code}.1`,
      kind: 'drift',
      code,
      severity,
      playbook,
      message: code,
      openedMs: 1,
      liftedMs: null,
      expected: '',
      actual: '',
    }) as Fault;
  const assessed = (faults: readonly Fault[]): Assessment => ({
    atMs: 0,
    score: 80,
    band: 'warning',
    points: [20, 20, 20, 20, 20],
    faults,
    nextMs: Infinity,
  });
  const expecting = (allowAutoRemediation: boolean): Expectation =>
    ({
      desired: { allowAutoRemediation },
      driftMode: allowAutoRemediation ? 'ApplyAndAutoCorrect' : 'Audit',
    }) as unknown as Expectation;
  const sceneOf = (jobs?: JobsBlock, state = 'online'): PreviewScene =>
    ({
      subject: { id: 'n1', state, seenMs: 1, intervalMs: MINUTE, report: { reported: reported(), jobs } },
      nowMs: 6 * MINUTE,
      timings: TIMINGS.production,
    }) as unknown as PreviewScene;
  const playbooks = (faults: readonly Fault[], scene = sceneOf()): string[] | undefined =>
    previewItem(scene, assessed(faults), expecting(false), assessed(faults), expecting(true))?.playbooks;

  it('is minor drift, and major drift of the configuration, once automation is allowed', () => {
    expect(playbooks([fault('sync', 'minor', 'BridgeStuck')])).toEqual(['BridgeStuck']);
    expect(playbooks([fault('config', 'major', 'ConfigDrift'), fault('sync', 'minor', 'BridgeStuck')])).toEqual([
      'ConfigDrift',
      'BridgeStuck',
    ]);
  });

  it('is a burst of failures and a silence too, which are no drift', () => {
    const jobs = {
      total: 5,
      enabled: 5,
      failing: 2,
      results_1h: 10,
      failures_1h: 6,
      results_24h: 200,
      failures_24h: 8,
    };
    const violation = { ...fault('sync', 'high', 'FailureBurst'), kind: 'violation', code: 'job-failures-over-limit' };
    expect(playbooks([violation as Fault], sceneOf(jobs))).toEqual(['FailureBurst']);
    expect(playbooks([violation as Fault], sceneOf({ ...jobs, failing: 0 }))).toBeUndefined();
    expect(playbooks([], sceneOf(undefined, 'expired'))).toEqual(['BridgeStuck']);
  });

  it('is nothing for other major drift, nor for an isolated target, nor for what would run anyway', () => {
    expect(playbooks([fault('runtime', 'major', 'BridgeStuck')])).toBeUndefined();
    expect(
      playbooks([fault('config', 'critical', 'ConfigDrift'), fault('sync', 'minor', 'BridgeStuck')])
    ).toBeUndefined();
    const faults = [fault('sync', 'minor', 'BridgeStuck')];
    expect(previewItem(sceneOf(), assessed(faults), expecting(true), assessed(faults), expecting(true))).toBeNull();
    expect(transitions(faults, faults)).toEqual([]);
  });
});
