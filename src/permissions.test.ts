import { describe, expect, it } from '@jest/globals';
import { ROLES } from '@openclaw-fleet/contract';
import type { Role } from '@openclaw-fleet/contract';
import { ACTIONS, can, mayConfigure, missing } from './permissions.ts';
import pluginJson from './plugin.json';
import { signIn } from './testing/backend.ts';

const heldBy = (as: Role | null): Role[] => {
  signIn(as);
  return ROLES.filter((role) => can(role));
};

describe('permissions', () => {
  it('include those of the lower roles', () => {
    expect(heldBy(null)).toEqual([]);
    expect(heldBy('viewer')).toEqual(['viewer']);
    expect(heldBy('operator')).toEqual(['viewer', 'operator']);
    expect(heldBy('approver')).toEqual(['viewer', 'operator', 'approver']);
  });

  it('are named when they lack, with the role of Grafana that gives them', () => {
    signIn('viewer');
    expect(missing('viewer')).toBeNull();
    expect(missing('operator')).toMatch(/openclaw-fleet-app\.fleet:operate \(the role Editor/);
    expect(missing('approver')).toMatch(/openclaw-fleet-app\.fleet:approve \(the role Admin/);
  });

  it('are what plugin.json grants, and what its routes ask for', () => {
    const granted = Object.fromEntries(
      pluginJson.roles.map(({ role, grants }) => [grants.join(), role.permissions.map(({ action }) => action)])
    );
    expect(granted).toEqual({
      Viewer: [ACTIONS.viewer],
      Editor: [ACTIONS.viewer, ACTIONS.operator],
      Admin: [ACTIONS.viewer, ACTIONS.operator, ACTIONS.approver],
    });
    expect([...new Set(pluginJson.routes.map(({ reqAction }) => reqAction))].sort()).toEqual(
      Object.values(ACTIONS).sort()
    );
  });

  it('to change the settings of plugins are Grafana’s own', () => {
    signIn('operator');
    expect(mayConfigure()).toBe(false);
    signIn('approver');
    expect(mayConfigure()).toBe(true);
  });
});
