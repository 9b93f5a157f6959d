import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from '@jest/globals';
import { loadKeyPair, newKeyPair, parsePublicKey, privatePem } from './keys.ts';
import { pinOfCertificate, pinOfKey } from './pins.ts';
import { Authority, createAuthority } from './authority.ts';
import { openssl, Workshop } from './testing/workshop.ts';

const workshop = new Workshop();
afterAll(async () => workshop.close());
const spki = (key: ReturnType<typeof createPublicKey>): string =>
  key.export({ type: 'spki', format: 'pem' }).toString();

describe('parsePublicKey', () => {
  it('takes a P-256 public key', () => {
    const { publicKey } = newKeyPair();
    expect(parsePublicKey(spki(publicKey))?.equals(publicKey)).toBe(true);
  });

  it.each<[string, string]>([
    ['another curve', spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey)],
    ['a curve that only looks alike', spki(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey)],
    ['RSA', spki(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey)],
    ['Ed25519', spki(generateKeyPairSync('ed25519').publicKey)],
    ['a private key', privatePem(newKeyPair().privateKey)],
    ['nothing', ''],
    ['nonsense', '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n'],
    ['a key behind other text', `x\n${spki(newKeyPair().publicKey)}`],
  ])('refuses %s', (_, pem) => {
    expect(parsePublicKey(pem)).toBeNull();
  });
});

describe('loadKeyPair', () => {
  const load = (text: string, mode = 0o600) => {
    const path = workshop.path(`${Math.random()}.key`);
    writeFileSync(path, text, { mode });
    return loadKeyPair(path);
  };

  it('loads a P-256 private key with its public half', () => {
    const keys = newKeyPair();
    expect(load(privatePem(keys.privateKey)).publicKey.equals(keys.publicKey)).toBe(true);
  });

  it('refuses other keys, no keys, and keys that others can read, without showing them', () => {
    const other = privatePem(generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey);
    expect(() => load(other)).toThrow(/must be a P-256 one/);
    expect(() => load('hunter2')).toThrow(/holds no private key/);
    expect(() => load('hunter2')).not.toThrow(/hunter2/);
    expect(() => load(privatePem(newKeyPair().privateKey), 0o644)).toThrow(/chmod 600/);
  });
});

describe('pins', () => {
  it('are those of RFC 7469, the same for a key, its private half and its certificate', async () => {
    const { certificate, keys } = await createAuthority(1, Date.now());
    const pin = pinOfKey(keys.publicKey);
    expect(pin).toMatch(/^sha256\/[A-Za-z0-9+/]{43}=$/);
    expect(pinOfKey(keys.privateKey)).toBe(pin);
    expect(pinOfCertificate(certificate)).toBe(pin);
    expect(pinOfKey(newKeyPair().publicKey)).not.toBe(pin);
    const file = workshop.path('pub.pem');
    writeFileSync(file, spki(keys.publicKey));
    const der = workshop.path('pub.der');
    const digest =
      openssl('pkey', '-pubin', '-in', file, '-outform', 'DER', '-out', der) === null
        ? null
        : openssl('dgst', '-sha256', '-r', der);
    if (digest !== null) expect(`sha256/${Buffer.from(digest.slice(0, 64), 'hex').toString('base64')}`).toBe(pin);
    expect(new Authority(certificate, keys).bundle).toBe(certificate);
  });
});
