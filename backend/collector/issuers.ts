import { readFileSync } from 'node:fs';
import { createLocalJWKSet, createRemoteJWKSet, type JSONWebKeySet } from 'jose';
import { ConfigError } from './config.ts';
import type { IssuerSettings } from './config-schema.ts';
import { MINTED_TOKEN_ISSUER } from './intake/credentials.ts';
import type { TokenIssuer } from './intake/token.ts';
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

/** Issuers from the settings (domain-rules section 1). Throws ConfigError when a JWKS file cannot be used. */
export function configuredIssuers(settings: readonly IssuerSettings[]): TokenIssuer[] {
  return settings.map(({ issuer, jwksFile, jwksUrl, claim, ids }) => {
    const allowed = ids.map((pattern) => new RegExp(`^(?:${pattern})$`));
    const key = jwksFile === undefined ? createRemoteJWKSet(new URL(jwksUrl ?? '')) : localKeys(jwksFile);
    return { issuer, key, claim, mayName: (id) => allowed.some((pattern) => pattern.test(id)), mustBind: false };
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
