import { open } from 'node:fs/promises';
import { codeOf, messageOf } from './failure.ts';

const MAX_BYTES = 1024 * 1024;

export interface WatchedFile {
  /**
   * The text, read again when the file was replaced or written to since (inode, size, and the times of change), and the
   * file's permissions.
   * @throws Error naming `setting` and the fix
   */
  read(): Promise<{ readonly text: string; readonly changed: boolean; readonly mode: number }>;
}

/** @param setting the name of the setting that holds `path`, for messages */
export function createWatchedFile(path: string, setting: string): WatchedFile {
  let known: { signature: string; text: string } | null = null;
  return {
    read: async () => {
      try {
        const file = await open(path, 'r');
        try {
          const stat = await file.stat({ bigint: true });
          if (!stat.isFile()) throw new Error('is not a file');
          if (stat.size > MAX_BYTES) throw new Error('is larger than 1 MiB');
          const signature = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}:${stat.ctimeNs}`;
          const mode = Number(stat.mode & 0o777n);
          if (known?.signature === signature) return { text: known.text, changed: false, mode };
          known = { signature, text: await file.readFile('utf8') };
          return { text: known.text, changed: true, mode };
        } finally {
          await file.close();
        }
      } catch (error) {
        throw new Error(`${setting}: ${path} ${explain(error)}`, { cause: error });
      }
    },
  };
}

function explain(error: unknown): string {
  switch (codeOf(error)) {
    case 'ENOENT':
      return 'does not exist; enrol the node or correct the path';
    case 'EACCES':
      return 'may not be read by this user; change its owner or mode';
    case '':
      return messageOf(error);
    default:
      return `cannot be read (${codeOf(error)})`;
  }
}
