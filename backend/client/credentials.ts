import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { messageOf, PublishFailure } from './failure.ts';
import { completeReplacement } from './replacement.ts';
import { createWatchedFile } from './watched-file.ts';

const POSIX = process.platform !== 'win32';

export interface CredentialFiles {
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

/** What a connection is made with. A new object stands for new files. */
export interface Credentials {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  readonly leaf: X509Certificate;
  readonly privateKey: KeyObject;
}

export interface CredentialStore {
  /**
   * The credentials in the files now. While new files cannot be used (half-way through a rotation), the last good ones,
   * and `onTrouble` hears why.
   * @throws PublishFailure `credentials` when there never were good ones
   */
  load(): Promise<Credentials>;
}

/** Each is called at every load, with a sentence, or null when all is well. */
export interface CredentialNews {
  /** Why new files are not used. */
  readonly onTrouble: (message: string | null) => void;
  /** The key is used all the same: containers mount secrets for a group, and none can change that from within. */
  readonly onExposedKey: (message: string | null) => void;
}

export function createCredentialStore(files: CredentialFiles, news: Partial<CredentialNews> = {}): CredentialStore {
  const ca = createWatchedFile(files.caFile, 'OPENCLAW_CA_FILE');
  const cert = createWatchedFile(files.certFile, 'OPENCLAW_CERT_FILE');
  const key = createWatchedFile(files.keyFile, 'OPENCLAW_KEY_FILE');
  let current: Credentials | null = null;

  async function read(): Promise<Credentials> {
    const read = { ca: await ca.read(), cert: await cert.read(), key: await key.read() };
    news.onExposedKey?.(exposure(files.keyFile, read.key.mode));
    const texts = { ca: read.ca.text, cert: read.cert.text, key: read.key.text };
    if (texts.ca === current?.ca && texts.cert === current.cert && texts.key === current.key) return current;
    return parse(texts, files);
  }

  return {
    load: async () => {
      try {
        try {
          current = await read();
        } catch (error) {
          // A renewal that was interrupted between its two renames is completed here.
          if (!(await completeReplacement(files.certFile, files.keyFile))) throw error;
          current = await read();
        }
        news.onTrouble?.(null);
      } catch (error) {
        if (!current) throw new PublishFailure('credentials', messageOf(error));
        news.onTrouble?.(`${messageOf(error)}; the previous credentials stay in use`);
      }
      return current;
    },
  };
}

/** What is wrong with the permissions of a key file; null when its owner alone may use it. */
function exposure(path: string, mode: number): string | null {
  if (!POSIX || (mode & 0o077) === 0) return null;
  const octal = mode.toString(8).padStart(4, '0');
  return `OPENCLAW_KEY_FILE: others on this machine can use ${path} (mode ${octal}), and so publish as this node: run chmod 600 ${path}, or mount it with that mode`;
}

function parse(texts: { ca: string; cert: string; key: string }, files: CredentialFiles): Credentials {
  const leaf = attempt(
    () => new X509Certificate(texts.cert),
    `OPENCLAW_CERT_FILE: ${files.certFile} holds no PEM certificate`
  );
  attempt(() => new X509Certificate(texts.ca), `OPENCLAW_CA_FILE: ${files.caFile} holds no PEM certificate`);
  const privateKey = attempt(
    () => createPrivateKey(texts.key),
    `OPENCLAW_KEY_FILE: ${files.keyFile} holds no PEM private key without a passphrase`
  );
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new Error(
      `OPENCLAW_KEY_FILE: the key in ${files.keyFile} does not belong to the certificate in ${files.certFile}; put both files of the same enrolment in place`
    );
  }
  return { ...texts, leaf, privateKey };
}

function attempt<T>(make: () => T, message: string): T {
  try {
    return make();
  } catch (cause) {
    throw new Error(message, { cause });
  }
}
