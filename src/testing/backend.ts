import { config, setBackendSrv, setCurrentUser } from '@grafana/runtime';
import type { BackendSrv, BackendSrvRequest, FetchResponse } from '@grafana/runtime';
import type { Role } from '@openclaw-fleet/contract';
import { from } from 'rxjs';
import { ACTIONS } from '../permissions.ts';

/** Grafana itself, as seen from a test. */
export const ORIGIN = 'http://localhost';
const ROLES: readonly Role[] = ['viewer', 'operator', 'approver'];

// 12.3 reads one of them, 13.2 the other, which takes its user only once.
const user = { ...config.bootData.user };
Object.assign(config.bootData, { user });
setCurrentUser(user);

/** Grafana's permissions of a user with a role of ours; null: none of this app. */
export function signIn(role: Role | null): void {
  const held = role === null ? [] : ROLES.slice(0, ROLES.indexOf(role) + 1);
  Object.assign(user, {
    orgRole: role === null ? '' : { viewer: 'Viewer', operator: 'Editor', approver: 'Admin' }[role],
    permissions: Object.fromEntries(
      [...held.map((each) => ACTIONS[each]), ...(role === 'approver' ? ['plugins:write'] : [])].map((each) => [
        each,
        true,
      ])
    ),
  });
}

async function send<T>({
  url,
  method = 'GET',
  headers,
  data: body,
  ...more
}: BackendSrvRequest): Promise<FetchResponse<T>> {
  const response = await fetch(new URL(url, ORIGIN), {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(more.abortSignal && { signal: more.abortSignal }),
  });
  const data = more.responseType === 'blob' ? new Blob([await response.text()]) : parsed(await response.text());
  const { status, statusText, headers: said } = response;
  const answer = { data, status, statusText, headers: said, config: { url } };
  // As Grafana's own does: every status but 2xx rejects, with the answer.
  if (!response.ok) throw answer as unknown as Error;
  return answer as unknown as FetchResponse<T>;
}

function parsed(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Stands in for Grafana's backendSrv, which exists inside Grafana alone: the same answers and rejections, over fetch. */
const srv: Partial<BackendSrv> = { fetch: <T>(request: BackendSrvRequest) => from(send<T>(request)) };
setBackendSrv(srv as BackendSrv);
