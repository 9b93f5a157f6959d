import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CredentialError } from './credential-error.ts';
import { identityOf } from './peer.ts';
import { pinOfCertificate, pinOfKey } from './pins.ts';
import {
  collectorPins,
  initPki,
  loadPki,
  pkiFiles,
  renewCollector,
  rotateCertificates,
  rotateKeys,
  type Pins,
} from './pki.ts';
import { handshake, Workshop } from './testing/workshop.ts';

const DAY = 86_400_000;
const now = Date.now();
let workshop: Workshop;
let folder: string;
let files: ReturnType<typeof pkiFiles>;
let pins: Pins;

const options = { names: ['localhost', '127.0.0.1'], authorityDays: 3650, collectorDays: 90, force: false, nowMs: now };

beforeEach(async () => {
  workshop = new Workshop();
  folder = workshop.path('pki');
  files = pkiFiles(folder);
  pins = await initPki(folder, options);
});
afterEach(async () => workshop.close());

const text = (path: string): string => readFileSync(path, 'utf8');
const everything = (): string =>
  readdirSync(folder)
    .map((name) => text(`${folder}/${name}`))
    .join();

describe('initPki', () => {
  it('makes everything the collector needs, its keys for its owner alone', () => {
    for (const name of readdirSync(folder)) {
      expect([name, statSync(`${folder}/${name}`).mode & 0o777]).toEqual([name, name.endsWith('.key') ? 0o600 : 0o644]);
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(readdirSync(folder).filter((name) => name.endsWith('.key'))).toHaveLength(8);
    expect(identityOf(new X509Certificate(text(files.server.certificate)))).toMatchObject({
      role: 'server',
      names: ['localhost', '127.0.0.1'],
    });
    expect(identityOf(new X509Certificate(text(files.client.certificate)))).toMatchObject({
      role: 'client',
      names: [],
    });
  });

  it('makes credentials that work together over TLS', async () => {
    const { ca, server, client } = loadPki(folder);
    const toTls = (face: { certificate: string; privateKey: string }) => ({
      cert: face.certificate,
      key: face.privateKey,
      ca,
    });
    expect(await handshake(toTls(server), toTls(client))).toEqual({
      error: null,
      clientNames: 'URI:openclaw://collector/client',
    });
    expect((await handshake(toTls(client), toTls(server))).error).not.toBeNull();
  });

  it('gives two pins for each face: of the key in use and of the waiting one', () => {
    const [current, waiting, ...rest] = pins.server.split(',');
    expect(rest).toEqual([]);
    expect(current).toBe(pinOfCertificate(text(files.server.certificate)));
    expect(waiting).not.toBe(current);
    expect(pins).toEqual(collectorPins(folder));
  });

  it('gives two pins for what nodes are to do: of the key that signs it and of the waiting one', () => {
    const [current, waiting, ...rest] = pins.actions.split(',');
    expect(rest).toEqual([]);
    expect(current).toBe(pinOfKey(loadPki(folder).actionsKey.publicKey));
    expect(new Set([pins.server, pins.client, current, waiting].join(',').split(',')).size).toBe(6);
  });

  it('refuses a second time, and changes nothing', async () => {
    const before = everything();
    await expect(initPki(folder, options)).rejects.toThrow(/holds ca\.crt, authority\.key.* already: .*--force/);
    expect(everything()).toBe(before);
  });

  it('refuses what is left of a set, too', async () => {
    for (const name of readdirSync(folder)) if (name !== 'authority.key') rmSync(`${folder}/${name}`);
    const before = everything();
    await expect(initPki(folder, options)).rejects.toThrow(/holds authority\.key already/);
    expect(everything()).toBe(before);
  });

  it('replaces all with force', async () => {
    const before = readdirSync(folder).map((name) => text(`${folder}/${name}`));
    await initPki(folder, { ...options, force: true });
    const after = readdirSync(folder).map((name) => text(`${folder}/${name}`));
    expect(after).toHaveLength(before.length);
    expect(after.filter((one) => before.includes(one))).toEqual([]);
  });
});

describe('loadPki', () => {
  it('names the token key by its thumbprint', async () => {
    const { tokenKey } = loadPki(folder);
    expect(tokenKey.kid).toBe(await calculateJwkThumbprint(tokenKey.publicKey.export({ format: 'jwk' })));
  });

  it('does without the key of the authority', () => {
    expect(loadPki(folder).authority).not.toBeNull();
    renameSync(files.authorityKey, workshop.path('kept-elsewhere.key'));
    expect(loadPki(folder).authority).toBeNull();
  });

  it.each<[string, () => void, RegExp]>([
    [
      'a key that others can read',
      () => chmodSync(files.server.key, 0o644),
      /server\.key can be used by others \(mode 0644\): run chmod 600/,
    ],
    [
      'a key of another certificate',
      () => writeFileSync(files.server.key, text(files.client.key)),
      /do not belong together: run openclaw-fleet rotate/,
    ],
    [
      'a certificate that is none',
      () => writeFileSync(files.client.certificate, 'x'),
      /client\.crt holds no certificate/,
    ],
    [
      'another authority key',
      () => writeFileSync(files.authorityKey, text(files.client.key)),
      /not the key of any certificate/,
    ],
  ])('refuses %s', (_, damage, message) => {
    damage();
    expect(() => loadPki(folder)).toThrow(message);
    expect(() => loadPki(folder)).toThrow(CredentialError);
  });
});

describe('a credentials folder that lost a file', () => {
  const [days, nowMs] = [90, now];
  const rotated = () => rotateCertificates(folder, { days, nowMs });
  const renamed = () => rotateCertificates(folder, { days, nowMs, names: ['fleet.example.com'] });
  const keys = () => rotateKeys(folder, { days, nowMs, force: false });

  it.each<[string, RegExp, () => Promise<unknown>]>([
    ['tokens.key', /run openclaw-fleet rotate for a new one/, rotated],
    ['client.crt', /run openclaw-fleet rotate for a new one/, rotated],
    ['server.crt', /run openclaw-fleet rotate --name <dns or ip>/, renamed],
    ['server.key', /from a backup, or run openclaw-fleet rotate --keys/, keys],
    ['client.key', /from a backup, or run openclaw-fleet rotate --keys/, keys],
    ['actions.key', /from a backup, or run openclaw-fleet rotate --keys/, keys],
  ])('is told what mends the loss of %s, and that does, with nodes as they are', async (name, mend, mended) => {
    rmSync(`${folder}/${name}`);
    expect(() => loadPki(folder)).toThrow(mend);
    expect(() => loadPki(folder)).not.toThrow(/pki init/);
    await mended();
    loadPki(folder);
    for (const [face, known] of Object.entries(pins))
      expect(known).toContain(collectorPins(folder)[face as keyof Pins].split(',')[0]);
  });

  it('is told where there are copies of ca.crt', () => {
    rmSync(files.bundle);
    expect(() => loadPki(folder)).toThrow(/ca\.crt is not there: .*put back the copy \(ca\.crt\) of any node/);
  });

  it('keeps its token key when there is one', async () => {
    const before = text(files.tokensKey);
    await rotated();
    expect(text(files.tokensKey)).toBe(before);
  });

  it.each(['server.crt', 'client.crt'])('gets a new %s also in place of one that cannot be read', async (name) => {
    writeFileSync(`${folder}/${name}`, 'x');
    await renamed();
    loadPki(folder);
  });

  it('changes no key before it knows the names of the next server certificate', async () => {
    rmSync(files.server.certificate);
    const before = everything();
    await expect(keys()).rejects.toThrow(/rotate --name/);
    expect(everything()).toBe(before);
  });
});

describe('renewCollector', () => {
  it('does nothing while more than a third of the life is left', async () => {
    const before = everything();
    expect(await renewCollector(folder, 90, now + 59 * DAY)).toBe(false);
    expect(everything()).toBe(before);
  });

  it('makes new certificates after that, for the same keys and names, so that pins stay valid', async () => {
    const before = new X509Certificate(text(files.server.certificate));
    expect(await renewCollector(folder, 90, now + 61 * DAY)).toBe(true);
    const after = new X509Certificate(text(files.server.certificate));
    expect(after.serialNumber).not.toBe(before.serialNumber);
    expect(after.subjectAltName).toBe(before.subjectAltName);
    expect(Math.round((after.validToDate.getTime() - now) / DAY)).toBe(151);
    expect(collectorPins(folder)).toEqual(pins);
    loadPki(folder);
    expect(await renewCollector(folder, 90, now + 61 * DAY)).toBe(false);
  });

  it('says where to go when the authority is not here', async () => {
    rmSync(files.authorityKey);
    await expect(renewCollector(folder, 90, now + 61 * DAY)).rejects.toThrow(
      /authority\.key is not on this host: run this where it is/
    );
  });
});

describe('rotation', () => {
  it('of certificates keeps keys and pins, and can change the names', async () => {
    await rotateCertificates(folder, { days: 30, nowMs: now, names: ['fleet.example.com'] });
    expect(identityOf(new X509Certificate(text(files.server.certificate)))?.names).toEqual(['fleet.example.com']);
    expect(collectorPins(folder)).toEqual(pins);
    await expect(rotateCertificates(folder, { days: 30, nowMs: now, names: [] })).rejects.toThrow(/at least one/);
    await expect(rotateCertificates(folder, { days: 30, nowMs: now, names: ['a b'] })).rejects.toThrow(CredentialError);
  });

  it('of keys puts the waiting ones in use, which nodes know the pin of already', async () => {
    const tokens = text(files.tokensKey);
    const after = await rotateKeys(folder, { days: 90, nowMs: now, force: false });
    for (const face of ['server', 'client'] as const) {
      const [old, waiting] = pins[face].split(',');
      const [inUse, next] = after[face].split(',');
      expect(inUse).toBe(waiting);
      expect([old, waiting]).not.toContain(next);
      expect(pinOfCertificate(text(files[face].certificate))).toBe(inUse);
    }
    expect(text(files.tokensKey)).not.toBe(tokens);
    const signing = after.actions.split(',');
    expect(signing[0]).toBe(pins.actions.split(',')[1]);
    expect(pins.actions).not.toContain(signing[1]);
    expect(pinOfKey(loadPki(folder).actionsKey.publicKey)).toBe(signing[0]);
  });

  it('of keys is refused when a waiting key is gone, since that would cut nodes off, unless forced', async () => {
    rmSync(files.server.nextKey);
    const before = everything();
    await expect(rotateKeys(folder, { days: 90, nowMs: now, force: false })).rejects.toThrow(
      /server\.next\.key is missing.*--force/
    );
    expect(everything()).toBe(before);
    const after = await rotateKeys(folder, { days: 90, nowMs: now, force: true });
    expect(pins.server).not.toContain(after.server.split(',')[0]);
    expect(pins.client).toContain(after.client.split(',')[0]);
  });

  it('of keys is refused without the waiting key of what nodes are to do, which old folders lack, unless forced', async () => {
    rmSync(files.actionsNextKey);
    expect(collectorPins(folder).actions).toBe(pins.actions.split(',')[0]);
    const before = everything();
    await expect(rotateKeys(folder, { days: 90, nowMs: now, force: false })).rejects.toThrow(
      /actions\.next\.key is missing.*--force/
    );
    expect(everything()).toBe(before);
    const after = await rotateKeys(folder, { days: 90, nowMs: now, force: true });
    expect(after.actions.split(',')).toHaveLength(2);
    expect(pins.actions).not.toContain(after.actions.split(',')[0]);
    expect(pins.server).toContain(after.server.split(',')[0]);
  });

  it('of keys is refused where the authority is not, before anything changes', async () => {
    rmSync(files.authorityKey);
    const before = everything();
    await expect(rotateKeys(folder, { days: 90, nowMs: now, force: false })).rejects.toThrow(/not on this host/);
    expect(everything()).toBe(before);
  });
});
