import express, { Router, type NextFunction, type Request, type Response } from 'express';
import { SignJWT } from 'jose';
import { renewalSchema, type ProblemName, type TokenReply } from '@openclaw-fleet/contract';
import type { Clock } from '../clock.ts';
import type { CollectorCredentials } from '../identity/pki.ts';
import { plainFingerprint, type Peer } from '../identity/peer.ts';
import { renewNode, RenewalRefused } from '../identity/renewal.ts';
import type { Trust } from '../identity/trust.ts';
import { StorageError, type TrustStore } from '../storage/types.ts';
import { send } from './problem-response.ts';

/** `iss` of the tokens the collector mints. */
export const MINTED_TOKEN_ISSUER = 'openclaw-fleet';
/** Life of a minted token, seconds. */
export const MINTED_TOKEN_SECONDS = 900;
/** A renewal is a key and a signature; more than this is something else. Bytes. */
const MAX_BODY = 8192;

export interface CredentialsOptions {
  readonly store: TrustStore;
  readonly trust: Trust;
  /** What is in use now; asked for with every request, since it is reloaded while we run. */
  readonly credentials: () => Pick<CollectorCredentials, 'tokenKey' | 'authority'>;
  /** Who is at the other end, from the connection's verified client certificate; undefined when it names no node. */
  readonly peerOf: (request: Request) => Peer | undefined;
  readonly audience: string;
  readonly requireEnrolment: boolean;
  readonly nodeDays: number;
  readonly clock: Clock;
}

/** Signs a token for the node of this connection, bound to its certificate (RFC 8705). */
export async function mintToken(
  peer: Peer,
  tokenKey: CollectorCredentials['tokenKey'],
  audience: string,
  nowMs: number
): Promise<TokenReply> {
  const now = Math.floor(nowMs / 1000);
  const thumbprint = Buffer.from(plainFingerprint(peer.fingerprint256), 'hex').toString('base64url');
  const token = await new SignJWT({ cnf: { 'x5t#S256': thumbprint } })
    .setProtectedHeader({ alg: 'ES256', kid: tokenKey.kid, typ: 'JWT' })
    .setIssuer(MINTED_TOKEN_ISSUER)
    .setSubject(peer.nodeId)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + MINTED_TOKEN_SECONDS)
    .sign(tokenKey.privateKey);
  return { access_token: token, token_type: 'Bearer', expires_in: MINTED_TOKEN_SECONDS };
}

/** `POST /openclaw/token` and `POST /openclaw/renew`, for nodes on a connection with a client certificate. */
export function credentialsRouter(options: CredentialsOptions): Router {
  const router = Router();
  const authenticated = (request: Request, response: Response, next: NextFunction): void => {
    const peer = options.peerOf(request);
    if (peer === undefined) {
      send(
        response,
        'certificate-required',
        'connect with the client certificate that openclaw-fleet enroll made for this node'
      );
      return;
    }
    const { nodeId } = peer;
    if (options.trust.isRevoked(nodeId, peer.fingerprint256)) {
      send(
        response,
        'revoked',
        `the node ${nodeId} or its certificate is revoked: enrol it anew with openclaw-fleet enroll`
      );
    } else if (options.requireEnrolment && options.trust.node(nodeId) === undefined) {
      send(response, 'not-enrolled', `the node ${nodeId} is not enrolled here: run openclaw-fleet enroll`);
    } else {
      response.locals['peer'] = peer;
      next();
    }
  };
  const peerOf = (response: Response): Peer => response.locals['peer'] as Peer;

  router
    .route('/openclaw/token')
    .post(authenticated, async (_request, response) => {
      const reply = await mintToken(
        peerOf(response),
        options.credentials().tokenKey,
        options.audience,
        options.clock()
      );
      response.set('Cache-Control', 'no-store').json(reply);
    })
    .all(postOnly);

  router
    .route('/openclaw/renew')
    .post(authenticated, express.json({ limit: MAX_BODY, type: 'application/json' }), async (request, response) => {
      if (request.is('application/json') === false) {
        send(response, 'unsupported-media-type', 'send the body as application/json');
        return;
      }
      const body = renewalSchema.safeParse(request.body);
      if (!body.success) {
        const errors = body.error.issues.map((issue) => ({ field: issue.path.join('.'), message: issue.message }));
        send(response, 'invalid-body', 'the body must be {"public_key": "<SPKI PEM>", "proof": "<base64url>"}', errors);
        return;
      }
      const { store, trust, clock, nodeDays } = options;
      const context = { store, trust, authority: options.credentials().authority, days: nodeDays, nowMs: clock() };
      const renewed = await renewNode(
        { publicKey: body.data.public_key, proof: body.data.proof },
        peerOf(response),
        context
      );
      response.set('Cache-Control', 'no-store').json(renewed);
    })
    .all(postOnly);

  router.use('/openclaw', onError);
  return router;
}

function postOnly(request: Request, response: Response): void {
  response.set('Allow', 'POST');
  send(response, 'method-not-allowed', `${request.method} is not possible here: use POST`);
}

/** What body-parser's `type` means to the sender. */
const BODY_ERRORS: Readonly<Record<string, [ProblemName, string]>> = {
  'entity.too.large': ['too-large', `the body may have ${MAX_BODY} bytes: send public_key and proof alone`],
  'entity.parse.failed': [
    'malformed-json',
    'the body is not JSON: send {"public_key": "<SPKI PEM>", "proof": "<base64url>"}',
  ],
  'charset.unsupported': ['unsupported-media-type', 'send the body as UTF-8'],
  'encoding.unsupported': ['unsupported-media-type', 'send the body without Content-Encoding, or gzipped'],
  'request.aborted': ['bad-request', 'the body ended early: send it again'],
  'request.size.invalid': ['bad-request', 'the body has another length than Content-Length says: send it again'],
};

function onError(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (error instanceof RenewalRefused) {
    if (error.retryAfterSeconds !== null) response.set('Retry-After', String(error.retryAfterSeconds));
    send(
      response,
      error.problem,
      error.message,
      error.field === null ? undefined : [{ field: error.field, message: error.message }]
    );
    return;
  }
  if (error instanceof StorageError) {
    response.set('Retry-After', '5');
    send(response, 'storage-unavailable', 'the collector cannot store anything now: try again');
    return;
  }
  const known = BODY_ERRORS[String((error as { type?: unknown } | null)?.type)];
  if (known === undefined) next(error);
  else send(response, ...known);
}
