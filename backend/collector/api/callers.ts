import type { IncomingHttpHeaders } from 'node:http';
import { problem } from '@openclaw-fleet/contract';
import type { Problem } from '@openclaw-fleet/contract';
import type { GrafanaVerifier } from '../identity/grafana.ts';
import { isProblem } from './auth.ts';
import type { Authenticate, Caller, Identify } from './auth.ts';

/** Who asks through Grafana. */
export type GrafanaCallers = GrafanaVerifier;

/** What Grafana's plugin proxy adds by the app's routes: the secret that only it and the collector have. */
export const SECRET_HEADER = 'x-openclaw-fleet-secret';
const ID_HEADER = 'x-grafana-id';
/** Grafana's proxy adds these to whatever passes through it. */
const TRACES = [ID_HEADER, 'x-grafana-context'] as const;

/** A header once; several of a name are joined, and then are no value of ours. */
function once(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

async function throughGrafana(
  grafana: GrafanaCallers | null,
  secret: string,
  headers: IncomingHttpHeaders
): Promise<Caller | Problem> {
  if (grafana === null)
    return problem(
      'grafana-secret',
      'This collector does not take requests from Grafana: set grafana.url and grafana.secretFile, and restart it.'
    );
  const verdict = await grafana.verify(secret, once(headers[ID_HEADER]));
  return verdict.ok ? verdict : problem(verdict.problem, verdict.reason);
}

/**
 * Who asks. A request with the header of the shared secret is one of Grafana's, and nothing else in it counts; every other
 * one is known by its API token. Behind Grafana's proxy a 401 would log the user out and have the request sent again, so
 * what passed through it never gets one.
 */
export function callersOf({
  authenticate,
  grafana,
}: {
  readonly authenticate: Authenticate;
  readonly grafana: GrafanaCallers | null;
}): Identify {
  return async (headers) => {
    const secret = once(headers[SECRET_HEADER]);
    if (secret !== undefined) return throughGrafana(grafana, secret, headers);
    const caller = await authenticate(headers.authorization);
    if (!isProblem(caller) || caller.status !== 401 || TRACES.every((name) => headers[name] === undefined))
      return caller;
    return problem(
      'grafana-secret',
      'This came through Grafana without the secret that its app and the collector share: enter it in the settings of the app.'
    );
  };
}
