import { describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { READ_METHODS } from './gateway/connection.ts';
import { BRIDGE_SETTINGS } from './settings.ts';

const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8');

describe('README.md', () => {
  it('lists every setting, and no other', () => {
    const listed = [...readme.matchAll(/^\| `(OPENCLAW_BRIDGE_[A-Z_]+)` +\|/gm)].map((match) => match[1]);
    expect(listed.sort()).toEqual(Object.keys(BRIDGE_SETTINGS).sort());
  });

  it('names everything that is read', () => {
    for (const method of READ_METHODS) expect(readme).toContain(`\`${method}\``);
  });
});
