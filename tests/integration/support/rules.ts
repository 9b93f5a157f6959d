import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';
import { metricRows } from '../../../backend/collector/metrics/documentation.ts';

export const root = resolve(import.meta.dirname, '..', '..', '..');
export const PROMETHEUS_DIR = join(root, 'provisioning', 'prometheus');
export const RULE_FILES = ['openclaw-fleet.recording.yml', 'openclaw-fleet.alerts.yml'];
export const RULE_TESTS_DIR = join(root, 'tests', 'rules');
export const RUNBOOKS_DIR = join(root, 'docs', 'runbooks');

type Texts = Readonly<Record<string, string>>;

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: Texts;
  readonly annotations: Texts;
}

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

/** One expectation of a file of `promtool test rules`. */
export interface RuleCase {
  readonly alertname: string;
  readonly exp_alerts: readonly { readonly exp_labels: Texts; readonly exp_annotations: Texts }[];
}

const read = (folder: string, file: string): unknown => parse(readFileSync(join(folder, file), 'utf8'));

export function readRules(): { readonly alerts: AlertRule[]; readonly records: RecordingRule[] } {
  const rules = RULE_FILES.flatMap((file) => {
    const { groups } = read(join(PROMETHEUS_DIR, 'rules'), file) as {
      groups: { rules: (AlertRule | RecordingRule)[] }[];
    };
    return groups.flatMap((group) => group.rules);
  });
  return {
    alerts: rules.filter((rule) => 'alert' in rule),
    records: rules.filter((rule) => 'record' in rule),
  };
}

export const ruleTestFiles = (): string[] => readdirSync(RULE_TESTS_DIR).filter((file) => file.endsWith('.test.yml'));

interface RuleTest {
  readonly input_series?: readonly { readonly series: string }[];
  readonly alert_rule_test?: readonly RuleCase[];
}

const ruleTests = (): RuleTest[] =>
  ruleTestFiles().flatMap((file) => (read(RULE_TESTS_DIR, file) as { tests: RuleTest[] }).tests);

export const readRuleCases = (): RuleCase[] => ruleTests().flatMap((test) => test.alert_rule_test ?? []);

/** The series that the cases are made of, such as `up{job="a"}`. */
export const readRuleSeries = (): string[] =>
  ruleTests().flatMap((test) => (test.input_series ?? []).map(({ series }) => series));

/** Names of metrics that a PromQL expression names; an alternative of a selector by `__name__` is one each. */
export function metricsIn(expr: string): string[] {
  const spread = expr.replaceAll(
    /\{__name__=~"(\w*)\(([\w|]+)\)(\w*)"\}/g,
    (_, head: string, names: string, tail: string) =>
      names
        .split('|')
        .map((name) => `${head}${name}${tail}`)
        .join(' ')
  );
  const names = spread.replaceAll(/"[^"]*"/g, '""').match(/\b(?:openclaw[_:]\w[\w:]*|up)\b/g) ?? [];
  return [...new Set(names)];
}

/** Labels that the selectors of an expression name, by metric. */
export function selectedLabels(expr: string): { readonly metric: string; readonly label: string }[] {
  return [...expr.matchAll(/\b([a-z][\w:]*)\{([^}]*)\}/g)].flatMap(([, metric = '', matchers = '']) =>
    [...matchers.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label = '']) => ({ metric, label }))
  );
}

/** Labels of every metric of the collector, by name; of histograms and summaries by each of their series. */
export function documentedMetrics(): Map<string, readonly string[]> {
  const { targets, fleet, own } = metricRows();
  return new Map(
    [...targets, ...fleet, ...own].flatMap(({ name, type, labels }) => {
      const more: [string, string[]][] =
        type === 'histogram' || type === 'summary'
          ? ['_sum', '_count', '_bucket'].map((suffix) => [`${name}${suffix}`, [...labels, 'le']])
          : [];
      return [[name, labels] as [string, readonly string[]], ...more];
    })
  );
}
