import { createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { access, constants, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Where a new file waits until all of its set are written. */
const waiting = (path: string): string => `${path}.new`;

/** Whether files at these paths can be replaced: each folder must let us write, as each existing file must. */
export async function canReplace(paths: readonly string[]): Promise<boolean> {
  try {
    for (const path of paths) {
      await access(dirname(path), constants.W_OK);
      await access(path, constants.W_OK);
    }
    return true;
  } catch {
    return false;
  }
}

/** Replaces one file atomically and durably, mode 0600. */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const file = await open(temporary, 'wx', 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Replaces a certificate and its key. Both are written beside the old ones and read back as a pair before either takes
 * its place; a crash between the two renames leaves a state that `completeReplacement` finishes.
 * @throws Error when the two do not match; nothing has changed then
 */
export async function replacePair(certFile: string, keyFile: string, cert: string, key: string): Promise<void> {
  try {
    await replaceFile(waiting(keyFile), key);
    await replaceFile(waiting(certFile), cert);
    if (!(await isPair(waiting(certFile), waiting(keyFile)))) {
      throw new Error('the new certificate and the new key do not belong together');
    }
  } catch (error) {
    await rm(waiting(certFile), { force: true });
    await rm(waiting(keyFile), { force: true });
    throw error;
  }
  await rename(waiting(certFile), certFile);
  await rename(waiting(keyFile), keyFile);
}

/**
 * Finishes a replacement that stopped after its first rename: the certificate is new, and its key still waits.
 * @returns whether there was one
 */
export async function completeReplacement(certFile: string, keyFile: string): Promise<boolean> {
  if (!(await isPair(certFile, waiting(keyFile)))) return false;
  await rename(waiting(keyFile), keyFile);
  return true;
}

async function isPair(certFile: string, keyFile: string): Promise<boolean> {
  try {
    const [cert, key] = [await readFile(certFile), await readFile(keyFile)];
    return new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
