import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import { CredentialError } from './credential-error.ts';
import { mendOf } from './lost.ts';

/** Mode of a private key. */
export const SECRET = 0o600;
/** Mode of a certificate. */
export const PUBLIC = 0o644;

const POSIX = process.platform !== 'win32';
const octal = (mode: number): string => (mode & 0o777).toString(8).padStart(4, '0');

/**
 * Makes a folder for keys (0700), or takes one that only its owner can write.
 * @throws CredentialError when others could replace what is in it
 */
export function ensureKeyFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { mode } = statSync(folder);
  if (POSIX && (mode & 0o022) !== 0) {
    throw new CredentialError(
      `others can write in ${folder} (mode ${octal(mode)}) and so replace its keys: run chmod 700 ${folder}`
    );
  }
}

/** Replaces a file whole or not at all; it is on disk when this returns. */
export function writeFileAtomic(path: string, text: string, mode: number): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = openSync(temporary, 'wx', mode);
    try {
      fchmodSync(file, mode);
      writeFileSync(file, text);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

function syncFolder(folder: string): void {
  if (!POSIX) return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** @throws CredentialError when one of the files is in the folder already */
export function refuseExisting(folder: string, paths: readonly string[], fix: string): void {
  const there = paths.filter((path) => existsSync(path)).map((path) => basename(path));
  if (there.length > 0) throw new CredentialError(`${folder} holds ${there.join(', ')} already: ${fix}`);
}

/**
 * Reads a private key file.
 * @throws CredentialError when it is missing, or when its group or others may touch it
 */
export function readSecret(path: string): string {
  const file = open(path);
  try {
    const { mode } = fstatSync(file);
    if (POSIX && (mode & 0o077) !== 0) {
      throw new CredentialError(
        `${path} can be used by others (mode ${octal(mode)}): run chmod 600 ${path}, and replace the key if others were on this machine`
      );
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Reads a file of certificates. @throws CredentialError when it is missing */
export function readPublic(path: string): string {
  const file = open(path);
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new CredentialError(`${path} is not there: ${mendOf(path)}`);
    throw new CredentialError(
      code === 'EACCES'
        ? `${path} may not be read by this user: run this as its owner, or give it to this user`
        : `${path} cannot be opened (${code ?? 'unknown'}): look at the file and its disk`
    );
  }
}
