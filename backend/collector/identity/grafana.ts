import { Agent } from 'node:https';
import type { Role } from '@openclaw-fleet/contract';
import axios from 'axios';
import { createRemoteJWKSet, customFetch, errors, jwtVerify } from 'jose';
import type { FetchImplementation, JWTPayload, JWTVerifyGetKey } from 'jose';
import type { Actor } from '../storage/types.ts';
import { CredentialError } from './credential-error.ts';
import { readPublic } from './files.ts';
import { labelOf } from './person-name.ts';
import { SharedSecret } from './shared-secret.ts';

/** Leeway between two honest clocks. Seconds (domain-rules section 1). */
const LEEWAY = 30;
/** Grafana's ID tokens live 10 min; one that was made longer ago is none of a request under way. Seconds. */
const MAX_AGE = 3600;
const MAX_KEYS_BYTES = 256 * 1024;

const ROLES: Readonly<Record<string, Role>> = { Viewer: 'viewer', Editor: 'operator', Admin: 'approver' };
/** Stable ids of Grafana. They become part of an actor's name, and are compared as persons. */
const IDENTIFIER = /^[A-Za-z0-9_-]{1,64}$/;

export interface GrafanaOptions {
  /** Root address at which we reach Grafana. */
  readonly url: string;
  /** The `iss` of its tokens; absent: `url` with a last slash. */
  readonly issuer?: string | undefined;
  readonly audience: string;
  readonly secretFile: string;
  readonly caFile?: string | undefined;
  /** Wall clock, in milliseconds. */
  readonly clock: () => number;
  readonly log: { error(fields: object, message: string): void };
  /** How long Grafana may take to give its keys. Milliseconds. */
  readonly timeoutMs?: number;
  /** A key that is not known has the keys read again at most once in this time. Milliseconds. */
  readonly cooldownMs?: number;
}

/** Whom a request through Grafana is from; or why it is not let in, in words without the token or the secret. */
export type GrafanaVerdict =
  | {
      readonly ok: true;
      readonly role: Role;
      readonly kind: 'person' | 'service' | 'anonymous';
      /** The stable identifier of a person; null for everybody else. */
      readonly person: string | null;
      readonly actor: Actor;
    }
  | {
      readonly ok: false;
      readonly problem: 'forbidden' | 'grafana-identity' | 'grafana-secret' | 'grafana-unavailable';
      readonly reason: string;
    };

export interface GrafanaVerifier {
  /**
   * @param secret what the app's proxy route sent along
   * @param idToken the `X-Grafana-Id` header; looked at only when the secret is right
   */
  verify(secret: string, idToken: string | undefined): Promise<GrafanaVerdict>;
}

class KeysUnavailable extends Error {}

const refused = (problem: Exclude<GrafanaVerdict, { ok: true }>['problem'], reason: string): GrafanaVerdict => ({
  ok: false,
  problem,
  reason,
});

/**
 * Verifies who asks through Grafana's plugin proxy: its signed ID token (`X-Grafana-Id`, ES256, keys at
 * `/api/signing-keys/keys`), behind the shared secret that only the proxy has.
 * @throws CredentialError when the secret or the authority's file cannot be used
 */
export function createGrafanaVerifier(options: GrafanaOptions): GrafanaVerifier {
  const { url, audience, clock, log } = options;
  const root = url.endsWith('/') ? url : `${url}/`;
  const issuer = options.issuer ?? root;
  const secrets = new SharedSecret(options.secretFile);
  secrets.read();
  const keys = grafanaKeys(new URL('api/signing-keys/keys', root), options);
  let told = '';
  /** Says it once, not with every request that meets it. */
  const tell = (error: Error, message: string): void => {
    if (error.message !== told) log.error({ err: error }, message);
    told = error.message;
  };

  return {
    async verify(secret, idToken) {
      try {
        if (!secrets.matches(secret))
          return refused(
            'grafana-secret',
            'Grafana sent another secret than the collector has: give its app the secret that is in grafana.secretFile.'
          );
      } catch (error) {
        if (!(error instanceof CredentialError)) throw error;
        tell(error, 'the secret shared with Grafana cannot be read');
        return refused('grafana-secret', 'The collector cannot read grafana.secretFile; its log says why.');
      }
      if (idToken === undefined || idToken === '')
        return refused(
          'grafana-identity',
          'Grafana sent no X-Grafana-Id, which says who asks: use Grafana 12.3 or later.'
        );
      try {
        const { payload } = await jwtVerify(idToken, keys, {
          algorithms: ['ES256'],
          issuer,
          audience,
          clockTolerance: LEEWAY,
          maxTokenAge: MAX_AGE,
          requiredClaims: ['exp', 'iat', 'sub'],
          currentDate: new Date(clock()),
        });
        return callerOf(payload);
      } catch (error) {
        if (!(error instanceof KeysUnavailable)) return refused('grafana-identity', whyNot(error, issuer, audience));
        tell(error, 'the keys of Grafana cannot be read');
        return refused('grafana-unavailable', `${error.message}. Check grafana.url and grafana.caFile, and try again.`);
      }
    },
  };
}

/** Who a verified token names. */
function callerOf(claims: JWTPayload): GrafanaVerdict {
  const { type, identifier, sub = '' } = claims;
  const given = claims['role'];
  const role = typeof given === 'string' && Object.hasOwn(ROLES, given) ? ROLES[given] : undefined;
  if (role === undefined)
    return refused('forbidden', 'This needs the role Viewer in Grafana or a higher one: an administrator gives it.');
  const via = 'grafana-id-token';
  if (type === 'anonymous' && sub.startsWith('anonymous:')) {
    return { ok: true, role: 'viewer', kind: 'anonymous', person: null, actor: { name: 'grafana:anonymous:0', via } };
  }
  if (typeof identifier === 'string' && IDENTIFIER.test(identifier)) {
    if (type === 'user' && sub.startsWith('user:')) {
      const actor: Actor = { name: `grafana:${identifier}`, via, ...labelOf(claims['name'], claims['username']) };
      return { ok: true, role, kind: 'person', person: identifier, actor };
    }
    if (type === 'service-account' && sub.startsWith('service-account:')) {
      const actor: Actor = { name: `grafana:service-account:${identifier}`, via };
      return { ok: true, role, kind: 'service', person: null, actor };
    }
  }
  return refused('grafana-identity', 'Grafana’s ID token names no user, service account or anonymous visitor.');
}

function whyNot(error: unknown, issuer: string, audience: string): string {
  if (error instanceof errors.JWTExpired)
    return 'Grafana’s ID token has expired: load the page again, and check the clocks.';
  if (error instanceof errors.JWTClaimValidationFailed) {
    const fixes: Readonly<Record<string, string>> = {
      iss: `: it must be ${issuer}; grafana.issuer says so`,
      aud: `: it must be ${audience}; grafana.audience says so`,
    };
    return `The claim ${error.claim} of Grafana’s ID token is missing or not valid${fixes[error.claim] ?? ''}.`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'Grafana’s ID token is not signed with ES256.';
  if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey)
    return 'Grafana’s ID token does not verify with the keys of the Grafana at grafana.url.';
  return 'Grafana’s ID token cannot be verified.';
}

/** What the token itself is to blame for; every other failure is that of the keys or the way to them. */
const OF_THE_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

function grafanaKeys(url: URL, { caFile, timeoutMs = 3000, cooldownMs = 30_000 }: GrafanaOptions): JWTVerifyGetKey {
  const httpsAgent = caFile === undefined ? undefined : new Agent({ ca: readPublic(caFile) });
  const fetchKeys: FetchImplementation = async (address, { headers, signal }) => {
    const { status, data } = await axios.get<string>(address, {
      headers: Object.fromEntries(headers),
      signal,
      httpsAgent,
      responseType: 'text',
      transformResponse: (text: string) => text,
      maxContentLength: MAX_KEYS_BYTES,
      maxRedirects: 0,
      proxy: false,
      validateStatus: () => true,
    });
    if (status !== 200) throw new Error(`it answered ${status}`);
    return new Response(data);
  };
  const keys = createRemoteJWKSet(url, {
    timeoutDuration: timeoutMs,
    cooldownDuration: cooldownMs,
    [customFetch]: fetchKeys,
  });
  return (header, token) =>
    keys(header, token).catch((error: unknown) => {
      if (OF_THE_TOKEN.some((kind) => error instanceof kind)) throw error;
      const why = error instanceof Error ? error.message : 'unknown failure';
      throw new KeysUnavailable(`The keys of Grafana at ${url.href} cannot be read (${why})`);
    });
}
