import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PROBLEMS } from '@openclaw-fleet/contract';
import { openApiPath, problemsOf } from './openapi.ts';
import { mountsOf } from './route.ts';
import type { Route } from './route.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';

import { startApi } from './testing/harness.ts';
import type { Harness } from './testing/harness.ts';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: readonly Record<string, string[]>[];
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[];
  readonly requestBody?: object;
  readonly responses: Record<
    string,
    {
      readonly description: string;
      readonly content?: Record<string, unknown>;
      readonly headers?: Record<string, unknown>;
    }
  >;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, object>; readonly securitySchemes: Record<string, object> };
}

let api: Harness;
let document: Document;
beforeAll(async () => {
  api = await startApi();
  document = (await (await api.ask('/openapi.json')).json()) as Document;
});
afterAll(() => api.stop());

const operations = () =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation }))
  );

/** Every `$ref` of a value. */
function references(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => (key === '$ref' ? [String(each)] : references(each)));
}

describe('/openapi.json', () => {
  it('is an OpenAPI 3.1 document of this version', () => {
    expect(document).toMatchObject({ openapi: '3.1.0', info: { title: 'OpenClaw Fleet', version: '0.1.0' } });
  });

  it.each(ROUTE_IDS)('holds %s wherever it is mounted, with all it takes, all it answers and who may ask', (id) => {
    const route: Route = ROUTES[id];
    for (const path of mountsOf(route)) {
      const operation = document.paths[openApiPath(path)]![route.method]!;
      expect(operation.operationId).toBe(
        path === route.path ? id : `${id}As${route.role === 'operator' ? 'Operator' : 'Approver'}`
      );
      const named = (kind: string) =>
        (operation.parameters ?? []).filter((each) => each.in === kind).map(({ name }) => name);
      expect(named('query').sort()).toEqual(Object.keys(route.query.shape).sort());
      expect(named('path')).toEqual([...path.matchAll(/:(\w+)/g)].map(([, name]) => name));
      expect(named('header')).toEqual([
        ...(route.ifMatch ? ['If-Match'] : []),
        ...(route.idempotent ? ['Idempotency-Key'] : []),
      ]);
      expect(operation.security).toEqual(route.role === 'open' ? [] : [{ apiToken: [] }]);
      expect(operation.requestBody !== undefined).toBe(route.body !== undefined);
      for (const { status, content, also, headers = [] } of route.replies) {
        const answer = operation.responses[String(status)]!;
        expect(Object.keys(answer.content ?? {})).toEqual([content, also].flatMap((each) => (each ? [each.type] : [])));
        const names = { etag: 'ETag', location: 'Location' };
        expect(Object.keys(answer.headers ?? {})).toEqual(headers.map((name) => names[name]));
      }
      const statuses = [
        ...route.replies.map(({ status }) => status),
        ...problemsOf(route).map((name) => PROBLEMS[name].status),
      ];
      expect(Object.keys(operation.responses).sort()).toEqual([...new Set(statuses)].map(String).sort());
    }
  });

  it('holds what the intake takes', () => {
    expect(document.paths['/openclaw/availability']!['post']).toMatchObject({
      security: [{ nodeCertificate: [], nodeToken: [] }],
      requestBody: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Heartbeat' } } } },
      responses: { '200': {}, '401': {}, '403': {}, '408': {}, '409': {}, '413': {}, '422': {}, '429': {}, '503': {} },
    });
    expect(document.paths['/openclaw/token']!['post']).toMatchObject({ security: [{ nodeCertificate: [] }] });
    const json = (schema: object) => ({ content: { 'application/json': { schema } } });
    expect(document.paths['/openclaw/revisions/{id}']!['get']).toMatchObject({
      security: [{ nodeCertificate: [], nodeToken: [] }],
      parameters: [
        { name: 'id', in: 'path', schema: { pattern: expect.stringContaining('64') } },
        { name: 'nonce', in: 'query', required: false },
      ],
      responses: {
        '200': json({ properties: { jws: { type: 'string' } }, required: ['jws'] }),
        ...{ '400': {}, '401': {}, '403': {}, '404': {}, '429': {}, '503': {} },
      },
    });
    expect(document.paths['/openclaw/config-report']!['put']).toMatchObject({
      security: [{ nodeCertificate: [], nodeToken: [] }],
      requestBody: json({ $ref: '#/components/schemas/ConfigReport' }),
      responses: { '204': {}, '400': {}, '401': {}, '403': {}, '404': {}, '413': {}, '415': {}, '422': {}, '429': {} },
    });
  });

  it('answers every error with problem details', () => {
    for (const { operation } of operations()) {
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (status.startsWith('2')) continue;
        expect(content).toEqual({ 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } });
      }
    }
  });

  it('refers to nothing that is not in it, and names each operation once', () => {
    for (const reference of references(document)) {
      const parts = reference.replace(/^#\//, '').split('/');
      expect(parts.reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], document)).toBeDefined();
    }
    const schemes = Object.keys(document.components.securitySchemes);
    for (const { operation } of operations())
      for (const scheme of operation.security.flatMap(Object.keys)) expect(schemes).toContain(scheme);
    const ids = operations().map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('describes a target field by field', () => {
    expect(document.components.schemas['FleetTarget']).toMatchObject({
      type: 'object',
      properties: { id: { type: 'string' }, liveness: { type: 'object' }, zone: { type: 'string' } },
      required: expect.arrayContaining(['id', 'name', 'desired', 'liveness']),
    });
  });
});

describe('/docs', () => {
  it('shows every operation and schema, and loads nothing from anywhere', async () => {
    const response = await api.ask('/docs');
    const html = await response.text();
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8');
    for (const { operation, path } of operations()) {
      expect(html).toContain(`id="${operation.operationId}"`);
      expect(html).toContain(path);
    }
    for (const name of Object.keys(document.components.schemas)) expect(html).toContain(`<summary>${name}</summary>`);
    expect(html).not.toMatch(/<script|<link|<img|@import|url\(|style="|\son\w+=/);
  });

  it('allows by its policy the one style it has and nothing else', async () => {
    const response = await api.ask('/docs');
    const style = /<style>([^]*?)<\/style>/.exec(await response.text())![1]!;
    const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style));
    expect(response.headers.get('content-security-policy')).toBe(
      `default-src 'none'; style-src 'sha256-${Buffer.from(digest).toString('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`
    );
  });
});
