import type { X509Certificate } from 'node:crypto';
import { COLLECTOR_URI_PREFIX, NODE_ID_PATTERN, NODE_URI_PREFIX } from '@openclaw-fleet/contract';

/** Whom a certificate of this fleet names. Whether it may be trusted was TLS's to decide; whether it still is, Trust's. */
export type Identity =
  | {
      readonly kind: 'node';
      readonly nodeId: string;
      readonly fingerprint256: string;
      readonly names: readonly string[];
    }
  | {
      readonly kind: 'collector';
      readonly role: 'server' | 'client';
      readonly fingerprint256: string;
      readonly names: readonly string[];
    };

/** A node on an authenticated connection. `fingerprint256`: SHA-256 of its certificate, lower-case hex. */
export interface Peer {
  readonly nodeId: string;
  readonly fingerprint256: string;
  /** DNS names and IP addresses its certificate carries. */
  readonly names?: readonly string[];
}

/** `AB:CD…` as Node writes it, as lower-case hex without colons. */
export function plainFingerprint(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase();
}

/** Entries of a subject alternative name, from Node's text; what could be mistaken for a separator is quoted there as JSON. */
export function alternativeNames(text: string): { kind: string; value: string }[] {
  const entry = /(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,"]*)/gy;
  const found: { kind: string; value: string }[] = [];
  while (entry.lastIndex < text.length) {
    const match = entry.exec(text);
    if (match === null) return [];
    const [, kind = '', value = ''] = match;
    found.push({ kind, value: value.startsWith('"') ? String(JSON.parse(value)) : value });
  }
  return found;
}

/**
 * Reads the identity off a certificate: it must carry exactly one SAN URI, as with SPIFFE, so that nothing is left to choose.
 * @returns null when it names nobody of this fleet
 */
export function identityOf(certificate: X509Certificate): Identity | null {
  const entries = alternativeNames(certificate.subjectAltName ?? '');
  const uris = entries.filter(({ kind }) => kind === 'URI').map(({ value }) => value);
  const [uri] = uris;
  if (uri === undefined || uris.length !== 1) return null;
  const names = entries.filter(({ kind }) => kind === 'DNS' || kind === 'IP Address').map(({ value }) => value);
  const fingerprint256 = plainFingerprint(certificate.fingerprint256);
  if (uri.startsWith(NODE_URI_PREFIX)) {
    const nodeId = uri.slice(NODE_URI_PREFIX.length);
    return NODE_ID_PATTERN.test(nodeId) ? { kind: 'node', nodeId, fingerprint256, names } : null;
  }
  const role = uri.startsWith(COLLECTOR_URI_PREFIX) ? uri.slice(COLLECTOR_URI_PREFIX.length) : '';
  return role === 'server' || role === 'client' ? { kind: 'collector', role, fingerprint256, names } : null;
}
