import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { CredentialError } from '../identity/credential-error.ts';

const MOST_BYTES = 16 * 1024;
const POSIX = process.platform !== 'win32';

/**
 * Reads what Alertmanager lets us in by. Read with each use, so that it may change.
 * @throws CredentialError naming the file and the fix
 */
export function readToken(path: string): string {
  const text = read(path).trim();
  if (!/^[\x21-\x7e]+$/.test(text))
    throw new CredentialError(
      `${path} must hold one token and nothing else: write the one that Alertmanager takes there`
    );
  return text;
}

function read(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    throw new CredentialError(
      `${path} cannot be read (${code}): write the token that Alertmanager takes there, or unset alertmanager.tokenFile`
    );
  }
  try {
    const { mode, size } = fstatSync(file);
    if (POSIX && (mode & 0o077) !== 0)
      throw new CredentialError(`${path} can be used by others: run chmod 600 ${path}, and replace the token`);
    if (size > MOST_BYTES) throw new CredentialError(`${path} is over 16 KiB: it must hold one token and nothing else`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}
