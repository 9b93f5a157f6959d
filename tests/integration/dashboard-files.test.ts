import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DASHBOARDS } from '../../dashboards/src/index.ts';
import { dashboards, labelValuesOf, queriesOf } from './support/dashboards.ts';
import { documentedMetrics, metricsIn, SCRAPE_METRICS } from './support/queries.ts';

const written = dashboards();
const NESTED = /^openclaw-/;

it('every dashboard is written as its source says; else run: npm run dashboards', () => {
  expect([...written.keys()].sort()).toEqual(
    Object.keys(DASHBOARDS)
      .map((uid) => `${uid}.json`)
      .sort()
  );
  for (const [uid, dashboard] of Object.entries(DASHBOARDS))
    expect(written.get(`${uid}.json`)).toEqual(JSON.parse(JSON.stringify(dashboard)));
});

describe.each([...written])('%s', (_file, dashboard) => {
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const names = [
    ...queriesOf(dashboard).map(({ expr }) => expr),
    ...dashboard.templating.list.flatMap((variable) => labelValuesOf(variable)?.match ?? []),
  ].flatMap(metricsIn);

  it('reads metrics that there are', () => {
    const documented = documentedMetrics();
    const others = names.filter((name) => !documented.has(name) && !SCRAPE_METRICS.has(name));
    // What Node.js says of its process is compared with a real collector's in dashboards.test.ts.
    expect(others.filter((name) => !/^(process|nodejs)_/.test(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(10);
  });

  it('says in each panel what it shows', () => {
    for (const { title, description } of panels) {
      expect(title).toMatch(/^\S.{2,}/);
      expect(description?.split(' ').length ?? 0).toBeGreaterThan(3);
    }
  });

  it('has a unit, thresholds and words for no data in each panel that asks Prometheus', () => {
    for (const { type, title, fieldConfig } of panels) {
      if (NESTED.test(type)) continue;
      const { unit, thresholds, noValue } = fieldConfig?.defaults ?? {};
      expect({ title, unit, noValue }).toEqual({
        title,
        unit: expect.any(String),
        noValue: expect.stringMatching(/^\S/),
      });
      expect(thresholds).toHaveProperty('steps');
    }
  });

  it('takes any name of a zone, an owner and a collector: in quotes a quote of theirs would end the query', () => {
    const asked = [
      ...queriesOf(dashboard).map(({ expr }) => expr),
      ...dashboard.templating.list.flatMap((variable) => labelValuesOf(variable)?.match ?? []),
    ];
    const chosen = asked.flatMap((expr) => expr.match(/\b(zone|owner|instance)=~[^,}]*\$[^,]*?[`"']/g) ?? []);
    expect(chosen.filter((matcher) => !/^(zone|owner|instance)=~`\$\{\1:regex\}`$/.test(matcher))).toEqual([]);
  });

  it('has every panel in a place of its own', () => {
    const taken = new Set<string>();
    for (const { gridPos, title } of dashboard.panels) {
      const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 };
      expect({ title, over: x + w > 24 || w === 0 }).toEqual({ title, over: false });
      for (let row = y; row < y + h; row++)
        for (let column = x; column < x + w; column++) {
          expect({ title, taken: taken.has(`${row} ${column}`) }).toEqual({ title, taken: false });
          taken.add(`${row} ${column}`);
        }
    }
  });

  it('asks for no more series of single targets than fit on a panel', () => {
    for (const { where, expr } of queriesOf(dashboard)) {
      if (!/openclaw_target_/.test(expr)) continue;
      const bounded =
        // One target; the most or least of them; or numbers of them, by what there are few of.
        /target="\$target"/.test(expr) || /\b(top|bottom)k\(/.test(expr) || /^\(?sum\(|\bcount by \(zone/.test(expr);
      expect({ where, bounded }).toEqual({ where, bounded: true });
    }
  });
});

it('every link of an alert to a dashboard leads to one that there is, with variables that it has', () => {
  const folder = resolve(import.meta.dirname, '..', '..', 'provisioning', 'prometheus', 'rules');
  const rules = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  const links = rules.flatMap((text) => [...text.matchAll(/\/d\/([\w-]+)(\?[^'"\n]*)?/g)]);
  expect(links.length).toBeGreaterThan(10);
  for (const [, uid = '', query = ''] of links) {
    const names = written.get(`${uid}.json`)?.templating.list.map(({ name }) => `var-${name}`);
    const asked = [...query.matchAll(/[?&](var-\w+)=/g)].map(([, name]) => name);
    expect({ uid, names }).toEqual({ uid, names: expect.arrayContaining(asked) });
  }
});

describe('the names in an expression', () => {
  it('are those of metrics', () => {
    const expr =
      'sum by (zone) (rate(a_total{zone=~"x|b_total", c="}"}[5m] @ end())) / on (job) group_left (owner) max(b:rate5m) and time() - 1e3 > bool 0';
    expect(metricsIn(expr)).toEqual(['a_total', 'b:rate5m']);
  });
});
