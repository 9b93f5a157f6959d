import { existsSync } from 'node:fs';
import { X509Certificate, type KeyObject } from 'node:crypto';
import { isIP } from 'node:net';
import { COLLECTOR_URI_PREFIX, NODE_URI_PREFIX, nodeIdSchema } from '@openclaw-fleet/contract';
import { CredentialError } from './credential-error.ts';
import { readPublic } from './files.ts';
import { loadKeyPair, newKeyPair, type KeyPair } from './keys.ts';
import { plainFingerprint } from './peer.ts';
import { BACKDATE, selfSign, signLeaf, type LeafRequest, type Signer } from './x509.ts';

const DAY = 86_400_000;

/** A certificate that was just made. */
export interface Issued {
  /** PEM. */
  readonly certificate: string;
  /** SHA-256 of its DER, lower-case hex. */
  readonly fingerprint: string;
  readonly notAfterMs: number;
}

export interface LeafOptions {
  readonly publicKey: KeyObject;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  readonly days: number;
  readonly nowMs: number;
}

/** Makes a new authority. @returns its certificate as PEM, and its key */
export async function createAuthority(days: number, nowMs: number): Promise<{ certificate: string; keys: KeyPair }> {
  const keys = newKeyPair();
  const validity = { notBeforeMs: nowMs - BACKDATE, notAfterMs: nowMs + days * DAY };
  return { certificate: await selfSign('OpenClaw Fleet authority', keys.publicKey, keys.privateKey, validity), keys };
}

const DNS_NAME =
  /^(?=.{1,253}$)(\*\.)?[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*$/;

/** @throws CredentialError when one is neither a DNS name nor an IP address */
export function checkNames(names: readonly string[]): void {
  const bad = names.find((name) => isIP(name) === 0 && !DNS_NAME.test(name));
  if (bad !== undefined)
    throw new CredentialError(
      `${JSON.stringify(bad)} is neither a DNS name nor an IP address: give one such as collector.example.com`
    );
}

/** Signs this fleet's certificates. */
export class Authority {
  /** What whoever checks this fleet's certificates must trust, PEM. More than one certificate while authorities change. */
  readonly bundle: string;
  readonly #signer: Signer;
  readonly #notAfterMs: number;

  constructor(bundle: string, keys: KeyPair) {
    const certificates = splitBundle(bundle).map((pem) => ({ pem, parsed: new X509Certificate(pem) }));
    const own = certificates.find(({ parsed }) => parsed.checkPrivateKey(keys.privateKey));
    if (own === undefined)
      throw new CredentialError(
        'authority.key is not the key of any certificate in ca.crt: put back the pair that belongs together'
      );
    this.bundle = bundle;
    this.#signer = { certificate: own.pem, privateKey: keys.privateKey };
    this.#notAfterMs = own.parsed.validToDate.getTime();
  }

  /** A certificate of the collector. @param role `server`: what nodes connect to; `client`: what the collector connects to nodes with */
  async issueCollector(role: 'server' | 'client', options: LeafOptions): Promise<Issued> {
    return this.#issue(`openclaw-fleet collector ${role}`, COLLECTOR_URI_PREFIX + role, [role], options);
  }

  /** A node's certificate, good for client and server. */
  async issueNode(nodeId: string, options: LeafOptions): Promise<Issued> {
    return this.#issue(nodeIdSchema.parse(nodeId), NODE_URI_PREFIX + nodeId, ['client', 'server'], options);
  }

  async #issue(
    commonName: string,
    uri: string,
    usages: LeafRequest['usages'],
    { publicKey, names, days, nowMs }: LeafOptions
  ): Promise<Issued> {
    checkNames(names);
    if (nowMs >= this.#notAfterMs) {
      throw new CredentialError(
        `the authority expired on ${new Date(this.#notAfterMs).toISOString()}: make a new one with openclaw-fleet pki init --force, and enrol the nodes again`
      );
    }
    const validity = { notBeforeMs: nowMs - BACKDATE, notAfterMs: Math.min(nowMs + days * DAY, this.#notAfterMs) };
    const certificate = await signLeaf({ commonName, uri, names, usages, publicKey, ...validity }, this.#signer);
    const parsed = new X509Certificate(certificate);
    return {
      certificate,
      fingerprint: plainFingerprint(parsed.fingerprint256),
      notAfterMs: parsed.validToDate.getTime(),
    };
  }
}

/** Certificates of a PEM bundle, one by one. */
export function splitBundle(bundle: string): string[] {
  return bundle.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----\n?/g) ?? [];
}

/**
 * Loads the authority.
 * @returns null when its key is not on this host, as when it is kept elsewhere for safety
 * @throws CredentialError when what is there is unsafe or does not fit together
 */
export function loadAuthority(bundleFile: string, keyFile: string): Authority | null {
  const bundle = readPublic(bundleFile);
  return existsSync(keyFile) ? new Authority(bundle, loadKeyPair(keyFile)) : null;
}
