import type { IncomingHttpHeaders } from 'node:http';
import { ROLES } from '@openclaw-fleet/contract';
import type { Me, Problem, Role } from '@openclaw-fleet/contract';
import type { Actor } from '../storage/types.ts';

/** Who asks, as it was authenticated. */
export interface Caller {
  readonly role: Role;
  readonly actor: Actor;
  /** Only persons decide about repairs (domain-rules section 6). */
  readonly kind: Me['kind'];
  /** The Grafana identifier of a person; null for everybody else. */
  readonly person: string | null;
}

/** Reads an `Authorization` header (undefined: there was none) and says who it is, or why not. */
export type Authenticate = (authorization: string | undefined) => Caller | Problem | Promise<Caller | Problem>;

/** Roles form a ladder: who may approve may operate, who may operate may view. */
export function mayAct(role: Role, needed: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** Says from a request's headers who asks, or why nobody does. */
export type Identify = (headers: IncomingHttpHeaders) => Promise<Caller | Problem>;

export function isProblem(outcome: Caller | Problem): outcome is Problem {
  return 'status' in outcome;
}
