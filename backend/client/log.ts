import type { Logger } from './types.ts';

/** Warnings and errors to standard error, one line each. */
export const stderrLogger: Logger = {
  info: () => undefined,
  warn: (message) => void process.stderr.write(`openclaw-fleet client: ${message}\n`),
  error: (message) => void process.stderr.write(`openclaw-fleet client: ${message}\n`),
};

export interface QuietLog {
  info(message: string): void;
  /** Logs `message` unless the last one of this `topic` said the same. */
  warn(topic: string, message: string): void;
  /** The topic is over: the next warning of it is logged again. True when there was one. */
  clear(topic: string): boolean;
}

/** Says each trouble once until it changes or ends: an outage of a day is two lines. What `logger` throws is ignored. */
export function createQuietLog(logger: Logger): QuietLog {
  const last = new Map<string, string>();
  const safely = (write: () => void): void => {
    try {
      write();
    } catch {
      // A host's broken logger must not stop its heartbeats.
    }
  };
  return {
    info: (message) => safely(() => logger.info(message)),
    warn: (topic, message) => {
      if (last.get(topic) === message) return;
      last.set(topic, message);
      safely(() => logger.warn(message));
    },
    clear: (topic) => last.delete(topic),
  };
}
