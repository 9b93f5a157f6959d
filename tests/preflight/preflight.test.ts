import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { importedValues, unknownImports, type Exports } from './imports.ts';
import { RULES, type Subject } from './rules.ts';
import { readSubject } from './subject.ts';

const subject = readSubject();
const exports = JSON.parse(readFileSync(join(import.meta.dirname, 'grafana-12.3-exports.json'), 'utf8')) as Exports;

/** The subject with one file changed; null takes it away. */
function broken(where: 'dist' | 'source' | 'config', path: string, change: (text: string) => string | null): Subject {
  const files = new Map(subject[where]);
  const text = change(files.get(path) ?? '');
  if (text === null) files.delete(path);
  else files.set(path, text);
  return { ...subject, [where]: files };
}
const inPlugin = (from: string | RegExp, to: string): Subject =>
  broken('dist', 'plugin.json', (text) => text.replace(from, to));

describe('the catalog’s preflight', () => {
  it.each(Object.keys(RULES) as (keyof typeof RULES)[])('finds nothing: %s', (name) => {
    expect(RULES[name](subject)).toEqual([]);
  });

  it.each<[keyof typeof RULES, string, Subject]>([
    ['ids', 'an id of another shape', inPlugin('"openclaw-fleet-app"', '"OpenClaw Fleet"')],
    ['ids', 'an id that ends in another type', inPlugin('"type": "app"', '"type": "panel"')],
    ['info', 'another version than the package', { ...subject, version: '99.0.0' }],
    ['info', 'a logo that is not there', broken('dist', 'img/logo.svg', () => null)],
    ['info', 'a nested logo that is not there', broken('dist', 'panels/map/img/logo.svg', () => null)],
    ['screenshots', 'no screenshots', inPlugin(/"screenshots": \[[^\]]*\]/, '"screenshots": []')],
    ['files', 'no source map', broken('dist', 'module.js.map', () => null)],
    ['license', 'a license that the catalog does not take', broken('dist', 'LICENSE', () => 'All rights reserved.')],
    ['readme', 'an HTML comment', broken('dist', 'README.md', (text) => `${text}<!-- x -->`)],
    ['readme', 'a link that leads nowhere', broken('dist', 'README.md', (text) => `${text}[x](docs/x.md)`)],
    ['nested', 'a panel that is not declared', inPlugin('panels/map/plugin.json', 'panels/other/plugin.json')],
    ['nested', 'a panel that is declared as something else', inPlugin(/"type": "panel"/, '"type": "datasource"')],
    ['grafanaDependency', 'a range that leaves 12.3 out', inPlugin('">=12.3.0"', '">=13.0.0"')],
    ['grafanaDependency', 'no range', inPlugin('">=12.3.0"', '"12.3.x"')],
    ['access', 'a route that asks for no action', inPlugin(/"reqAction": "[^"]+",/, '')],
    ['access', 'an action with another prefix', inPlugin(/openclaw-fleet-app\.fleet:operate/g, 'fleet:operate')],
    ['access', 'an action that no role holds', inPlugin(/"reqAction": "[^"]+"/, '"reqAction": "openclaw-fleet-app.x"')],
    ['access', 'several verbs in one route', inPlugin('"method": "PATCH"', '"method": "PATCH,PUT"')],
    ['access', 'a route without the secret', inPlugin('{{ .SecureJsonData.secret }}', 'x')],
    ['access', 'a write that is for no role', inPlugin('"path": "fleet/operator/*"', '"path": "fleet/*"')],
    ['react', 'React inside', broken('dist', 'module.js', (text) => `${text}__SECRET_INTERNALS`)],
    ['eagerPanels', 'a lazy panel', broken('source', 'panels/map/module.tsx', () => 'lazy(() => import("./x"))')],
    ['svg', 'a script in a logo', broken('dist', 'img/logo.svg', () => '<svg><script/></svg>')],
    ['buildTools', 'another build', broken('config', 'webpack/webpack.config.ts', () => '')],
    ...(
      [
        'console.log(1)',
        'window.confirm("x")',
        "confirm('x')",
        'window.grafanaBootData',
        'window.location.reload()',
        'window.open("x")',
        '// @ts-ignore',
        'import "./x.css"',
        '<Global styles={x} />',
        'fetch("/api/ds/query")',
        'className="gf-form"',
        'dangerouslySetInnerHTML',
        "import { Button } from '@grafana/ui/x'",
      ] as const
    ).map((text): ['source', string, Subject] => ['source', text, broken('source', 'x.tsx', () => text)]),
  ])('%s refuses %s', (name, _what, changed) => {
    expect(RULES[name](changed)).not.toEqual([]);
  });
});

describe('imports of what Grafana gives at run time', () => {
  // The type checker sees to 13.2, whose packages are installed; this sees to 12.3.
  it('are all in Grafana 12.3 too', () => {
    expect(unknownImports(subject.source, exports)).toEqual([]);
  });

  it('are found whatever their form', () => {
    const text = `
      import { Sidebar, type SidebarProps, Button as B } from '@grafana/ui';
      import type { Other } from '@grafana/ui';
      import * as all from '@grafana/runtime';
      export { generateUUID } from '@grafana/data';`;
    expect(importedValues('x.tsx', text).map(({ name }) => name)).toEqual(['Sidebar', 'Button', '*', 'generateUUID']);
    expect(unknownImports(new Map([['x.tsx', text]]), exports)).toHaveLength(3);
  });
});
