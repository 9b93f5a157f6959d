import { ROLES } from '@openclaw-fleet/contract';
import type { Problem, Role } from '@openclaw-fleet/contract';
import type { Actor } from '../storage/types.ts';

/** Who asks, as it was authenticated. */
export interface Caller {
  readonly role: Role;
  readonly actor: Actor;
}

/** Reads an `Authorization` header (undefined: there was none) and says who it is, or why not. */
export type Authenticate = (authorization: string | undefined) => Caller | Problem | Promise<Caller | Problem>;

/** Roles form a ladder: who may approve may operate, who may operate may view. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

export function isProblem(outcome: Caller | Problem): outcome is Problem {
  return 'status' in outcome;
}
