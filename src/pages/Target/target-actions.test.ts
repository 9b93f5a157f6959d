import { describe, expect, it } from '@jest/globals';
import { LIVENESS_STATES, ROLES, RUN_STATES } from '@openclaw-fleet/contract';
import type { FleetTarget, Hold, LivenessState, Role } from '@openclaw-fleet/contract';
import fc from 'fast-check';
import { standsFor } from '../../../backend/collector/remediation/rules/conditions.ts';
import { targetOf } from '../../testing/fixtures/fleet.ts';
import { holdOf, runOf } from '../../testing/fixtures/repairs.ts';
import { driftOf, violationOf } from '../../testing/fixtures/target.ts';
import { VIOLATION_CODES } from '@openclaw-fleet/contract';
import { shownActions } from './shown-actions.ts';
import { actionOf, targetActions } from './target-actions.ts';
import type { ActionFacts, ActionId } from './target-actions.ts';
import { openFaults } from './target-faults.ts';
import type { OpenFault } from './target-faults.ts';

const ID = 'gateway-01';
const nothing = (): null => null;
/** What somebody with a role lacks. */
const lacks =
  (held: Role) =>
  (role: Role): string | null =>
    ROLES.indexOf(held) >= ROLES.indexOf(role) ? null : `lacks ${role}`;

const inState = (state: LivenessState): Pick<FleetTarget, 'liveness'> => ({
  liveness: { ...targetOf(ID).liveness, state },
});
const config = openFaults([driftOf(ID)], []);
const well: ActionFacts = { target: targetOf(ID), holds: [], runs: [], faults: [], missing: nothing };
const ill: ActionFacts = { ...well, faults: config };
const of = (facts: ActionFacts, id: ActionId) => actionOf(targetActions(facts), id);
const hold = (kind: Hold['kind'], over: Partial<Hold> = {}): Hold => holdOf({ kind, targetId: ID, ...over });

describe('a repair', () => {
  it('can be asked for where a playbook is for what is wrong', () => {
    expect(of(ill, 'repair')).toMatchObject({ applies: true, why: null, playbook: 'ConfigDrift', role: 'operator' });
  });

  it.each<[string, Partial<ActionFacts>, string]>([
    ['nothing is wrong', { faults: [] }, 'Nothing is wrong with it that a playbook repairs.'],
    [
      'nothing that a playbook is for',
      { faults: openFaults([], [violationOf(ID)]) },
      'Nothing is wrong with it that a playbook repairs.',
    ],
    ['it is retired', { target: { ...targetOf(ID), ...inState('retired') } }, 'It is retired'],
    ['it has no bridge', { target: targetOf(ID, { bridged: false }) }, 'No bridge stands beside its gateway'],
    ['it is not known whether it lives', { target: { ...targetOf(ID), ...inState('unknown') } }, 'Whether it lives'],
    ['it is being repaired', { runs: [runOf({ state: 'verifying' })] }, 'Another repair of it is open (Verifying)'],
    [
      'its repairs are paused',
      { holds: [hold('pause', { byName: 'Bob', reason: 'we move' })] },
      'paused by Bob: we move',
    ],
    [
      'its repairs are paused with a reason of any text',
      { holds: [hold('pause', { byName: "O'Neil", reason: `it's "3/4" <down>` })] },
      `paused by O'Neil: it's "3/4" <down>`,
    ],
    [
      'everything is paused',
      { holds: [holdOf({ by: 'token:1', byName: null, reason: 'we move' })] },
      'All repairs are paused by token:1: we move',
    ],
    ['it is in quarantine', { holds: [hold('quarantine', { subject: 'drift.config' })] }, 'it is in quarantine'],
    ['its holds are not read yet', { holds: undefined }, 'still being read'],
    ['its runs are not read yet', { runs: undefined }, 'still being read'],
    ['its faults are not read yet', { faults: undefined }, 'still being read'],
    ['a permission lacks', { missing: lacks('viewer') }, 'lacks operator'],
  ])('cannot while %s', (_, change, words) => {
    expect(of({ ...ill, ...change }, 'repair').why).toContain(words);
  });

  it('can be asked for in spite of a cordon, a breaker, an isolation, an ended run, or a quarantine for something else', () => {
    const holds = [hold('cordon'), holdOf({ kind: 'breaker' }), hold('quarantine', { subject: 'drift.runtime' })];
    const runs = [runOf({ state: 'failed' })];
    expect(of({ ...ill, holds, runs, target: targetOf(ID, { isolated: true }) }, 'repair').why).toBeNull();
  });

  it('names the playbook of the worst fault that is not in quarantine', () => {
    const faults = openFaults(
      [driftOf(ID), driftOf(ID, { category: 'sync', severity: 'critical', suggestedPlaybookId: 'BridgeStuck' })],
      []
    );
    expect(of({ ...ill, faults }, 'repair').playbook).toBe('BridgeStuck');
    const holds = [hold('quarantine', { subject: 'drift.sync' })];
    expect(of({ ...ill, faults, holds }, 'repair').playbook).toBe('ConfigDrift');
  });

  it('is for the bridge of a target that is silent', () => {
    const target = { ...targetOf(ID), ...inState('expired') };
    expect(of({ ...well, target }, 'repair')).toMatchObject({ why: null, playbook: 'BridgeStuck' });
    const holds = [hold('quarantine', { subject: 'liveness.expired' })];
    expect(of({ ...well, target, holds }, 'repair').why).toContain('in quarantine');
  });

  it('counts a violation by the condition that repairs and quarantines count it by', () => {
    for (const code of VIOLATION_CODES) {
      const [fault] = openFaults([], [violationOf(ID, { code })]);
      expect(fault?.condition).toBe(standsFor(`violation.${code}`) ?? `violation.${code}`);
    }
  });
});

describe('what people decide', () => {
  it.each<[ActionId, Partial<ActionFacts>, string | null]>([
    ['pause', {}, null],
    ['pause', { holds: [hold('pause')] }, 'paused already'],
    ['pause', { holds: [holdOf()] }, null],
    ['pause', { target: { ...targetOf(ID), ...inState('retired') } }, 'retired'],
    ['resume', {}, 'not paused'],
    ['resume', { holds: [holdOf()] }, 'not paused'],
    ['resume', { holds: [hold('pause')] }, null],
    ['cordon', {}, null],
    ['cordon', { holds: [hold('cordon')] }, 'cordoned already'],
    ['uncordon', {}, 'not cordoned'],
    ['uncordon', { holds: [hold('cordon')] }, null],
    ['clear-quarantine', {}, 'not in quarantine'],
    ['clear-quarantine', { holds: [hold('quarantine', { subject: 'drift.config' })] }, null],
    ['lift-isolation', {}, 'not isolated'],
    ['lift-isolation', { target: targetOf(ID, { isolated: true }) }, null],
    ['retire', {}, null],
    ['retire', { target: { ...targetOf(ID), ...inState('retired') } }, 'retired already'],
    ['reinstate', {}, 'not retired'],
    ['reinstate', { target: { ...targetOf(ID), ...inState('retired') } }, null],
    ['resume', { holds: undefined }, 'still being read'],
    ['cordon', { holds: undefined }, 'still being read'],
  ])('%s: %j', (id, change, words) => {
    const { why } = of({ ...well, ...change }, id);
    if (words === null) expect(why).toBeNull();
    else expect(why).toContain(words);
  });

  it.each<[ActionId, Role]>([
    ['pause', 'operator'],
    ['cordon', 'operator'],
    ['clear-quarantine', 'approver'],
    ['lift-isolation', 'approver'],
    ['retire', 'approver'],
  ])('%s needs the role %s', (id, role) => {
    expect(of(well, id).role).toBe(role);
  });
});

describe('whatever the facts are', () => {
  const anyHold = fc.record({
    kind: fc.constantFrom('pause', 'cordon', 'quarantine', 'breaker' as const),
    targetId: fc.constantFrom(ID, null),
    subject: fc.constantFrom('drift.config', 'drift.sync', 'liveness.expired', null),
  });
  const anyFault: fc.Arbitrary<OpenFault> = fc
    .record({
      category: fc.constantFrom('config', 'sync', 'runtime', 'version' as const),
      severity: fc.constantFrom('minor', 'major', 'critical' as const),
      playbook: fc.constantFrom('ConfigDrift', 'BridgeStuck', null),
    })
    .map(({ category, severity, playbook }) => ({
      key: `drift.${category}`,
      condition: `drift.${category}`,
      severity,
      since: '2026-11-22T12:00:00Z',
      text: '',
      playbook: playbook,
    }));
  const anyFacts: fc.Arbitrary<ActionFacts> = fc
    .record({
      state: fc.constantFrom(...LIVENESS_STATES),
      bridged: fc.boolean(),
      isolated: fc.boolean(),
      holds: fc.option(fc.array(anyHold, { maxLength: 4 }), { nil: undefined }),
      runs: fc.option(fc.array(fc.constantFrom(...RUN_STATES), { maxLength: 3 }), { nil: undefined }),
      faults: fc.option(fc.array(anyFault, { maxLength: 4 }), { nil: undefined }),
      role: fc.constantFrom(...ROLES),
    })
    .map(({ state, bridged, isolated, holds, runs, faults, role }) => ({
      target: { ...targetOf(ID, { bridged, isolated }), ...inState(state) },
      holds: holds?.map((each) => holdOf(each)),
      runs: runs?.map((each) => runOf({ state: each })),
      faults,
      missing: lacks(role),
    }));

  it('what makes no sense says why, and a missing permission goes before every other reason', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        for (const { applies, why, role } of targetActions(facts)) {
          if (!applies) expect(why).not.toBeNull();
          const lack = facts.missing(role);
          if (lack !== null) expect(why).toBe(lack);
        }
      })
    );
  });

  it('more permissions never take an action away', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const may = (role: Role) =>
          targetActions({ ...facts, missing: lacks(role) }).filter(({ why }) => why === null).length;
        expect(may('viewer')).toBe(0);
        expect(may('operator')).toBeLessThanOrEqual(may('approver'));
      })
    );
  });

  it('nothing acts on what is retired, unknown, without a bridge or being repaired', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const { liveness, bridged } = facts.target;
        const never =
          liveness.state === 'retired' ||
          liveness.state === 'unknown' ||
          !bridged ||
          (facts.runs ?? []).some(({ state }) =>
            ['pending_approval', 'approved', 'running', 'verifying'].includes(state)
          );
        if (never) expect(of({ ...facts, missing: nothing }, 'repair').why).not.toBeNull();
      })
    );
  });

  it('of two that undo each other exactly one is shown, and every other action is', () => {
    fc.assert(
      fc.property(anyFacts, (facts) => {
        const shown = shownActions(targetActions(facts)).map(({ id }) => id);
        for (const [a, b] of [
          ['pause', 'resume'],
          ['cordon', 'uncordon'],
          ['retire', 'reinstate'],
        ] as const)
          expect(shown.filter((id) => id === a || id === b)).toHaveLength(1);
        for (const id of ['repair', 'clear-quarantine', 'lift-isolation'] as const) expect(shown).toContain(id);
      })
    );
  });
});
