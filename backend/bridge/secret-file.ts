import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';

const MAX_BYTES = 4096;

/**
 * Reads a secret of one line from a file that its owner alone may read.
 * @param setting the setting that holds `path`, for messages
 * @throws Error naming the setting, what is wrong and the fix; never with any of the content
 */
export function readSecretFile(path: string, setting: string): string {
  const file = opened(path, setting);
  try {
    // Of the open file, so that nobody can exchange it between the check and the read.
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error(`${setting}: ${path} is not a file`);
    if ((stat.mode & 0o077) !== 0) {
      const mode = (stat.mode & 0o777).toString(8).padStart(4, '0');
      throw new Error(`${setting}: ${path} can be read or changed by others (mode ${mode}); run: chmod 600 ${path}`);
    }
    const user = process.getuid?.();
    if (user !== undefined && stat.uid !== user && stat.uid !== 0) {
      throw new Error(`${setting}: ${path} belongs to another user (uid ${stat.uid}); run: chown ${user} ${path}`);
    }
    if (stat.size > MAX_BYTES)
      throw new Error(`${setting}: ${path} is larger than ${MAX_BYTES} bytes; is it the right file?`);
    const secret = readFileSync(file, 'utf8').trim();
    if (!/^[\x21-\x7e]+$/.test(secret)) {
      throw new Error(`${setting}: ${path} must hold the token and nothing else, on one line`);
    }
    return secret;
  } finally {
    closeSync(file);
  }
}

function opened(path: string, setting: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    switch ((error as NodeJS.ErrnoException).code) {
      case 'ENOENT':
        throw new Error(`${setting}: ${path} does not exist; write the token to it and run: chmod 600 ${path}`);
      case 'EACCES':
        throw new Error(`${setting}: ${path} may not be read by this user; change its owner`);
      default:
        throw new Error(`${setting}: ${path} cannot be opened`, { cause: error });
    }
  }
}
