import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { APP_URL, PAGES, href } from '../constants.ts';
import violationsPanel from '../panels/violations/plugin.json';
import approvalsPanel from '../panels/approvals/plugin.json';
import mapPanel from '../panels/map/plugin.json';
import { APPROVALS_DEFAULTS } from '../panels/approvals/options.ts';
import { MAP_DEFAULTS } from '../panels/map/options.ts';
import { VIOLATIONS_DEFAULTS } from '../panels/violations/options.ts';

interface Panel {
  readonly type: string;
  readonly options?: object;
}
const folder = join(__dirname, '../../dashboards');
const dashboards = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, readFileSync(join(folder, name), 'utf8')] as const);
const NESTED: Readonly<Record<string, object>> = {
  [mapPanel.id]: MAP_DEFAULTS,
  [violationsPanel.id]: VIOLATIONS_DEFAULTS,
  [approvalsPanel.id]: APPROVALS_DEFAULTS,
};

describe.each(dashboards)('%s', (_name, text) => {
  const { panels } = JSON.parse(text) as { panels: Panel[] };

  it('leads to pages that the app has', () => {
    const pages: readonly string[] = Object.values(PAGES);
    const links = [...text.matchAll(/"url":\s*"(\/a\/[^"]*)"/g)].map(([, url]) => url ?? '');
    expect(links.length).toBeGreaterThan(0);
    for (const url of links) expect(pages).toContain(url.replace(`${APP_URL}/`, '').split(/[/?]/)[0]);
  });

  it('leads from a target to where the app has it', () => {
    const marks = [...text.matchAll(/\/targets\/(\$\{[\w.]+\})/g)].map(([found]) => found);
    for (const mark of marks) expect(`${APP_URL}${mark}`).toBe(href.target('x').replace(/x$/, mark.slice(9)));
  });

  it('gives the panels of the app options that they have', () => {
    for (const { type, options = {} } of panels) {
      const known = NESTED[type];
      if (known !== undefined) expect(Object.keys(known)).toEqual(expect.arrayContaining(Object.keys(options)));
    }
  });
});

it('the panels of the app are used', () => {
  const used = dashboards.flatMap(([, text]) =>
    (JSON.parse(text) as { panels: Panel[] }).panels.map(({ type }) => type)
  );
  expect(used).toEqual(expect.arrayContaining(Object.keys(NESTED)));
});
