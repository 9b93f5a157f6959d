import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureKeyFolder, PUBLIC, readPublic, readSecret, refuseExisting, SECRET, writeFileAtomic } from './files.ts';
import { Workshop } from './testing/workshop.ts';

let workshop: Workshop;
beforeEach(() => {
  workshop = new Workshop();
});
afterEach(async () => workshop.close());

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe('key files', () => {
  it('are written whole with the mode asked for, whatever the umask and whatever was there', () => {
    const path = workshop.path('a.key');
    writeFileSync(path, 'old', { mode: 0o644 });
    const umask = process.umask(0o277);
    try {
      writeFileAtomic(path, 'secret', SECRET);
    } finally {
      process.umask(umask);
    }
    expect(modeOf(path)).toBe(0o600);
    expect(readSecret(path)).toBe('secret');
    writeFileAtomic(path, 'certificate', PUBLIC);
    expect(modeOf(path)).toBe(0o644);
    expect(readdirSync(workshop.folder)).toEqual(['a.key']);
  });

  it('leave nothing behind when they cannot be written', () => {
    mkdirSync(workshop.path('there'));
    expect(() => writeFileAtomic(workshop.path('there'), 'x', SECRET)).toThrow();
    expect(readdirSync(workshop.folder)).toEqual(['there']);
  });

  it.each([0o640, 0o604, 0o620, 0o601])('are not used when others may touch them (mode %o)', (mode) => {
    const path = workshop.path('a.key');
    writeFileSync(path, 'secret');
    chmodSync(path, mode);
    expect(() => readSecret(path)).toThrow(`run chmod 600 ${path}`);
  });

  it('say what to do when they are missing', () => {
    expect(() => readSecret(workshop.path('tokens.key'))).toThrow(
      /tokens\.key is not there: run openclaw-fleet pki init/
    );
    expect(() => readPublic(workshop.path('ca.crt'))).toThrow(/OPENCLAW_FLEET_PKI_DIR/);
    expect(() => readPublic(workshop.path('api.crt'))).toThrow(
      /api\.crt is not there: put it back, or correct the setting that names it/
    );
  });

  it('are never overwritten unasked', () => {
    writeFileAtomic(workshop.path('a.key'), 'secret', SECRET);
    expect(() => refuseExisting(workshop.folder, [workshop.path('a.key'), workshop.path('b')], 'do this')).toThrow(
      /holds a\.key already: do this/
    );
    expect(readFileSync(workshop.path('a.key'), 'utf8')).toBe('secret');
  });
});

describe('ensureKeyFolder', () => {
  it('makes a folder for its owner alone', () => {
    ensureKeyFolder(workshop.path('x', 'pki'));
    expect(modeOf(workshop.path('x', 'pki'))).toBe(0o700);
  });

  it('refuses one in which others can replace the keys', () => {
    mkdirSync(workshop.path('open'));
    chmodSync(workshop.path('open'), 0o770);
    expect(() => ensureKeyFolder(workshop.path('open'))).toThrow(`run chmod 700 ${workshop.path('open')}`);
  });
});
