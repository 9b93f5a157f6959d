import type { ResolvedSettings } from './settings.ts';
import { tokenFromFile, tokenMinted, tokenSigned } from './token.ts';
import type { TokenSource } from './token.ts';
import type { Transport } from './transport.ts';
import type { Clock } from './types.ts';

/** The path of a resource beside that of availability: `/openclaw/token`. */
export function beside(endpoint: URL, name: string): string {
  const { pathname, search } = new URL(name, endpoint);
  return pathname + search;
}

/** Where the bearer token comes from, by the settings. */
export function tokenSource(settings: ResolvedSettings, transport: Transport, clock: Clock): TokenSource {
  switch (settings.tokenMode) {
    case 'file':
      return tokenFromFile(settings.tokenFile ?? '');
    case 'sign':
      return tokenSigned(settings.nodeId, settings.tokenAudience, clock);
    case 'mint':
      return tokenMinted(transport, beside(settings.endpoint, 'token'), clock, settings.clientTimings.requestTimeout);
  }
}
