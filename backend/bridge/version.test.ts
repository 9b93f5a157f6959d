import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { VERSION } from './version.ts';

it('VERSION is that of package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')) as { version: string };
  expect(VERSION).toBe(manifest.version);
});
