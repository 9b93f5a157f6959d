import { createHash, generateKeyPairSync, randomBytes, sign, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export interface Pair {
  /** PEM. */
  readonly cert: string;
  /** PKCS #8 PEM. */
  readonly key: string;
  /** `sha256/<base64>` of the public key. */
  readonly pin: string;
}

export interface Authority extends Pair {
  /** Issues a certificate; `key` makes it for a key that exists. */
  issue(options: LeafOptions): Pair;
}

export interface LeafOptions {
  readonly uri?: string;
  readonly dns?: string;
  /** IPv4. */
  readonly ip?: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** SPKI PEM of somebody else's key; the pair's `key` is then empty. */
  readonly publicKey?: KeyObject;
}

const DAY = 86_400_000;

function tlv(tag: number, ...contents: Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const { length } = body;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), body]);
  const size = Buffer.from(length.toString(16).padStart(length > 0xff ? 4 : 2, '0'), 'hex');
  return Buffer.concat([Buffer.from([tag, 0x80 | size.length]), size, body]);
}

const sequence = (...items: Buffer[]): Buffer => tlv(0x30, ...items);
const oid = (hex: string): Buffer => tlv(0x06, Buffer.from(hex, 'hex'));
const bits = (content: Buffer): Buffer => tlv(0x03, Buffer.from([0]), content);
const time = (at: Date): Buffer =>
  tlv(
    0x18,
    Buffer.from(
      at
        .toISOString()
        .replace(/\.\d+Z$/, 'Z')
        .replace(/[-:T]/g, ''),
      'ascii'
    )
  );
const name = (cn: string): Buffer => sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(cn)))));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), tlv(0x04, value));
const ECDSA_SHA256 = sequence(oid('2a8648ce3d040302'));
const TRUE = Buffer.from([0x01, 0x01, 0xff]);

function certificate(fields: {
  issuer: string;
  subject: string;
  publicKey: KeyObject;
  signingKey: KeyObject;
  notBefore: Date;
  notAfter: Date;
  extensions: Buffer[];
}): string {
  const serial = randomBytes(8);
  serial.writeUInt8((serial.readUInt8(0) & 0x3f) | 0x40, 0);
  const body = sequence(
    tlv(0xa0, Buffer.from([0x02, 0x01, 0x02])),
    tlv(0x02, serial),
    ECDSA_SHA256,
    name(fields.issuer),
    sequence(time(fields.notBefore), time(fields.notAfter)),
    name(fields.subject),
    fields.publicKey.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...fields.extensions))
  );
  const der = sequence(body, ECDSA_SHA256, bits(sign('sha256', body, fields.signingKey)));
  return new X509Certificate(der).toString();
}

function pinOf(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return `sha256/${createHash('sha256').update(spki).digest('base64')}`;
}

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A throw-away certificate authority over P-256, for tests. */
export function createAuthority(commonName = 'Test authority'): Authority {
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate({
    issuer: commonName,
    subject: commonName,
    publicKey: own.publicKey,
    signingKey: own.privateKey,
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 3650 * DAY),
    extensions: [extension('551d13', sequence(TRUE))],
  });
  return {
    cert,
    key: pem(own.privateKey),
    pin: pinOf(own.publicKey),
    issue: (options) => {
      const made = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const publicKey = options.publicKey ?? made.publicKey;
      const names = [
        ...(options.uri === undefined ? [] : [tlv(0x86, Buffer.from(options.uri))]),
        ...(options.dns === undefined ? [] : [tlv(0x82, Buffer.from(options.dns))]),
        ...(options.ip === undefined ? [] : [tlv(0x87, Buffer.from(options.ip.split('.').map(Number)))]),
      ];
      return {
        cert: certificate({
          issuer: commonName,
          subject: 'leaf',
          publicKey,
          signingKey: own.privateKey,
          notBefore: options.notBefore ?? new Date(Date.now() - DAY),
          notAfter: options.notAfter ?? new Date(Date.now() + 90 * DAY),
          extensions: names.length > 0 ? [extension('551d11', sequence(...names))] : [extension('551d13', sequence())],
        }),
        key: options.publicKey ? '' : pem(made.privateKey),
        pin: pinOf(publicKey),
      };
    },
  };
}
