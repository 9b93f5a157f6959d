import { z } from 'zod';
import { REFUSALS } from './remediation.ts';

/** RFC 9457 problem details, with the `message` that Grafana shows. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  /** What happened, and what to do next. */
  detail: z.string(),
  /** The same as `detail`: Grafana's front end shows this member. */
  message: z.string(),
  /** Which fields are wrong and why. */
  errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  /** Which guardrail holds a repair back. */
  refusal: z.object({ reason: z.enum(REFUSALS) }).optional(),
  /** The run that was stored as `blocked`. */
  runId: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

export const PROBLEM_TYPE_PREFIX = 'urn:openclaw-fleet:problem:';

/** Every problem type there is: its status and title. docs/problems.md says what to do about each. */
export const PROBLEMS = {
  'malformed-json': { status: 400, title: 'The body is not JSON' },
  'bad-request': { status: 400, title: 'The request is not understood' },
  unauthenticated: { status: 401, title: 'A token is needed' },
  'invalid-token': { status: 401, title: 'The token is not valid' },
  'certificate-required': { status: 403, title: 'A client certificate of this fleet is needed' },
  'identity-mismatch': { status: 403, title: 'Certificate, token and body name different nodes' },
  'not-enrolled': { status: 403, title: 'This node is not enrolled' },
  revoked: { status: 403, title: 'This node is revoked' },
  forbidden: { status: 403, title: 'The role does not allow this' },
  'person-required': { status: 403, title: 'Only a person may decide this' },
  'grafana-identity': { status: 403, title: 'Grafana did not say who asks' },
  'invalid-signature': { status: 403, title: 'The payload signature is not valid' },
  'signature-required': { status: 403, title: 'A payload signature is required' },
  'not-found': { status: 404, title: 'There is nothing at this address' },
  'feature-disabled': { status: 404, title: 'This part is switched off' },
  'method-not-allowed': { status: 405, title: 'This address does not take that method' },
  'request-timeout': { status: 408, title: 'The body did not arrive in time' },
  'heartbeat-conflict': { status: 409, title: 'Another body was sent with the same node_id and last_heartbeat' },
  conflict: { status: 409, title: 'It conflicts with how things are now' },
  'in-use': { status: 409, title: 'Something still uses it' },
  'repair-refused': { status: 409, title: 'A guardrail holds this repair back' },
  'approval-refused': { status: 409, title: 'This cannot be decided that way' },
  'read-only': { status: 409, title: 'It cannot be changed here' },
  'precondition-failed': { status: 412, title: 'Somebody else changed this first' },
  'too-large': { status: 413, title: 'The body is too large' },
  'unsupported-media-type': { status: 415, title: 'The body must be application/json' },
  'invalid-body': { status: 422, title: 'A field is missing or not valid' },
  'clock-ahead': { status: 422, title: 'last_heartbeat is in the future' },
  'precondition-required': { status: 428, title: 'If-Match must say which version is to be changed' },
  'rate-limited': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'The address or the headers are too large' },
  'internal-error': { status: 500, title: 'The collector failed' },
  'grafana-secret': { status: 502, title: 'This did not come through the Grafana that the collector knows' },
  'grafana-unavailable': { status: 503, title: "Grafana's keys cannot be read" },
  'renewal-unavailable': { status: 501, title: 'This collector cannot renew certificates' },
  overloaded: { status: 503, title: 'The collector is overloaded' },
  'not-ready': { status: 503, title: 'The collector is not ready' },
  'storage-unavailable': { status: 503, title: 'The collector cannot store anything now' },
} as const satisfies Record<string, { status: number; title: string }>;
export type ProblemName = keyof typeof PROBLEMS;

export function isProblemName(name: string): name is ProblemName {
  return Object.hasOwn(PROBLEMS, name);
}

/** Builds the problem details of `name`. @param detail what happened and what to do next, without secrets */
export function problem(name: ProblemName, detail: string, errors?: Problem['errors']): Problem {
  const { status, title } = PROBLEMS[name];
  return { type: PROBLEM_TYPE_PREFIX + name, title, status, detail, message: detail, ...(errors && { errors }) };
}
