import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Route } from './route.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';

const text = readFileSync(new URL('../../../docs/repairs.md', import.meta.url), 'utf8');

/** Every call of curl in the document: its method, address and body. */
const examples = [...text.matchAll(/^```sh\n(.*?)^```/gms)]
  .flatMap(([, block = '']) => block.replaceAll('\\\n', '').split('\n'))
  .filter((line) => line.startsWith('curl '))
  .map((line) => ({
    method: /-X (\w+)/.exec(line)?.[1]?.toLowerCase() ?? 'get',
    path: /"\$FLEET([^"?]*)/.exec(line)?.[1] ?? '',
    query: /"\$FLEET[^"?]*\?([^"]*)"/.exec(line)?.[1] ?? '',
    body: / -d '(.*)'$/.exec(line)?.[1]?.replace(`'"$DIGEST"'`, '0'.repeat(64)),
  }));

function routeOf(method: string, path: string): Route | undefined {
  const fits = (route: Route): boolean =>
    route.method === method && new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`).test(path);
  return ROUTE_IDS.map((id): Route => ROUTES[id]).find(fits);
}

describe('the examples of docs/repairs.md', () => {
  it('are there', () => expect(examples.length).toBeGreaterThanOrEqual(7));

  it.each(examples)('$method $path is an address, and its body is one', ({ method, path, query, body }) => {
    const route = routeOf(method, path);
    expect(route).toBeDefined();
    expect(route?.query.safeParse(Object.fromEntries(new URLSearchParams(query))).success).toBe(true);
    if (route?.body) expect(route.body.schema.safeParse(JSON.parse(body ?? '')).error).toBeUndefined();
    else expect(body).toBeUndefined();
  });

  it('name the address that alerts are sent to', () => {
    expect(text).toContain(`:8080${ROUTES.takeAlerts.path}\n`);
  });
});
