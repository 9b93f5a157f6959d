import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi';
import {
  configReportSchema,
  heartbeatReplySchema,
  heartbeatSchema,
  renewalReplySchema,
  renewalSchema,
  revisionIdSchema,
  signedRevisionSchema,
  tokenReplySchema,
} from '@openclaw-fleet/contract';
import type { ProblemName } from '@openclaw-fleet/contract';
import { z } from 'zod';
import { problemResponses } from './openapi-problems.ts';
import { JSON_TYPE } from './route.ts';

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

const heartbeat = heartbeatSchema.meta({ id: 'Heartbeat' });

/** What nodes may ask, on the port of the intake. */
export function describeIntake(registry: OpenAPIRegistry): void {
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
}
