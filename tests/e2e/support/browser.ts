import { findChromium } from '../../../scripts/lib/grafana.mjs';

/** How the installed Chromium is started. Without a real locale Grafana does not load its texts. */
export const browser = {
  browserName: 'chromium',
  locale: 'en-US',
  timezoneId: 'UTC',
  launchOptions: {
    executablePath: findChromium() ?? 'chromium',
    args: ['--lang=en-US', '--no-sandbox'] as string[],
    env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', LANG: 'en_US.UTF-8' },
  },
} as const;
