import type { ProblemName, Role } from '@openclaw-fleet/contract';
import { z } from 'zod';

export const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
export type Method = (typeof METHODS)[number];

export const JSON_TYPE = 'application/json';

/** Largest body of a write, in bytes, unless its route says otherwise. */
export const DEFAULT_BODY_BYTES = 64 * 1024;

/** One way in which a route answers when all went well. */
export interface Reply {
  readonly status: 200 | 201 | 202 | 204;
  /** Null: no body. */
  readonly content: { readonly type: string; readonly schema: z.ZodType } | null;
  readonly description: string;
  /** What it is instead when the request asks for that. */
  readonly also?: { readonly type: string; readonly schema: z.ZodType };
  /** Headers it carries: `etag` names the version to be changed, `location` the address of what was made. */
  readonly headers?: readonly ('etag' | 'location')[];
}

export interface Body {
  readonly schema: z.ZodType;
  /** In bytes; absent: DEFAULT_BODY_BYTES. */
  readonly limit?: number;
}

/** One method of one address of the API. The same entry mounts it, guards it and documents it. */
export interface Route {
  /** `get` answers HEAD too; every address answers OPTIONS. */
  readonly method: Method;
  readonly path: string;
  /** The least role that may ask; `open` asks for no token. */
  readonly role: Role | 'open';
  readonly summary: string;
  readonly description: string;
  readonly query: z.ZodObject;
  /** Parameters whose schema, made for parsing, would document too little. */
  readonly documentedQuery?: z.ZodObject;
  readonly params?: z.ZodObject;
  readonly body?: Body;
  /** Whether the caller says by If-Match which version it changes. Absent: there is no version. */
  readonly ifMatch?: 'required' | 'optional';
  /** Only a person may ask, whatever the role. */
  readonly person?: true;
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: true;
  /** The first is the one answered with unless the handler says otherwise. */
  readonly replies: readonly [Reply, ...Reply[]];
  /** Problems beyond those that follow from the rest of the entry. */
  readonly problems: readonly ProblemName[];
}

export const noQuery = z.strictObject({});

export function json(
  schema: z.ZodType,
  description: string,
  more: Pick<Reply, 'headers'> & { readonly status?: 200 | 201 | 202 } = {}
): Reply {
  return { status: 200, content: { type: JSON_TYPE, schema }, description, ...more };
}

/** What seed 000's feature flag switches off. */
export const SWITCHED = ['/fleet', '/alertmanager'] as const;

export function isSwitched({ path }: Pick<Route, 'path'>): boolean {
  return SWITCHED.some((prefix) => path.startsWith(`${prefix}/`));
}

/**
 * Where a route is mounted: at its own path, and a write also under `/fleet/operator/…` or `/fleet/approver/…` by its
 * role, since one route of Grafana's plugin proxy can demand only one role for its whole path.
 */
export function mountsOf({ method, path, role }: Pick<Route, 'method' | 'path' | 'role'>): string[] {
  return method === 'get' || !path.startsWith('/fleet/') ? [path] : [path, path.replace('/fleet/', `/fleet/${role}/`)];
}

/** The methods of an address as `Allow` names them. */
export function allowOf(methods: readonly Method[]): string {
  const names = METHODS.filter((method) => methods.includes(method)).map((method) => method.toUpperCase());
  return [...names.flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])), 'OPTIONS'].join(', ');
}
