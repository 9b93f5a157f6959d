import { raw, Router, type NextFunction, type Request, type Response } from 'express';
import { configReportSchema, MAX_CONFIG_BYTES, shownPath, type ProblemName } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { ConfigFailure, NodeConfigurations } from '../configurations/types.ts';
import { StorageError } from '../storage/types.ts';
import type { NodeTrust } from './heartbeat.ts';
import type { Peer } from './peer.ts';
import { send } from './problem-response.ts';
import { SIGNATURE_HEADER, signatureVerifies } from './signature.ts';
import { KeySetUnavailable, tokenDigest, TokenRefused, type TokenVerifier } from './token.ts';

export interface RevisionsOptions {
  readonly configurations: NodeConfigurations;
  readonly tokens: TokenVerifier;
  readonly trust: NodeTrust;
  /** Judges tokens, whose times are other people's. */
  readonly wallClock: Clock;
}

const NONCE = /^[A-Za-z0-9_-]{16,64}$/;

/**
 * `GET /openclaw/revisions/:id` and `PUT /openclaw/config-report`: a bridge fetches what its gateway is to run, and says
 * what it runs. Everything is about the node whose certificate the connection has; no request can name another.
 * @param peerOf who is at the other end, from the connection's verified client certificate
 */
export function revisionsRouter(options: RevisionsOptions, peerOf: (request: Request) => Peer | undefined): Router {
  const { configurations, trust } = options;
  const router = Router();
  const authenticated = async (request: Request, response: Response, next: NextFunction): Promise<void> => {
    const peer = peerOf(request);
    if (peer?.kind !== 'node') {
      refuse(
        request,
        response,
        'certificate-required',
        'Connect with the client certificate that openclaw-fleet enroll made for this node.'
      );
      return;
    }
    const standing = trust.standing(peer.id, peer.fingerprint);
    if (standing === 'revoked') {
      refuse(
        request,
        response,
        'revoked',
        'This node or its certificate was revoked. If that was a mistake, enrol it anew.'
      );
      return;
    }
    if (standing === 'not-enrolled') {
      refuse(
        request,
        response,
        'not-enrolled',
        'This node is not enrolled with this collector. Enrol it: openclaw-fleet enroll <name>.'
      );
      return;
    }
    const subject = await subjectOf(request, peer, options);
    if (subject !== peer.id) {
      refuse(
        request,
        response,
        'identity-mismatch',
        `The certificate names ${peer.id}, and the token must name the same node. Check the token's subject.`
      );
      return;
    }
    response.locals['peer'] = peer;
    next();
  };
  const nodeOf = (response: Response): Peer => response.locals['peer'] as Peer;

  router
    .route('/openclaw/revisions/:id')
    .get(authenticated, async (request, response) => {
      const nonce = request.query['nonce'];
      if (nonce !== undefined && (typeof nonce !== 'string' || !NONCE.test(nonce))) {
        const message = 'must be 16 to 64 of A-Z a-z 0-9 _ -';
        send(response, 'bad-request', `The query parameter nonce ${message}.`, [{ field: 'nonce', message }]);
        return;
      }
      const { id } = request.params;
      const signed = await configurations.nodeRevision(nodeOf(response).id, id, nonce ?? null);
      if (signed.ok) response.set('Cache-Control', 'no-store').json({ jws: signed.value });
      else answerFailure(response, signed.failure);
    })
    .all(methodNotAllowed('GET'));

  router
    .route('/openclaw/config-report')
    .put(
      authenticated,
      checkHeaders,
      raw({ limit: MAX_CONFIG_BYTES, type: () => true, inflate: false }),
      async (request, response) => {
        const node = nodeOf(response);
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        if (!(await isSigned(request, response, body, node, trust))) return;
        const report = configReportSchema.safeParse(parsed(body));
        if (!report.success) {
          const errors = report.error.issues.slice(0, 16).map((issue) => ({
            field:
              issue.path
                .slice(0, 2)
                .map((step) => shownPath(String(step)))
                .join('.') || '(body)',
            // A field that the contract does not have could be called anything.
            message: issue.code === 'unrecognized_keys' ? 'has fields that the contract does not have' : issue.message,
          }));
          send(
            response,
            'invalid-body',
            `Not a valid report: ${errors.map(({ field, message }) => `${field}: ${message}`).join('; ')}.`,
            errors
          );
          return;
        }
        const taken = await configurations.acceptReport(node.id, report.data);
        if (taken.ok) response.status(204).end();
        else answerFailure(response, taken.failure);
      }
    )
    .all(methodNotAllowed('PUT'));

  router.use(['/openclaw/revisions', '/openclaw/config-report'], onError);
  return router;
}

async function subjectOf(request: Request, peer: Peer, { tokens, wallClock }: RevisionsOptions): Promise<string> {
  const header = request.headers.authorization;
  if (header === undefined || !/^bearer /i.test(header)) {
    throw new TokenRefused('unauthenticated', 'send a token in the header: Authorization: Bearer <JWT>');
  }
  const token = header.slice(7).trim();
  const digest = tokenDigest(token);
  const nowMs = wallClock();
  return tokens.remembered(digest, peer, nowMs) ?? tokens.verify(token, digest, peer, nowMs);
}

/** Before the body is read. */
function checkHeaders(request: Request, response: Response, next: NextFunction): void {
  const encoding = request.headers['content-encoding'];
  if (!/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    refuse(request, response, 'unsupported-media-type', 'Send the report with Content-Type: application/json.');
  } else if (encoding !== undefined && encoding !== 'identity') {
    refuse(request, response, 'unsupported-media-type', 'Send the report uncompressed.');
  } else next();
}

async function isSigned(
  request: Request,
  response: Response,
  body: Buffer,
  node: Peer,
  trust: NodeTrust
): Promise<boolean> {
  const header = request.headers[SIGNATURE_HEADER];
  if (header === undefined) {
    if (!trust.requiresSignature(node.id)) return true;
    send(
      response,
      'signature-required',
      `This node must sign its payloads: send a detached JWS in ${SIGNATURE_HEADER}.`
    );
    return false;
  }
  if (await signatureVerifies(String(header), body, node)) return true;
  send(response, 'invalid-signature', `${SIGNATURE_HEADER} does not verify over this body with the certificate's key.`);
  return false;
}

class NotJson extends Error {}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    throw new NotJson();
  }
}

const FAILURES: Record<ConfigFailure['kind'], ProblemName> = {
  invalid: 'invalid-body',
  'too-large': 'too-large',
  'not-found': 'not-found',
  conflict: 'conflict',
};

function answerFailure(response: Response, failure: ConfigFailure): void {
  const errors =
    failure.kind === 'invalid'
      ? failure.problems.slice(0, 16).map(({ path, message }) => ({ field: path, message }))
      : undefined;
  send(response, FAILURES[failure.kind], failure.message, errors);
}

function methodNotAllowed(allowed: 'GET' | 'PUT') {
  return (request: Request, response: Response): void => {
    response.set('Allow', allowed);
    refuse(request, response, 'method-not-allowed', `${request.method} is not possible here: use ${allowed}.`);
  };
}

/** What is left of the body is not worth reading. */
function refuse(request: Request, response: Response, name: ProblemName, detail: string): void {
  if (!request.complete) response.set('Connection', 'close');
  send(response, name, detail);
}

function onError(error: unknown, request: Request, response: Response, next: NextFunction): void {
  const type = String((error as { type?: unknown } | null)?.type);
  if (error instanceof TokenRefused) {
    if (error.problem === 'unauthenticated' || error.problem === 'invalid-token')
      response.set('WWW-Authenticate', 'Bearer');
    refuse(request, response, error.problem, `${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}.`);
  } else if (error instanceof KeySetUnavailable || error instanceof StorageError) {
    response.set('Retry-After', '5');
    refuse(
      request,
      response,
      'storage-unavailable',
      'The collector cannot look up or store anything now. Try again later.'
    );
  } else if (error instanceof NotJson) {
    refuse(
      request,
      response,
      'malformed-json',
      'The body is not valid JSON. Send one report as a JSON object in UTF-8.'
    );
  } else if (type === 'entity.too.large') {
    refuse(
      request,
      response,
      'too-large',
      `A report has at most ${MAX_CONFIG_BYTES} bytes. Manage fewer or smaller settings.`
    );
  } else if (type === 'request.aborted' || type === 'request.size.invalid') {
    refuse(request, response, 'bad-request', 'The body is not as long as Content-Length says. Send it again.');
  } else if (error instanceof URIError) {
    refuse(request, response, 'bad-request', 'The address is not valid: a revision’s id is 64 hexadecimal digits.');
  } else next(error);
}
