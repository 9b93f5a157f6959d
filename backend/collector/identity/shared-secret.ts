import { createHash, timingSafeEqual } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync, statSync } from 'node:fs';
import type { BigIntStats } from 'node:fs';
import { CredentialError } from './credential-error.ts';

const LEAST_CHARACTERS = 32;
/** A file of a few lines; more is some other file. */
const MOST_BYTES = 16 * 1024;
const POSIX = process.platform !== 'win32';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
/** Changes with every change of the file. */
const mark = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  [dev, ino, size, mtimeNs, ctimeNs].join(' ');

function linesOf(path: string): string[] {
  const file = openSync(path, 'r');
  try {
    const { mode, size } = fstatSync(file);
    if (POSIX && (mode & 0o077) !== 0)
      throw new CredentialError(`${path} can be used by others: run chmod 600 ${path}, and replace the secret`);
    if (size > MOST_BYTES)
      throw new CredentialError(`${path} is over 16 KiB: put one secret in each line, nothing else`);
    return readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '');
  } finally {
    closeSync(file);
  }
}

/**
 * A secret shared with another program, in a file that may change while we run. Each line is one: to rotate, add the new
 * one, let the other program use it, and remove the old one.
 */
export class SharedSecret {
  readonly #path: string;
  #mark = '';
  #digests: readonly Buffer[] = [];

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Whether the file holds this secret now; takes as long for a wrong one as for a right one.
   * @throws CredentialError when the file cannot be used
   */
  matches(secret: string): boolean {
    this.read();
    const shown = digest(secret);
    return this.#digests.map((known) => timingSafeEqual(known, shown)).includes(true);
  }

  /** Reads the file if it changed. @throws CredentialError naming the file and the fix */
  read(): void {
    try {
      const now = mark(statSync(this.#path, { bigint: true }));
      if (now === this.#mark) return;
      const lines = linesOf(this.#path);
      if (lines.length === 0 || lines.some((line) => line.length < LEAST_CHARACTERS))
        throw new CredentialError(
          `${this.#path} must hold a secret of ${LEAST_CHARACTERS} characters or more in each line`
        );
      this.#digests = lines.map(digest);
      this.#mark = now;
    } catch (error) {
      this.#digests = [];
      this.#mark = '';
      if (error instanceof CredentialError) throw error;
      const { code = 'unknown' } = error as NodeJS.ErrnoException;
      throw new CredentialError(
        `${this.#path} cannot be read (${code}): write the secret that the app in Grafana has there`
      );
    }
  }
}
