import { OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { idempotencyKeySchema } from '@openclaw-fleet/contract';
import type { ProblemName } from '@openclaw-fleet/contract';
import { z } from 'zod';
import { IF_MATCH_PATTERN } from './if-match.ts';
import { describeIntake } from './openapi-intake.ts';
import { problemResponses } from './openapi-problems.ts';
import type { Responses } from './openapi-problems.ts';
import { isSwitched, JSON_TYPE, mountsOf } from './route.ts';
import type { Reply, Route } from './route.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

/** Problems any address that asks for a token may answer with. */
const COMMON_PROBLEMS: readonly ProblemName[] = [
  'bad-request',
  'unauthenticated',
  'invalid-token',
  'forbidden',
  'grafana-identity',
  'grafana-secret',
  'grafana-unavailable',
  'headers-too-large',
  'internal-error',
];

/** Problems of a body, and of storing what it asks for. */
const BODY_PROBLEMS: readonly ProblemName[] = [
  'malformed-json',
  'request-timeout',
  'too-large',
  'unsupported-media-type',
  'invalid-body',
  'storage-unavailable',
];

/** The path as OpenAPI writes it: `/fleet/targets/:id` is `/fleet/targets/{id}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}');
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

/** Every problem that a route may answer with. */
export function problemsOf(route: Route): ProblemName[] {
  return [
    ...(route.role === 'open' ? (['bad-request', 'headers-too-large', 'internal-error'] as const) : COMMON_PROBLEMS),
    ...(isSwitched(route) ? (['feature-disabled'] as const) : []),
    ...(route.body ? BODY_PROBLEMS : []),
    ...(route.person ? (['person-required'] as const) : []),
    ...(route.ifMatch ? (['precondition-failed'] as const) : []),
    ...(route.ifMatch === 'required' ? (['precondition-required'] as const) : []),
    ...route.problems,
  ];
}

const IF_MATCH = z
  .string()
  .regex(new RegExp(IF_MATCH_PATTERN))
  .meta({ description: 'The ETag of what you read: which version is to be changed.', example: '"3"' });

const IDEMPOTENCY_KEY = idempotencyKeySchema.meta({
  description: 'The same key with the same body is the same request, whatever is sent twice. Kept for a day.',
  example: '6f1c2b1e-restart-once',
});

function headersOf({ ifMatch, idempotent }: Route): z.ZodObject {
  return z.object({
    ...(ifMatch && { 'If-Match': ifMatch === 'required' ? IF_MATCH : IF_MATCH.optional() }),
    ...(idempotent && { 'Idempotency-Key': IDEMPOTENCY_KEY.optional() }),
  });
}

function requestOf(route: Route): NonNullable<RouteConfig['request']> {
  return {
    query: route.documentedQuery ?? route.query,
    ...(route.params && { params: route.params }),
    ...((route.ifMatch !== undefined || route.idempotent) && { headers: headersOf(route) }),
    ...(route.body && { body: { required: true, content: { [JSON_TYPE]: { schema: route.body.schema } } } }),
  };
}

const REPLY_HEADERS = {
  etag: { ETag: z.string().meta({ description: 'The version, for If-Match.' }) },
  location: { Location: z.string().meta({ description: 'The address of it.' }) },
} as const;

function replyOf({ content, also, description, headers = [] }: Reply): Responses[string] {
  return {
    description,
    ...(content && {
      content: { [content.type]: { schema: content.schema }, ...(also && { [also.type]: { schema: also.schema } }) },
    }),
    ...(headers.length > 0 && {
      headers: z.object(Object.assign({}, ...headers.map((name) => REPLY_HEADERS[name])) as z.ZodRawShape),
    }),
  };
}

function repliesOf({ replies }: Route): Responses {
  return Object.fromEntries(replies.map((reply) => [reply.status, replyOf(reply)]));
}

/** The API and the intake as one OpenAPI 3.1 document, made from the schemas that check requests. */
export function createOpenApi(version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  const apiToken = registry.registerComponent('securitySchemes', 'apiToken', {
    type: 'http',
    scheme: 'bearer',
    description: 'A token of `openclaw-fleet token create`, with a role: viewer, operator or approver.',
  });
  for (const id of ROUTE_IDS) {
    const route: Route = ROUTES[id];
    const [canonical, mirrored] = mountsOf(route);
    for (const path of mountsOf(route)) {
      const also = path === canonical ? mirrored : canonical;
      registry.registerPath({
        method: route.method,
        path: openApiPath(path),
        operationId: path === canonical ? id : `${id}As${capital(route.role)}`,
        tags: [path === canonical ? 'api' : route.role],
        summary: route.summary,
        description: `${route.description} Role: ${route.role}.${route.person ? ' A person alone.' : ''}${also === undefined ? '' : ` The same as \`${openApiPath(also)}\`.`}`,
        security: route.role === 'open' ? [] : [{ [apiToken.name]: [] }],
        request: requestOf(route),
        responses: { ...problemResponses(problemsOf(route)), ...repliesOf(route) },
      });
    }
  }
  describeIntake(registry);
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'OpenClaw Fleet',
      version,
      description:
        'What the collector knows of a fleet of OpenClaw gateways, and how it repairs them. Errors are problem details (RFC 9457). Programs send an API token. People come through the app in Grafana, whose proxy says who they are: by its signed ID token (`X-Grafana-Id`), believed only beside the secret that it shares with the collector (`X-OpenClaw-Fleet-Secret`). A request with that header counts as one of Grafana, whatever token it carries, and never gets a 401.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/', description: "The operators' API" }],
    tags: [
      { name: 'api', description: 'For operators, dashboards and routers' },
      { name: 'operator', description: 'The same writes under one path, for a proxy that demands one role of a path' },
      { name: 'approver', description: 'The same writes under one path, for a proxy that demands one role of a path' },
      { name: 'intake', description: 'For nodes' },
    ],
  });
}
