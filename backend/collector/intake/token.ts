import { hash, type KeyObject } from 'node:crypto';
import { decodeJwt, errors, jwtVerify, type JWTVerifyGetKey } from 'jose';
import { COLLECTOR_URI_PREFIX, NODE_ID_PATTERN, NODE_URI_PREFIX, type ProblemName } from '@openclaw-fleet/contract';
import type { Peer } from './peer.ts';

/** Algorithms a token may be signed with (domain-rules section 1). */
export const TOKEN_ALGORITHMS = ['ES256', 'EdDSA', 'RS256'];
/** `exp` may lie at most this far ahead. Seconds (domain-rules section 1). */
export const MAX_TOKEN_LIFETIME = 3600;
/** Leeway between two honest clocks. Seconds (domain-rules section 1). */
export const TOKEN_LEEWAY = 30;

/** An issuer other than the nodes themselves. */
export interface TokenIssuer {
  readonly issuer: string;
  readonly key: KeyObject | JWTVerifyGetKey;
  /** The claim that names the node. */
  readonly claim: string;
  /** Which ids it may speak for. */
  readonly mayName: (nodeId: string) => boolean;
  /** Its tokens must be bound to the certificate they come with. */
  readonly mustBind: boolean;
}

/** An issuer's key set could not be read: the collector's trouble, not the sender's. */
export class KeySetUnavailable extends Error {
  override readonly name = 'KeySetUnavailable';
}

/** Why a token was refused: a problem type and words without the token in them. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
  readonly problem: ProblemName;
  constructor(problem: ProblemName, message: string) {
    super(message);
    this.problem = problem;
  }
}

export interface TokenVerifierOptions {
  readonly audience: string;
  readonly issuers: readonly TokenIssuer[];
  /** Verified tokens remembered at most. */
  readonly cacheSize?: number;
}

interface Remembered {
  readonly fingerprint: string;
  readonly subject: string;
  readonly expiresMs: number;
}

/**
 * Verifies the bearer token of a heartbeat (domain-rules section 1). Verified tokens are remembered by their SHA-256,
 * bound to the certificate they came with, until they expire; the oldest goes first when the memory is full.
 */
export class TokenVerifier {
  readonly #audience: string;
  readonly #issuers = new Map<string, TokenIssuer>();
  readonly #cacheSize: number;
  readonly #cache = new Map<string, Remembered>();

  constructor({ audience, issuers, cacheSize = 131_072 }: TokenVerifierOptions) {
    this.#audience = audience;
    this.#cacheSize = cacheSize;
    for (const issuer of issuers) this.#issuers.set(issuer.issuer, issuer);
  }

  /**
   * The subject of a token seen before on this certificate and still valid.
   * @param digest the token's SHA-256, from `tokenDigest`
   */
  remembered(digest: string, peer: Peer, nowMs: number): string | null {
    const entry = this.#cache.get(digest);
    if (entry === undefined || entry.fingerprint !== peer.fingerprint) return null;
    if (entry.expiresMs <= nowMs) {
      this.#cache.delete(digest);
      return null;
    }
    return entry.subject;
  }

  /** Verifies a token. @returns the node it speaks for. Throws TokenRefused, or KeySetUnavailable when it cannot tell. */
  async verify(token: string, digest: string, peer: Peer, nowMs: number): Promise<string> {
    const issuer = this.#issuerOf(token, peer);
    const { payload } = await jwtVerify(token, issuer.key as JWTVerifyGetKey, {
      algorithms: TOKEN_ALGORITHMS,
      audience: this.#audience,
      issuer: issuer.issuer,
      clockTolerance: TOKEN_LEEWAY,
      requiredClaims: ['exp'],
      currentDate: new Date(nowMs),
    }).catch((error: unknown) => {
      throw error instanceof KeySetUnavailable ? error : refusal(error, this.#audience);
    });
    const expires = payload.exp ?? 0;
    if (expires > nowMs / 1000 + MAX_TOKEN_LIFETIME + TOKEN_LEEWAY) {
      throw new TokenRefused('invalid-token', 'exp is more than 1 h ahead: issue tokens that live an hour at most');
    }
    const bound = (payload['cnf'] as { 'x5t#S256'?: unknown } | undefined)?.['x5t#S256'];
    if ((bound !== undefined || issuer.mustBind) && bound !== peer.thumbprint) {
      throw new TokenRefused(
        'identity-mismatch',
        'the token is bound to another certificate: ask for one over this connection’s certificate'
      );
    }
    const subject = payload[issuer.claim];
    // What is no node id is not remembered either: a holder of one certificate could fill the memory with long ones.
    if (typeof subject !== 'string' || !NODE_ID_PATTERN.test(subject) || !issuer.mayName(subject)) {
      throw new TokenRefused(
        'identity-mismatch',
        `the token’s issuer may not speak for the node that its claim ${issuer.claim} names`
      );
    }
    this.#remember(digest, { fingerprint: peer.fingerprint, subject, expiresMs: (expires + TOKEN_LEEWAY) * 1000 });
    return subject;
  }

  #issuerOf(token: string, peer: Peer): TokenIssuer {
    let iss: unknown;
    try {
      iss = decodeJwt(token).iss;
    } catch {
      throw new TokenRefused('invalid-token', 'the bearer token is not a JWT');
    }
    // A node vouches for itself, with the key of the certificate it stands here with.
    const own = (peer.kind === 'node' ? NODE_URI_PREFIX : COLLECTOR_URI_PREFIX) + peer.id;
    if (iss === own) return { issuer: own, key: peer.publicKey, claim: 'sub', mayName: () => true, mustBind: false };
    const issuer = typeof iss === 'string' ? this.#issuers.get(iss) : undefined;
    if (!issuer)
      throw new TokenRefused(
        'invalid-token',
        'the token’s issuer (iss) is neither this node itself nor one that the collector knows'
      );
    return issuer;
  }

  #remember(digest: string, entry: Remembered): void {
    if (this.#cache.size >= this.#cacheSize) {
      const [oldest] = this.#cache.keys();
      if (oldest !== undefined) this.#cache.delete(oldest);
    }
    this.#cache.set(digest, entry);
  }
}

/** SHA-256 of a token, so that the memory of verified ones holds no token. */
export function tokenDigest(token: string): string {
  return hash('sha256', token, 'base64');
}

function refusal(error: unknown, audience: string): TokenRefused {
  if (error instanceof errors.JWTExpired)
    return new TokenRefused('invalid-token', 'the token has expired: send a fresh one');
  if (error instanceof errors.JWTClaimValidationFailed) {
    const claim = error.claim;
    const hint = claim === 'aud' ? `: it must be ${audience}` : '';
    return new TokenRefused('invalid-token', `the token’s claim ${claim} is missing or not valid${hint}`);
  }
  if (error instanceof errors.JOSEAlgNotAllowed) {
    return new TokenRefused(
      'invalid-token',
      `the token’s algorithm is not allowed: use one of ${TOKEN_ALGORITHMS.join(', ')}`
    );
  }
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
    return new TokenRefused('invalid-token', 'the token’s signature does not verify with its issuer’s key');
  }
  return new TokenRefused('invalid-token', 'the token could not be verified');
}
