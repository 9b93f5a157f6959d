import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringToJsRegex } from '@grafana/data';
import { afterAll, describe, expect, it } from '@jest/globals';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { namesOf } from '../panels/names.ts';
import { dashboardWith } from '../testing/variables.ts';

interface Query {
  readonly expr?: string;
}
interface Variable {
  readonly name: string;
  readonly type: string;
  readonly regex?: string;
  readonly multi?: boolean;
  readonly query?: string | { readonly query: string };
}
interface Panel {
  readonly targets?: readonly Query[];
  readonly options?: { readonly zones?: string };
}
interface Dashboard {
  readonly panels: readonly Panel[];
  readonly templating: { readonly list: readonly Variable[] };
  readonly annotations: { readonly list: readonly { readonly target?: Query }[] };
}

/** Names that nodes and people may choose: each has something that means something to Grafana, PromQL or a regex. */
const NAMES: readonly string[] = [
  'eu-west',
  'a"b',
  "a'b",
  'a`b',
  '`} or vector(1) or x{a=~`',
  'a\\b',
  'a\\',
  'a.b',
  'a|b',
  '(a',
  '[a',
  'a{2}',
  '}',
  '$zone',
  '${owner:csv}',
  '[[zone]]',
  'a, b',
  'a/b',
  'R&D #1?',
  '100 %',
  ' a ',
  'Zürich 東',
  '.*',
  '^a$',
];
const folder = join(__dirname, '../../dashboards');
const dashboards = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => [name, JSON.parse(readFileSync(join(folder, name), 'utf8')) as Dashboard] as const);
const SCOPE = { __rate_interval: '60s', __interval: '15s', __range: '3600s', __range_s: '3600' };

const severalOf = ({ templating }: Dashboard): Variable[] =>
  templating.list.filter(({ type, multi }) => type === 'query' && multi === true);
/** Those of the names that the variable lets a reader choose, as Grafana filters them. */
const offered = ({ regex = '' }: Variable): string[] =>
  NAMES.filter((name) => regex === '' || stringToJsRegex(regex).test(name));

/** Everything that a dashboard asks of Prometheus when the same names are chosen in each of its variables. */
function asks(dashboard: Dashboard, chosen: readonly string[]): string[] {
  const several = Object.fromEntries(severalOf(dashboard).map(({ name }) => [name, chosen]));
  const fill = dashboardWith({ ...several, target: 'gateway-01', datasource: 'prometheus' }, SCOPE);
  const { panels, annotations, templating } = dashboard;
  const exprs = [
    ...panels.flatMap(({ targets = [] }) => targets),
    ...annotations.list.flatMap(({ target }) => target ?? []),
  ].flatMap(({ expr }) => expr ?? []);
  const matches = templating.list.flatMap(({ type, query }) => {
    if (type !== 'query' || query === undefined) return [];
    const text = typeof query === 'string' ? query : query.query;
    return /^label_values\((.*), *\w+\)$/.exec(text)?.[1] ?? [];
  });
  return [...exprs, ...matches].map((expr) => fill(expr, {}));
}

const promtool = findOnPath('promtool');
const scratch = mkdtempSync(join(tmpdir(), 'fleet-names-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
/** @returns what promtool complains about; empty: nothing */
function run(command: readonly string[], file: string, content: object): string {
  const path = join(scratch, file);
  // JSON is YAML.
  writeFileSync(path, JSON.stringify(content));
  const { status, stdout, stderr } = spawnSync(promtool!, [...command, path], { encoding: 'utf8' });
  return status === 0 ? '' : `${stdout}${stderr}`.slice(0, 4000);
}

describe.each(dashboards)('%s', (_name, dashboard) => {
  it('offers every name but those with a backtick, which Grafana cannot write in PromQL', () => {
    const allowed = NAMES.filter((name) => !name.includes('`'));
    for (const variable of severalOf(dashboard))
      expect({ [variable.name]: offered(variable) }).toEqual({ [variable.name]: allowed });
  });

  (promtool === null ? it.skip : it)('asks what Prometheus understands, whichever names are chosen', () => {
    const all = severalOf(dashboard).map(offered);
    const names = [...new Set(all.flat())];
    const choices = [...names.map((name) => [name]), names, ['$__all']];
    const rules = choices.flatMap((chosen) =>
      asks(dashboard, chosen).map((expr, index) => ({ record: `of:query_${index}`, expr }))
    );
    expect(rules.length).toBeGreaterThan(choices.length * 5);
    expect(run(['check', 'rules', '--lint=none'], 'rules.yml', { groups: [{ name: 'all', rules }] })).toBe('');
  });

  it('gives the panels of the app the very names that are chosen', () => {
    const lists = dashboard.panels.flatMap(({ options }) => options?.zones ?? []).filter((zones) => zones !== '');
    for (const list of lists) {
      expect(namesOf(list, dashboardWith({ zone: NAMES }))).toEqual(NAMES);
      expect(namesOf(list, dashboardWith({ zone: ['$__all'] }))).toEqual([]);
    }
  });
});

(promtool === null ? it.skip : it)('a choice of names matches those alone', () => {
  const metric = (name: string): string => `x{zone=${JSON.stringify(name)}}`;
  const names = NAMES.filter((name) => !name.includes('`'));
  const chosenOf = (chosen: readonly string[]) => ({
    expr: dashboardWith({ zone: chosen }, SCOPE)('x{zone=~`${zone:regex}`}', {}),
    exp_samples: chosen.map((name) => ({ labels: metric(name), value: 1 })),
  });
  const test = {
    interval: '1m',
    input_series: names.map((name) => ({ series: metric(name), values: '1' })),
    promql_expr_test: [...names.map((name) => [name]), names].map(chosenOf),
  };
  expect(run(['test', 'rules'], 'names.test.yml', { rule_files: [], tests: [test] })).toBe('');
});

it('the link from a zone leads to that zone in the app', () => {
  const links = dashboards.flatMap(([, dashboard]) =>
    [...JSON.stringify(dashboard).matchAll(/"url":"(\/a\/[^"]*[?&]zone=[^"]*)"/g)].map(([, url]) => url ?? '')
  );
  expect(links.length).toBeGreaterThan(0);
  for (const url of links)
    for (const name of NAMES) {
      const dotted = url.replace('__data.fields.zone', 'field');
      // Grafana encodes what says nothing of its own as an address, which leaves & and # as they are.
      const filled = dashboardWith({ field: name })(dotted, {}, 'uriencode');
      expect(new URL(filled, 'http://grafana.test').searchParams.get('zone')).toBe(name);
    }
});
