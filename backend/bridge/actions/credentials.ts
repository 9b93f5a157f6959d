import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Clock, Logger, PublisherSettings } from '@openclaw-fleet/client';
import type { DoorCredentials } from './server.ts';

type Files = Pick<PublisherSettings, 'caFile' | 'certFile' | 'keyFile'>;
/** The client renews the certificate in place; it is looked at this often. Milliseconds. */
const LOOK = 60_000;

/** @throws Error naming the setting, when the files cannot be read or do not belong together */
export function readCredentials(files: Files): DoorCredentials {
  const credentials = {
    certificate: read('OPENCLAW_CERT_FILE', files.certFile),
    key: read('OPENCLAW_KEY_FILE', files.keyFile),
    authority: read('OPENCLAW_CA_FILE', files.caFile),
  };
  if (!belong(credentials)) {
    throw new Error(
      `OPENCLAW_KEY_FILE: the key in ${files.keyFile} does not belong to the certificate in ${files.certFile}; put both files of the same enrolment in place`
    );
  }
  return credentials;
}

/** Calls `onNew` with each new set of files. While they cannot be used, the last good ones stay in use. @returns ends it */
export function watchCredentials(
  files: Files,
  first: DoorCredentials,
  onNew: (credentials: DoorCredentials) => void,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger }
): () => void {
  let current = first;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    cancel = clock.after(LOOK, () => {
      try {
        const next = readCredentials(files);
        const same = (Object.keys(next) as (keyof DoorCredentials)[]).every((name) => next[name] === current[name]);
        if (!same) {
          onNew(next);
          current = next;
          logger.info('the door for actions uses the new credentials');
        }
      } catch (error) {
        const why = error instanceof Error ? error.message : 'an unknown error';
        logger.warn(`${why}; the door for actions goes on with the previous credentials`);
      }
      look();
    });
  };
  look();
  return () => cancel();
}

function belong({ certificate, key }: DoorCredentials): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function read(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'an unknown error';
    throw new Error(`${setting}: ${path} cannot be read (${code}); enrol the node or correct the path`, {
      cause: error,
    });
  }
}
