import { pino, type Logger } from 'pino';

/** One JSON line per event on stderr; what could be a secret is cut out whatever its depth is called. */
export function createLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['token', 'authorization', 'key', '*.token', '*.authorization', '*.key'], censor: '[redacted]' },
    },
    pino.destination({ dest: 2, sync: true })
  );
}
