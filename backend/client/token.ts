import { messageOf, PublishFailure } from './failure.ts';
import type { Credentials } from './credentials.ts';
import { isP256, signJwt } from './jws.ts';
import { failureOf } from './problem.ts';
import { verdictOf } from './retry.ts';
import type { Transport } from './transport.ts';
import type { Clock } from './types.ts';
import { createWatchedFile } from './watched-file.ts';

/** How long a token signed here is good for, in milliseconds. */
const SIGNED_LIFE = 600_000;
/** A token is used for this share of its life, so that none expires on its way. */
const USED_SHARE = 0.8;
/** The collector's leeway; below it a wrong clock is not why a token was refused. */
const CLOCK_LEEWAY = 30_000;

export interface TokenSource {
  /** @throws PublishFailure when there is no token to be had; the message never holds one */
  get(credentials: Credentials): Promise<string>;
  /** The collector refused the token. @param date the answer's `Date`; shows a clock that is wrong here */
  refused(date: string | undefined): void;
}

/** Reads the token from a file, again whenever the file changes. */
export function tokenFromFile(path: string): TokenSource {
  const file = createWatchedFile(path, 'OPENCLAW_TOKEN_FILE');
  return {
    get: async () => {
      const token = (await file.read().catch(asTokenFailure)).text.trim();
      if (!/^[A-Za-z0-9._~+/=-]+$/.test(token)) {
        throw new PublishFailure('token', `OPENCLAW_TOKEN_FILE: ${path} must hold one bearer token and nothing else`);
      }
      return token;
    },
    refused: () => undefined,
  };
}

interface Cached {
  readonly token: string;
  readonly of: Credentials;
  /** Monotonic milliseconds. */
  readonly until: number;
}

const usable = (cached: Cached | null, credentials: Credentials, now: number): cached is Cached =>
  cached?.of === credentials && now < cached.until;

/** Signs the node's own JWT with its certificate's key: ES256, 10 minutes, used for 8. */
export function tokenSigned(nodeId: string, audience: string, clock: Clock): TokenSource {
  let cached: Cached | null = null;
  let offset = 0;
  return {
    get: (credentials) => {
      const now = clock.monotonic();
      if (usable(cached, credentials, now)) return Promise.resolve(cached.token);
      if (!isP256(credentials.privateKey)) {
        const message =
          'OPENCLAW_KEY_FILE: tokens are signed with a P-256 key, and this is another kind; set OPENCLAW_TOKEN_MODE=mint';
        return Promise.reject(new PublishFailure('token', message));
      }
      const iat = Math.floor((clock.now() + offset) / 1000);
      const claims = {
        iss: `openclaw://node/${nodeId}`,
        sub: nodeId,
        aud: audience,
        iat,
        exp: iat + SIGNED_LIFE / 1000,
      };
      cached = {
        token: signJwt(claims, credentials.privateKey),
        of: credentials,
        until: now + SIGNED_LIFE * USED_SHARE,
      };
      return Promise.resolve(cached.token);
    },
    refused: (date) => {
      cached = null;
      const theirs = date === undefined ? NaN : Date.parse(date);
      if (Number.isNaN(theirs)) return;
      const ahead = theirs - clock.now();
      offset = Math.abs(ahead) > CLOCK_LEEWAY ? ahead : 0;
    },
  };
}

/** Asks the collector for a token over mTLS, for a node whose key cannot sign. */
export function tokenMinted(transport: Transport, path: string, clock: Clock, timeoutMs: number): TokenSource {
  let cached: Cached | null = null;
  return {
    get: async (credentials) => {
      const now = clock.monotonic();
      if (usable(cached, credentials, now)) return cached.token;
      const reply = await transport.post({ path, body: Buffer.from('{}'), credentials, timeoutMs });
      if (verdictOf(reply.status) !== 'delivered') throw failureOf(`POST ${path}`, reply);
      const { token, seconds } = parseMinted(reply.body);
      cached = { token, of: credentials, until: now + seconds * 1000 * USED_SHARE };
      return token;
    },
    refused: () => {
      cached = null;
    },
  };
}

function parseMinted(body: string): { token: string; seconds: number } {
  try {
    const parsed = JSON.parse(body) as { access_token?: unknown; expires_in?: unknown } | null;
    const token = parsed?.access_token;
    const seconds = parsed?.expires_in;
    if (typeof token === 'string' && /^[A-Za-z0-9._~+/=-]+$/.test(token) && typeof seconds === 'number') {
      return { token, seconds };
    }
  } catch {
    // Said below: the body may hold a token and is not quoted.
  }
  throw new PublishFailure(
    'token',
    'the reply to the request for a token holds no access_token; check OPENCLAW_ENDPOINT'
  );
}

function asTokenFailure(error: unknown): never {
  throw new PublishFailure('token', messageOf(error));
}
