import { hasPermission } from '@grafana/runtime';
import type { Role } from '@openclaw-fleet/contract';

/** What Grafana checks at each proxy route (plugin.json), by the collector's role. The collector checks the role again. */
export const ACTIONS = {
  viewer: 'openclaw-fleet-app.fleet:read',
  operator: 'openclaw-fleet-app.fleet:operate',
  approver: 'openclaw-fleet-app.fleet:approve',
} as const satisfies Record<Role, string>;

/** Whether the signed-in user has a role, as Grafana knows it. */
export function can(role: Role): boolean {
  return hasPermission(ACTIONS[role]);
}

/** Whether the signed-in user may change the settings of plugins in Grafana. */
export function mayConfigure(): boolean {
  return hasPermission('plugins:write');
}

const GIVEN_BY: Record<Role, string> = { viewer: 'Viewer', operator: 'Editor', approver: 'Admin' };

/** Why a button is disabled for want of a role; null: the user has it. */
export function missing(role: Role): string | null {
  if (can(role)) return null;
  return `You need the permission ${ACTIONS[role]} (the role ${GIVEN_BY[role]} in Grafana) for this. Ask your Grafana administrator.`;
}
