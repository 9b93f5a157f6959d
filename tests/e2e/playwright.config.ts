import { join } from 'node:path';
import { defineConfig } from '@playwright/test';
import { browser } from './support/browser.ts';
import { stageFacts } from './support/facts.ts';

const { grafanaUrl, admin } = stageFacts();
const results = '../../test-results';

export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  outputDir: results,
  // One fleet for all, and its people break and repair it.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env['CI'] === 'true',
  timeout: 120_000,
  expect: { timeout: 40_000 },
  reporter: [['list'], [join(import.meta.dirname, 'support', 'closing-line.ts')]],
  use: {
    ...browser,
    baseURL: grafanaUrl,
    viewport: { width: 1280, height: 900 },
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    grafanaAPICredentials: { user: admin.login, password: admin.password },
  } as object,
});
