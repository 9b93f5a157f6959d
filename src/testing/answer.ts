import type { RouteId } from '../../backend/collector/api/routes.ts';

/** A request as a test looks at it. */
export interface Asked {
  readonly route: RouteId;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly headers: Headers;
}

/** What a route answers: a value that its schema in the OpenAPI document takes, or a function of the request. */
export type Said = Readonly<Record<string, unknown>> | Response | null;
export type Answer = Readonly<Record<string, unknown>> | null | ((asked: Asked) => Said | Promise<Said>);
