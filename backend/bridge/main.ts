#!/usr/bin/env node
import { optionsFromEnv } from '@openclaw-fleet/client';
import type { Logger } from '@openclaw-fleet/client';
import { createBridge } from './bridge.ts';
import { SettingsError, settingsFromEnv } from './settings.ts';

/** EX_CONFIG of sysexits.h: a restart does not help. */
const EXIT_CONFIG = 78;

const write = (level: string) => (message: string) => {
  process.stderr.write(`${JSON.stringify({ time: new Date().toISOString(), level, name: 'bridge', msg: message })}\n`);
};
const logger: Logger = { info: write('info'), warn: write('warn'), error: write('error') };

async function run(): Promise<void> {
  const settings = settingsFromEnv(process.env);
  const publishing = optionsFromEnv(process.env);
  if ('disabled' in publishing && publishing.byChoice !== true) throw new SettingsError(publishing.disabled);

  const leave = (): void => {
    if (stopping) return;
    stopping = true;
    logger.info('ends because the collector asked it to, saying restart');
    void bridge.stop('restart').finally(() => process.exit(0));
  };
  const bridge = createBridge({ settings, publishing, logger, leave });
  let stopping = false;
  const stop = (signal: NodeJS.Signals): void => {
    // A second one does not wait for the goodbye.
    if (stopping) process.exit(1);
    stopping = true;
    logger.info(`stops on ${signal}, saying ${settings.goodbye}`);
    void bridge.stop().finally(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  await bridge.start();
}

try {
  await run();
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  for (const line of message.split('\n')) logger.error(line);
  // At once: an action that is being settled would hold the process, and nobody could ask what became of it.
  process.exit(error instanceof SettingsError ? EXIT_CONFIG : 1);
}
