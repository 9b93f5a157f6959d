import { OpenApiGeneratorV31, OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import {
  configReportSchema,
  heartbeatReplySchema,
  heartbeatSchema,
  idempotencyKeySchema,
  PROBLEMS,
  problemSchema,
  renewalReplySchema,
  renewalSchema,
  revisionIdSchema,
  signedRevisionSchema,
  tokenReplySchema,
} from '@openclaw-fleet/contract';
import type { ProblemName } from '@openclaw-fleet/contract';
import { z } from 'zod';
import { IF_MATCH_PATTERN } from './if-match.ts';
import { isSwitched, JSON_TYPE, mountsOf } from './route.ts';
import type { Reply, Route } from './route.ts';
import { ROUTE_IDS, ROUTES } from './routes.ts';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const PROBLEM_TYPE = 'application/problem+json';

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

const INTAKE_PROBLEMS: readonly ProblemName[] = [
  'malformed-json',
  'unauthenticated',
  'invalid-token',
  'certificate-required',
  'identity-mismatch',
  'not-enrolled',
  'revoked',
  'invalid-signature',
  'signature-required',
  'request-timeout',
  'heartbeat-conflict',
  'too-large',
  'unsupported-media-type',
  'invalid-body',
  'clock-ahead',
  'rate-limited',
  'internal-error',
  'overloaded',
  'storage-unavailable',
];

const TOKEN_PROBLEMS: readonly ProblemName[] = [
  'certificate-required',
  'not-enrolled',
  'revoked',
  'rate-limited',
  'internal-error',
  'overloaded',
];

const REVISION_PROBLEMS: readonly ProblemName[] = [
  ...TOKEN_PROBLEMS,
  'bad-request',
  'unauthenticated',
  'invalid-token',
  'identity-mismatch',
  'not-found',
  'storage-unavailable',
];

const REPORT_PROBLEMS: readonly ProblemName[] = [
  ...REVISION_PROBLEMS,
  'malformed-json',
  'invalid-signature',
  'signature-required',
  'request-timeout',
  'too-large',
  'unsupported-media-type',
  'invalid-body',
];

const RENEWAL_PROBLEMS: readonly ProblemName[] = [
  ...TOKEN_PROBLEMS,
  'malformed-json',
  'too-large',
  'unsupported-media-type',
  'invalid-body',
  'renewal-unavailable',
  'storage-unavailable',
];

type Responses = RouteConfig['responses'];

// Named schemas become components; the library knows a name only from the schema's own metadata.
const problems = problemSchema.meta({ id: 'Problem' });
const heartbeat = heartbeatSchema.meta({ id: 'Heartbeat' });

function problemResponses(names: readonly ProblemName[]): Responses {
  const byStatus = Map.groupBy(new Set(names), (name) => PROBLEMS[name].status);
  const responses: Responses = {};
  for (const [status, these] of byStatus) {
    responses[status] = {
      description: these.map((name) => `\`${name}\`: ${PROBLEMS[name].title}`).join('. '),
      content: { [PROBLEM_TYPE]: { schema: problems } },
    };
  }
  return responses;
}

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
  const certificate = registry.registerComponent('securitySchemes', 'nodeCertificate', {
    type: 'mutualTLS',
    description: 'The client certificate of an enrolled node.',
  });
  const nodeToken = registry.registerComponent('securitySchemes', 'nodeToken', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: "A JWT signed with the node's key, or one from `POST /openclaw/token`.",
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
  const intakeServers = [{ url: 'https://collector.example:8443', description: "The intake, the nodes' front door" }];
  registry.registerPath({
    method: 'post',
    path: '/openclaw/availability',
    operationId: 'publishAvailability',
    tags: ['intake'],
    summary: 'Publish a heartbeat',
    description:
      'On the port of the intake, over mutual TLS. `node_id` with `last_heartbeat` is the idempotency key. A 200 means that the heartbeat is durable. An optional detached JWS over the body rides in `X-JWS-Signature`.',
    security: [{ [certificate.name]: [], [nodeToken.name]: [] }],
    servers: intakeServers,
    request: {
      body: { required: true, content: { [JSON_TYPE]: { schema: heartbeat } } },
    },
    responses: {
      200: { description: 'What became of it', content: { [JSON_TYPE]: { schema: heartbeatReplySchema } } },
      ...problemResponses(INTAKE_PROBLEMS),
    },
  });
  registry.registerPath({
    method: 'post',
    path: '/openclaw/token',
    operationId: 'mintToken',
    tags: ['intake'],
    summary: 'Get a short-lived token',
    description: 'On the port of the intake, over mutual TLS: for a node that cannot sign its own.',
    security: [{ [certificate.name]: [] }],
    servers: intakeServers,
    responses: {
      200: { description: 'The token', content: { [JSON_TYPE]: { schema: tokenReplySchema } } },
      ...problemResponses(TOKEN_PROBLEMS),
    },
  });
  registry.registerPath({
    method: 'post',
    path: '/openclaw/renew',
    operationId: 'renewCertificate',
    tags: ['intake'],
    summary: 'Get a certificate for a new key',
    description:
      'On the port of the intake, over mutual TLS: for the node that the present certificate names, and no other.',
    security: [{ [certificate.name]: [] }],
    servers: intakeServers,
    request: { body: { required: true, content: { [JSON_TYPE]: { schema: renewalSchema } } } },
    responses: {
      200: { description: 'The certificate', content: { [JSON_TYPE]: { schema: renewalReplySchema } } },
      ...problemResponses(RENEWAL_PROBLEMS),
    },
  });
  registry.registerPath({
    method: 'get',
    path: '/openclaw/revisions/{id}',
    operationId: 'fetchRevision',
    tags: ['intake'],
    summary: 'Get the configuration that is expected of this node',
    description:
      "On the port of the intake, over mutual TLS: the revision that the reply to the node's last heartbeat named, with its overlay resolved, and no other. A compact JWS (ES256, type `openclaw-revision+jws`) by the key that signs actions; `nonce` comes back inside it.",
    security: [{ [certificate.name]: [], [nodeToken.name]: [] }],
    servers: intakeServers,
    request: {
      params: z.object({ id: revisionIdSchema }),
      query: z.object({
        nonce: z
          .string()
          .regex(/^[A-Za-z0-9_-]{16,64}$/)
          .optional(),
      }),
    },
    responses: {
      200: { description: 'The signed revision', content: { [JSON_TYPE]: { schema: signedRevisionSchema } } },
      ...problemResponses(REVISION_PROBLEMS),
    },
  });
  registry.registerPath({
    method: 'put',
    path: '/openclaw/config-report',
    operationId: 'reportConfig',
    tags: ['intake'],
    summary: 'Report the configuration that runs',
    description:
      'On the port of the intake, over mutual TLS: the managed paths of the revision named with the values they have, secrets redacted. An optional detached JWS over the body rides in `X-JWS-Signature`.',
    security: [{ [certificate.name]: [], [nodeToken.name]: [] }],
    servers: intakeServers,
    request: {
      body: { required: true, content: { [JSON_TYPE]: { schema: configReportSchema.meta({ id: 'ConfigReport' }) } } },
    },
    responses: { 204: { description: 'It is kept' }, ...problemResponses(REPORT_PROBLEMS) },
  });
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
