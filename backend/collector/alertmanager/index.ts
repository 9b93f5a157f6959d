import { createAlertmanager } from './client.ts';
import { Silences, type SilencesOptions } from './silences.ts';

export { runLink } from './link.ts';

/** Settings `alertmanager.*`, as docs/settings.md has them. */
export interface AlertmanagerSettings {
  readonly url?: readonly string[] | undefined;
  readonly tokenFile?: string | undefined;
  readonly caFile?: string | undefined;
}

/** Never slower than this. Milliseconds. */
const MOST_TICK = 1000;
const TICKS_PER_LOOK = 12;

export interface Silencing {
  start(): void;
  stop(): void;
}

/**
 * Keeps silences for repairs that act, from its start on; does nothing where no Alertmanager is set.
 * @throws CredentialError when a file of the settings cannot be used
 */
export function createSilencing(
  { url, tokenFile, caFile }: AlertmanagerSettings,
  options: Omit<SilencesOptions, 'alertmanager'>
): Silencing {
  if (url === undefined) return { start: () => undefined, stop: () => undefined };
  const silences = new Silences({ ...options, alertmanager: createAlertmanager({ urls: url, tokenFile, caFile }) });
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      timer = setInterval(() => void silences.tick(), Math.min(MOST_TICK, options.lookMs / TICKS_PER_LOOK));
    },
    stop() {
      clearInterval(timer);
      silences.stop();
    },
  };
}
