import { appendFileSync } from 'node:fs';
import type { Logger } from '@openclaw-fleet/client';

/** Writes one line of JSON for each message to a file, as a bridge does to its standard error. */
export function logTo(file: string): Logger {
  const write = (level: string) => (message: string) =>
    appendFileSync(file, `${JSON.stringify({ time: new Date().toISOString(), level, msg: message })}\n`, {
      mode: 0o600,
    });
  return { info: write('info'), warn: write('warn'), error: write('error') };
}
