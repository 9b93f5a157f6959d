import { isIP } from 'node:net';
import { randomBytes, type KeyObject } from 'node:crypto';

// @peculiar/x509 asks its injector for types by reflection but declares none, so "nothing is known" is a full answer.
const reflect = Reflect as {
  getMetadata?: () => undefined;
  getOwnMetadata?: () => undefined;
  defineMetadata?: () => void;
};
reflect.getMetadata ??= () => undefined;
reflect.getOwnMetadata ??= () => undefined;
reflect.defineMetadata ??= () => undefined;
const x509 = await import('@peculiar/x509');

const EC = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNATURE = { name: 'ECDSA', hash: 'SHA-256' } as const;
/** A certificate is valid from a little before it was made: the reader's clock may be behind. Milliseconds. */
export const BACKDATE = 5 * 60_000;

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

export interface LeafRequest extends Validity {
  /** At most 64 characters. */
  readonly commonName: string;
  /** SAN URI, such as `openclaw://node/n1`. */
  readonly uri: string;
  /** DNS names and IP addresses. */
  readonly names: readonly string[];
  readonly usages: readonly ('server' | 'client')[];
  /** P-256. */
  readonly publicKey: KeyObject;
}

export interface Signer {
  /** PEM. */
  readonly certificate: string;
  /** P-256. */
  readonly privateKey: KeyObject;
}

// 128 random bits behind a 1, which keeps the number positive and of one length.
const serialNumber = (): string => `01${randomBytes(16).toString('hex')}`;

const wholeSecond = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);

function common(validity: Validity) {
  return {
    serialNumber: serialNumber(),
    notBefore: wholeSecond(validity.notBeforeMs),
    notAfter: wholeSecond(validity.notAfterMs),
    signingAlgorithm: SIGNATURE,
  };
}

/** Makes an authority's own certificate (RFC 5280: a CA that signs leaves alone). @returns PEM */
export async function selfSign(
  commonName: string,
  publicKey: KeyObject,
  privateKey: KeyObject,
  validity: Validity
): Promise<string> {
  const keys = {
    publicKey: publicKey.toCryptoKey(EC, true, ['verify']),
    privateKey: privateKey.toCryptoKey(EC, false, ['sign']),
  };
  const { keyCertSign, cRLSign } = x509.KeyUsageFlags;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(validity),
    name: [{ CN: [commonName] }],
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(keyCertSign | cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey, false),
    ],
  });
  return pem(certificate);
}

/** Makes a certificate for a TLS server, a TLS client or both. @returns PEM */
export async function signLeaf(request: LeafRequest, signer: Signer): Promise<string> {
  const publicKey = request.publicKey.toCryptoKey(EC, true, ['verify']);
  const authority = new x509.X509Certificate(signer.certificate);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const names = request.names.map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(request),
    subject: [{ CN: [request.commonName] }],
    issuer: authority.subjectName,
    publicKey,
    signingKey: signer.privateKey.toCryptoKey(EC, false, ['sign']),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(request.usages.map((usage) => (usage === 'server' ? serverAuth : clientAuth))),
      new x509.SubjectAlternativeNameExtension([{ type: 'url', value: request.uri }, ...names]),
      await x509.SubjectKeyIdentifierExtension.create(publicKey, false),
      await x509.AuthorityKeyIdentifierExtension.create(authority, false),
    ],
  });
  return pem(certificate);
}

const pem = (certificate: { toString(format: 'pem'): string }): string => `${certificate.toString('pem').trim()}\n`;
