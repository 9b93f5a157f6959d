import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createHash, X509Certificate, type KeyObject } from 'node:crypto';
import { type Authority, createAuthority, Authority as SigningAuthority, loadAuthority } from './authority.ts';
import { CredentialError } from './credential-error.ts';
import { ensureKeyFolder, PUBLIC, readPublic, refuseExisting, SECRET, writeFileAtomic } from './files.ts';
import { mendOf } from './lost.ts';
import { loadKeyPair, newKeyPair, privatePem, type KeyPair } from './keys.ts';
import { identityOf } from './peer.ts';
import { pinOfKey } from './pins.ts';

/** The collector's two faces: what nodes connect to, and what it connects to nodes with. */
const FACES = ['server', 'client'] as const;
export type Face = (typeof FACES)[number];

/** Where everything lies in the credentials folder. docs/credentials.md says what each is for. */
export function pkiFiles(folder: string) {
  const at = (name: string): string => join(folder, name);
  return {
    bundle: at('ca.crt'),
    authorityKey: at('authority.key'),
    server: { certificate: at('server.crt'), key: at('server.key'), nextKey: at('server.next.key') },
    client: { certificate: at('client.crt'), key: at('client.key'), nextKey: at('client.next.key') },
    tokensKey: at('tokens.key'),
    actionsKey: at('actions.key'),
    actionsNextKey: at('actions.next.key'),
  };
}

export interface InitOptions {
  /** DNS names and IP addresses under which nodes reach the collector. */
  readonly names: readonly string[];
  readonly authorityDays: number;
  readonly collectorDays: number;
  /** Replace what is there. Every node must then be enrolled again. */
  readonly force: boolean;
  readonly nowMs: number;
}

/**
 * Pins of the collector's keys, comma separated: of each the key in use, then the one that `rotate --keys` will put in use.
 * `actions`: of the key that signs what nodes are to do.
 */
export type Pins = Readonly<Record<Face | 'actions', string>>;

/**
 * Creates the authority, the collector's certificates and its signing keys.
 * @throws CredentialError when a file is there already and `force` is not set
 */
export async function initPki(folder: string, options: InitOptions): Promise<Pins> {
  const files = pkiFiles(folder);
  ensureKeyFolder(folder);
  const all = [
    files.bundle,
    files.authorityKey,
    files.tokensKey,
    files.actionsKey,
    files.actionsNextKey,
    ...FACES.flatMap((face) => Object.values(files[face])),
  ];
  if (!options.force)
    refuseExisting(
      folder,
      all,
      'use them, or add --force to replace them, after which every node must be enrolled again'
    );
  const { certificate, keys } = await createAuthority(options.authorityDays, options.nowMs);
  const authority = new SigningAuthority(certificate, keys);
  const days = options.collectorDays;
  const pairs = { server: newKeyPair(), client: newKeyPair() };
  const leaves = await Promise.all(
    FACES.map(async (face) => {
      const names = face === 'server' ? options.names : [];
      return {
        face,
        issued: await authority.issueCollector(face, {
          publicKey: pairs[face].publicKey,
          names,
          days,
          nowMs: options.nowMs,
        }),
      };
    })
  );
  writeKey(files.authorityKey, keys);
  writeFileAtomic(files.bundle, certificate, PUBLIC);
  for (const { face, issued } of leaves) {
    writeKey(files[face].key, pairs[face]);
    writeKey(files[face].nextKey, newKeyPair());
    writeFileAtomic(files[face].certificate, issued.certificate, PUBLIC);
  }
  writeKey(files.tokensKey, newKeyPair());
  writeKey(files.actionsKey, newKeyPair());
  writeKey(files.actionsNextKey, newKeyPair());
  return collectorPins(folder);
}

const writeKey = (path: string, keys: KeyPair): void => writeFileAtomic(path, privatePem(keys.privateKey), SECRET);

/** Pins of the collector's keys, for nodes. */
export function collectorPins(folder: string): Pins {
  const files = pkiFiles(folder);
  const pins = (key: string, nextKey: string): string => {
    const keys = existsSync(nextKey) ? [key, nextKey] : [key];
    return keys.map((path) => pinOfKey(loadKeyPair(path).publicKey)).join(',');
  };
  return {
    server: pins(files.server.key, files.server.nextKey),
    client: pins(files.client.key, files.client.nextKey),
    actions: pins(files.actionsKey, files.actionsNextKey),
  };
}

/** The key with which the collector signs nodes' tokens. */
export interface TokenKey {
  /** RFC 7638 thumbprint: it names the key in a token's header. */
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** What the collector runs with. Certificates as PEM. */
export interface CollectorCredentials {
  readonly ca: string;
  readonly server: { readonly certificate: string; readonly privateKey: string };
  readonly client: { readonly certificate: string; readonly privateKey: string };
  readonly tokenKey: TokenKey;
  /** Signs what nodes are to do; nodes know its pin. */
  readonly actionsKey: KeyPair;
  /** Null when its key is not on this host: nothing can be renewed here. */
  readonly authority: Authority | null;
}

/** Reads the credentials folder. @throws CredentialError naming the file and the fix */
export function loadPki(folder: string): CollectorCredentials {
  const files = pkiFiles(folder);
  const face = ({ certificate, key }: { certificate: string; key: string }) => {
    const pem = readPublic(certificate);
    const keys = loadKeyPair(key);
    if (!parseCertificate(certificate, pem).checkPrivateKey(keys.privateKey)) {
      throw new CredentialError(`${certificate} and ${key} do not belong together: run openclaw-fleet rotate`);
    }
    return { certificate: pem, privateKey: privatePem(keys.privateKey) };
  };
  return {
    ca: readPublic(files.bundle),
    server: face(files.server),
    client: face(files.client),
    tokenKey: tokenKeyOf(loadKeyPair(files.tokensKey)),
    actionsKey: loadKeyPair(files.actionsKey),
    authority: loadAuthority(files.bundle, files.authorityKey),
  };
}

function tokenKeyOf(keys: KeyPair): TokenKey {
  const { crv, kty, x, y } = keys.publicKey.export({ format: 'jwk' });
  return { ...keys, kid: createHash('sha256').update(JSON.stringify({ crv, kty, x, y })).digest('base64url') };
}

function parseCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw new CredentialError(`${path} holds no certificate (PEM): ${mendOf(path)}`);
  }
}

/** @throws CredentialError when the authority's key is not here */
export function requireAuthority(folder: string): Authority {
  const files = pkiFiles(folder);
  const authority = loadAuthority(files.bundle, files.authorityKey);
  if (authority === null)
    throw new CredentialError(
      `${files.authorityKey} is not on this host: run this where it is, or put it back from a backup`
    );
  return authority;
}

/** A certificate is renewed once less than a third of its life is left. */
export function renewalDue(certificate: X509Certificate, nowMs: number): boolean {
  const end = certificate.validToDate.getTime();
  return end - nowMs < (end - certificate.validFromDate.getTime()) / 3;
}

/**
 * Renews those of the collector's own certificates that are due, for the same keys, so that pins stay valid.
 * @returns whether files changed
 * @throws CredentialError when one is due and cannot be renewed here
 */
export async function renewCollector(folder: string, days: number, nowMs: number): Promise<boolean> {
  const due = FACES.filter((face) => {
    const { certificate } = pkiFiles(folder)[face];
    return renewalDue(parseCertificate(certificate, readPublic(certificate)), nowMs);
  });
  for (const face of due) await reissue(folder, face, { days, nowMs });
  return due.length > 0;
}

interface ReissueOptions {
  readonly days: number;
  readonly nowMs: number;
  /** Instead of those the certificate has. */
  readonly names?: readonly string[];
}

async function reissue(folder: string, face: Face, { days, nowMs, names }: ReissueOptions): Promise<void> {
  const { certificate, key } = pkiFiles(folder)[face];
  const authority = requireAuthority(folder);
  const { publicKey } = loadKeyPair(key);
  const issued = await authority.issueCollector(face, {
    publicKey,
    names: face === 'server' ? serverNames(folder, names) : [],
    days,
    nowMs,
  });
  writeFileAtomic(certificate, issued.certificate, PUBLIC);
}

/** The names of the server's next certificate. @param names instead of those that its present one has */
function serverNames(folder: string, names: readonly string[] | undefined): readonly string[] {
  const { certificate } = pkiFiles(folder).server;
  const found = names ?? identityOf(parseCertificate(certificate, readPublic(certificate)))?.names ?? [];
  if (found.length === 0)
    throw new CredentialError('a server certificate without a name fits no address: give at least one with --name');
  return found;
}

/**
 * New certificates for the collector's keys, and a new key of nodes' tokens if there is none. Pins stay valid.
 * @param options.names instead of those the server's certificate has
 */
export async function rotateCertificates(folder: string, options: ReissueOptions): Promise<void> {
  requireAuthority(folder);
  const names = serverNames(folder, options.names);
  for (const face of FACES) await reissue(folder, face, { ...options, names });
  const { tokensKey } = pkiFiles(folder);
  if (!existsSync(tokensKey)) writeKey(tokensKey, newKeyPair());
}

/**
 * Puts the waiting keys in use, makes new waiting ones, and replaces the key of nodes' tokens.
 * Nodes that carry both pins notice nothing; the pins returned must reach every node before the next time.
 * @throws CredentialError when a waiting key is missing and `force` is not set: nodes know no pin of a key that is made now
 */
export async function rotateKeys(folder: string, options: ReissueOptions & { readonly force: boolean }): Promise<Pins> {
  const files = pkiFiles(folder);
  requireAuthority(folder);
  const waiting = [...FACES.map((face) => files[face].nextKey), files.actionsNextKey];
  const missing = waiting.filter((path) => !existsSync(path));
  if (missing.length > 0 && !options.force) {
    throw new CredentialError(
      `${missing.join(', ')} is missing, so nodes know no pin of the next key and would all be cut off, or take no orders: put it back, or add --force and bring every node the new pins`
    );
  }
  const names = serverNames(folder, options.names);
  for (const face of FACES) {
    const { key, nextKey } = files[face];
    putInUse(nextKey, key);
    await reissue(folder, face, { ...options, names });
    writeKey(nextKey, newKeyPair());
  }
  putInUse(files.actionsNextKey, files.actionsKey);
  writeKey(files.actionsNextKey, newKeyPair());
  writeKey(files.tokensKey, newKeyPair());
  return collectorPins(folder);
}

function putInUse(nextKey: string, key: string): void {
  if (existsSync(nextKey)) {
    loadKeyPair(nextKey);
    renameSync(nextKey, key);
  } else {
    writeKey(key, newKeyPair());
  }
}
