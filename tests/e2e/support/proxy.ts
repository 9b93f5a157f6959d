import type { Account, Login } from '../../../backend/simulator/demo/grafana.ts';

export const PROXY = '/api/plugin-proxy/openclaw-fleet-app';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** Calls the collector as somebody, through Grafana's plugin proxy as the app does. */
export async function throughProxy<T = unknown>(
  grafanaUrl: string,
  who: Login | Account,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {}
): Promise<Answer<T>> {
  const authorization = `Basic ${Buffer.from(`${who.login}:${who.password}`).toString('base64')}`;
  const answer = await fetch(`${grafanaUrl}${PROXY}/${path}`, {
    method,
    headers: { authorization, ...(body && { 'content-type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: (text.startsWith('{') ? JSON.parse(text) : text) as T };
}
