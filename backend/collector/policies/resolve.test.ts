import { describe, expect, it } from '@jest/globals';
import { policySpecSchema, type DesiredStatePatch, type PolicySpec } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { resolve, Resolver, waiversFor, type ResolveContext } from './resolve.ts';
import type { Profile, TargetSettings } from './types.ts';

const NOW = Date.parse('2026-02-06T12:00:00Z');
const context: ResolveContext = {
  flags: { maxSyncLagMs: null, minimumBridgeVersion: null },
  defaultMaxSyncLagMs: 120_000,
  effective: (revision, overlay) =>
    revision.startsWith('0')
      ? null
      : { values: overlay, hash: `${revision.slice(0, 4)}+${Object.keys(overlay).join()}` },
  issued: () => false,
};
const REVISION = 'a'.repeat(64);
const OTHER = 'b'.repeat(64);

const profile = (spec: Partial<PolicySpec> = {}, more: Partial<Profile> = {}): Profile => ({
  id: 'production',
  version: 3,
  spec: policySpecSchema.parse({ name: 'Production', ...spec }),
  revisionSinceMs: 1000,
  provisioned: false,
  createdMs: 0,
  updatedMs: 0,
  updatedBy: 'ada',
  ...more,
});
const settings = (more: Partial<TargetSettings> = {}): TargetSettings => ({
  nodeId: 'n1',
  rev: 1,
  profileId: 'production',
  desired: {},
  overlay: {},
  revisionSinceMs: 0,
  updatedMs: 0,
  updatedBy: 'ada',
  ...more,
});
const of = (from: Profile, own: TargetSettings | null = null, flags = context.flags) =>
  resolve(from, own, own?.nodeId ?? null, { ...context, flags }, NOW);

const versions = fc.constantFrom('1.0.0', '1.4.2', '2026.9.6');
const desired: fc.Arbitrary<DesiredStatePatch> = fc.record(
  {
    bridgeVersion: fc.option(versions),
    configRevision: fc.option(fc.constantFrom(REVISION, OTHER)),
    maxSyncLagMs: fc.integer({ min: 1000, max: 86_400_000 }),
    allowAutoRemediation: fc.boolean(),
    requiredCapabilities: fc.array(fc.constantFrom('restart', 'reload', 'config'), { maxLength: 3 }),
  },
  { requiredKeys: [] }
);
const mode = fc.constantFrom('Audit' as const, 'ApplyAndMonitor' as const, 'ApplyAndAutoCorrect' as const);

describe('what is expected of a target', () => {
  it('has what nobody names from the defaults, and from the flags where they are set', () => {
    expect(of(profile())).toMatchObject({
      desired: {
        bridgeVersion: null,
        configHash: null,
        maxSyncLagMs: 120_000,
        allowAutoRemediation: false,
        requiredCapabilities: [],
      },
      revision: null,
      minimumBridgeVersion: null,
      driftMode: 'Audit',
    });
    const flags = { maxSyncLagMs: 5000, minimumBridgeVersion: '1.2.0' };
    expect(of(profile(), null, flags)).toMatchObject({
      desired: { maxSyncLagMs: 5000 },
      minimumBridgeVersion: '1.2.0',
    });
    const named = profile({ desired: { maxSyncLagMs: 9000 }, minimumBridgeVersion: '1.3.0' });
    expect(of(named, null, flags)).toMatchObject({ desired: { maxSyncLagMs: 9000 }, minimumBridgeVersion: '1.3.0' });
  });

  it('property: each field is of the own PATCH when that names it, else of the profile', () => {
    fc.assert(
      fc.property(desired, desired, mode, (ofProfile, ofTarget, driftMode) => {
        const all = { ...ofProfile, ...ofTarget };
        const found = of(profile({ desired: ofProfile, driftMode }), settings({ desired: ofTarget }));
        expect(found.desired.bridgeVersion).toBe(all.bridgeVersion ?? null);
        expect(found.revision).toBe(all.configRevision ?? null);
        expect(found.desired.configHash).toBe(all.configRevision ? `${all.configRevision.slice(0, 4)}+` : null);
        expect(found.desired.maxSyncLagMs).toBe(all.maxSyncLagMs ?? 120_000);
        expect(found.desired.requiredCapabilities).toEqual(all.requiredCapabilities ?? []);
      })
    );
  });

  it('property: automation is never allowed beyond the drift mode, and a PATCH that says no is heard', () => {
    fc.assert(
      fc.property(desired, desired, mode, (ofProfile, ofTarget, driftMode) => {
        const { allowAutoRemediation } = of(
          profile({ desired: ofProfile, driftMode }),
          settings({ desired: ofTarget })
        ).desired;
        if (driftMode !== 'ApplyAndAutoCorrect') expect(allowAutoRemediation).toBe(false);
        if (ofTarget.allowAutoRemediation === false) expect(allowAutoRemediation).toBe(false);
      })
    );
    expect(of(profile({ driftMode: 'ApplyAndAutoCorrect' })).desired.allowAutoRemediation).toBe(true);
  });

  it('computes the hash with the overlay, and expects nothing of a revision that is not there', () => {
    const from = profile({ desired: { configRevision: REVISION } });
    expect(of(from, settings({ overlay: { port: 1 } })).desired.configHash).toBe('aaaa+port');
    const gone = profile({ desired: { configRevision: '0'.repeat(64) } });
    expect(of(gone)).toMatchObject({ revision: null, desired: { configHash: null } });
  });

  it('desires a revision since the later of when the profile named it and when the target got it', () => {
    const from = profile({ desired: { configRevision: REVISION } });
    expect(of(from).revisionSinceMs).toBe(1000);
    expect(of(from, settings({ revisionSinceMs: 500 })).revisionSinceMs).toBe(1000);
    expect(of(from, settings({ revisionSinceMs: 2000 })).revisionSinceMs).toBe(2000);
    const own = settings({ revisionSinceMs: 500, desired: { configRevision: OTHER } });
    expect(of(from, own).revisionSinceMs).toBe(500);
  });

  it('carries the owner, the limits, the tags and the severity of the profile', () => {
    const more = {
      owner: 'platform',
      limits: { cpuPct: 80, minimumScore: 70 },
      requiredTags: ['gpu:true'],
      unknownConfigSeverity: 'critical' as const,
      requireSignature: true,
    };
    expect(of(profile(more))).toMatchObject({ ...more, profileId: 'production', profileVersion: 3 });
  });
});

describe('waivers', () => {
  const waiver = (id: string, endsMs: number, targetIds: string[] | null) => ({
    id,
    code: 'cpu-over-limit' as const,
    targetIds,
    expiresAt: new Date(endsMs).toISOString(),
    reason: 'a migration',
  });

  it('property: hold for those named, or all, until they end', () => {
    const some = fc.option(fc.uniqueArray(fc.constantFrom('n1', 'n2', 'n3'), { minLength: 1 }));
    const one = fc.tuple(fc.integer({ min: -1000, max: 1000 }), some);
    fc.assert(
      fc.property(fc.array(one), fc.constantFrom('n1', 'n2', null), (drawn, targetId) => {
        const waivers = drawn.map(([ends, targetIds], index) => waiver(`w${index}`, NOW + ends, targetIds));
        const found = waiversFor(profile({ waivers }).spec, targetId, NOW);
        const meant = drawn.filter(
          ([ends, targetIds]) => ends > 0 && (targetIds === null || (targetId !== null && targetIds.includes(targetId)))
        );
        expect(found).toEqual(meant.map(([ends]) => ({ code: 'cpu-over-limit', untilMs: NOW + ends })));
      })
    );
  });
});

describe('sharing', () => {
  const resolver = (): Resolver => new Resolver(context);

  it('hands one object to all of a profile that have nothing of their own', () => {
    const shared = resolver();
    const from = profile({ desired: { configRevision: REVISION } });
    const first = shared.resolve(from, null, 'n1', NOW);
    expect(shared.resolve(from, settings({ nodeId: 'n2' }), 'n2', NOW)).toBe(first);
    expect(shared.resolve(from, settings({ revisionSinceMs: 900 }), 'n1', NOW)).toBe(first);
    expect(shared.resolve(profile(), null, 'n3', NOW)).not.toBe(first);
  });

  it('hands one object to those that were given the profile at the same time', () => {
    const shared = resolver();
    const from = profile({ desired: { configRevision: REVISION } });
    const late = shared.resolve(from, settings({ revisionSinceMs: 5000 }), 'n1', NOW);
    expect(late.revisionSinceMs).toBe(5000);
    expect(shared.resolve(from, settings({ nodeId: 'n2', revisionSinceMs: 5000 }), 'n2', NOW)).toBe(late);
    expect(shared.resolve(from, null, 'n3', NOW).revisionSinceMs).toBe(1000);
  });

  it('keeps apart a target with a PATCH, an overlay or a waiver of its own', () => {
    const shared = resolver();
    const from = profile({
      waivers: [
        { id: 'w', code: 'runtime-error', targetIds: ['n4'], expiresAt: '2027-01-01T00:00:00Z', reason: 'known' },
      ],
    });
    const common = shared.resolve(from, null, 'n1', NOW);
    expect(common.waivers).toEqual([]);
    expect(shared.resolve(from, settings({ desired: { bridgeVersion: null } }), 'n2', NOW)).not.toBe(common);
    expect(shared.resolve(from, settings({ overlay: { port: 1 } }), 'n3', NOW)).not.toBe(common);
    expect(shared.resolve(from, null, 'n4', NOW).waivers).toHaveLength(1);
    expect(shared.resolve(from, null, 'n5', NOW)).toBe(common);
  });

  it('property: resolves as without sharing', () => {
    const since = fc.constantFrom(0, 500, 1000, 2000);
    fc.assert(
      fc.property(fc.array(fc.tuple(desired, since), { minLength: 1, maxLength: 8 }), desired, (targets, ofProfile) => {
        const shared = resolver();
        const from = profile({ desired: ofProfile });
        for (const [own, revisionSinceMs] of targets) {
          const mine = settings({ desired: own, revisionSinceMs });
          expect(shared.resolve(from, mine, 'n1', NOW)).toEqual(resolve(from, mine, 'n1', context, NOW));
        }
      })
    );
  });
});
