import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose';
import { ConfigError } from './config.ts';
import type { IssuerSettings } from './config-schema.ts';
import { MINTED_TOKEN_ISSUER } from './intake/credentials.ts';
import { KeySetUnavailable, type TokenIssuer } from './intake/token.ts';
import type { CollectorCredentials } from './identity/pki.ts';

/** The collector itself as an issuer: its tokens are bound to the certificate they were asked for with. */
export function ownIssuer(tokenKey: () => CollectorCredentials['tokenKey']): TokenIssuer {
  return {
    issuer: MINTED_TOKEN_ISSUER,
    key: () => tokenKey().publicKey,
    claim: 'sub',
    mayName: () => true,
    mustBind: true,
  };
}

/** Names under which the collector and the nodes sign: nobody else may, or their tokens would go unbound or unheard. */
const isReserved = (issuer: string): boolean => issuer === MINTED_TOKEN_ISSUER || issuer.startsWith('openclaw://');

/** Issuers from the settings (domain-rules section 1). Throws ConfigError when a name is ours or a JWKS file cannot be used. */
export function configuredIssuers(settings: readonly IssuerSettings[]): TokenIssuer[] {
  return settings.map(({ issuer, jwksFile, jwksUrl, claim, ids }) => {
    if (isReserved(issuer)) {
      throw new ConfigError([
        {
          setting: 'intake.issuers',
          message: `the issuer ${issuer} is the name of the collector or of a node itself: remove it, or give the issuer a name of its own`,
        },
      ]);
    }
    const allowed = ids.map((pattern) => new RegExp(`^(?:${pattern})$`));
    const key = jwksFile === undefined ? remoteKeys(issuer, jwksUrl ?? '') : localKeys(jwksFile);
    return { issuer, key, claim, mayName: (id) => allowed.some((pattern) => pattern.test(id)), mustBind: false };
  });
}

/** What the token itself is to blame for; every other failure is that of the key set or the way to it. */
const OF_THE_TOKEN = [errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys, errors.JOSENotSupported];

function remoteKeys(issuer: string, url: string): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url));
  return (header, token) =>
    keys(header, token).catch((error: unknown) => {
      if (OF_THE_TOKEN.some((kind) => error instanceof kind)) throw error;
      const { message, cause } = error as Error;
      const why = cause instanceof Error && cause.message !== '' ? `${message}: ${cause.message}` : message;
      throw new KeySetUnavailable(`the key set of the issuer ${issuer} at ${url} cannot be read (${why})`);
    });
}

function localKeys(file: string): ReturnType<typeof createLocalJWKSet> {
  try {
    return createLocalJWKSet(JSON.parse(readFileSync(file, 'utf8')) as JSONWebKeySet);
  } catch (error) {
    const why = error instanceof Error ? error.message : 'unknown failure';
    throw new ConfigError([
      { setting: 'intake.issuers', message: `the key set ${file} cannot be used (${why}): name a JWKS file` },
    ]);
  }
}
