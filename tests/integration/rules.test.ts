import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { orSkip } from '../../backend/bridge/testing/openclaw.ts';
import { faster } from '../../backend/simulator/demo/faster.ts';
import { findOnPath } from '../../scripts/lib/path.mjs';
import {
  documentedMetrics,
  metricsIn,
  PROMETHEUS_DIR,
  readRuleCases,
  readRuleSeries,
  readRules,
  root,
  RULE_FILES,
  RULE_TESTS_DIR,
  RUNBOOKS_DIR,
  ruleTestFiles,
  selectedLabels,
} from './support/rules.ts';

const MINUTE = 60_000;
const promtool = await orSkip('what promtool says of the rules', () => {
  const found = findOnPath('promtool');
  return found === null
    ? Promise.reject(new Error('promtool is needed: apt-get install prometheus'))
    : Promise.resolve(found);
});
const { alerts, records } = readRules();
const cases = readRuleCases();
const metrics = documentedMetrics();
const names = alerts.map(({ alert }) => alert);
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

/** Always fires: nothing shows that it must not. */
const ALWAYS = 'OpenClawWatchdog';

(promtool === null ? describe.skip : describe)('promtool', () => {
  const run = promisify(execFile);
  const says = async (...args: string[]): Promise<string> => {
    try {
      const { stdout } = await run(promtool ?? '', args, { cwd: RULE_TESTS_DIR });
      return stdout;
    } catch (error) {
      const { stdout, stderr } = error as { stdout: string; stderr: string };
      return `${stdout}\n${stderr}`;
    }
  };

  it('takes the configuration, with a token beside it', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-rules-'));
    try {
      for (const file of ['prometheus.yml', 'collector.yml', 'bridges.yml', 'alertmanagers.yml'])
        copyFileSync(join(PROMETHEUS_DIR, file), join(folder, file));
      writeFileSync(join(folder, 'openclaw-fleet-token'), 'a-token');
      const config = read('provisioning', 'prometheus', 'prometheus.yml').replaceAll(
        'rules/',
        `${PROMETHEUS_DIR}/rules/`
      );
      writeFileSync(join(folder, 'prometheus.yml'), config);
      expect(await says('check', 'config', join(folder, 'prometheus.yml'))).toMatch(
        /prometheus\.yml is valid[^]*SUCCESS: \d+ rules/
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(RULE_FILES)('takes %s, at the pace of the demo too', async (file) => {
    const folder = mkdtempSync(join(tmpdir(), 'fleet-rules-'));
    try {
      writeFileSync(join(folder, file), faster(read('provisioning', 'prometheus', 'rules', file)));
      for (const path of [join(PROMETHEUS_DIR, 'rules', file), join(folder, file)])
        expect(await says('check', 'rules', path)).toMatch(/SUCCESS: \d+ rules found/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it.each(ruleTestFiles())(
    'finds that alerts fire when they must and when not: %s',
    async (file) => {
      const said = await says('test', 'rules', file);
      expect(said).not.toMatch(/FAILED|error/i);
      expect(said).toContain('SUCCESS');
    },
    5 * MINUTE
  );
});

describe('each alert', () => {
  it.each(names)('%s has cases in which it fires and in which it must not', (name) => {
    const own = cases.filter(({ alertname }) => alertname === name);
    expect(own.some(({ exp_alerts }) => exp_alerts.length > 0)).toBe(true);
    if (name !== ALWAYS) expect(own.some(({ exp_alerts }) => exp_alerts.length === 0)).toBe(true);
  });

  it('is one that exists, in every case', () => {
    expect(cases.map(({ alertname }) => alertname).filter((name) => !names.includes(name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has every label, with a value that is known, wherever it fires', () => {
    const known = {
      severity: /^(critical|warning|info|none)$/,
      escalation: /^(on-call|next-level|team|none)$/,
      kind: /^(symptom|repair|fleet|collector)$/,
      owner: /./,
      target: /./,
      zone: /./,
    };
    for (const { alertname, exp_alerts } of cases)
      for (const { exp_labels } of exp_alerts)
        for (const [label, values] of Object.entries(known))
          expect([alertname, label, exp_labels[label]]).toEqual([alertname, label, expect.stringMatching(values)]);
  });

  it.each(alerts.map((rule) => [rule.alert, rule] as const))(
    '%s says what it is, and where to read and act',
    (name, rule) => {
      const { annotations, labels } = rule;
      const grafana = '{{ $externalLabels.grafana }}';
      expect(Object.keys(labels)).toEqual(expect.arrayContaining(['severity', 'escalation', 'kind']));
      expect(annotations['summary']?.length).toBeGreaterThan(10);
      expect(annotations['description']?.length).toBeGreaterThan(30);
      expect(annotations['runbook_url']).toBe(`${grafana}/a/openclaw-fleet-app/runbooks/${name}`);
      const [, uid] =
        /^\{\{ \$externalLabels\.grafana \}\}\/d\/([\w-]+)(\?|$)/.exec(annotations['dashboard_url'] ?? '') ?? [];
      expect(readdirSync(join(root, 'dashboards'))).toContain(`${uid ?? 'none'}.json`);
      if (name === ALWAYS) return;
      // Setup is for administrators: Grafana shows others its start page instead, without a word.
      const action = annotations['action_url'] ?? '';
      const [, page] = /^\{\{ \$externalLabels\.grafana \}\}\/a\/openclaw-fleet-app\/([a-z]+)/.exec(action) ?? [];
      expect(read('src', 'constants.ts')).toContain(`'${page ?? 'none'}'`);
    }
  );

  it.each(['OpenClawRepairFailed', 'OpenClawApprovalWaiting', 'OpenClawApprovalOverdue', 'OpenClawQuarantined'])(
    '%s asks for no other repair',
    (name) => {
      const own = cases.filter(({ alertname }) => alertname === name).flatMap(({ exp_alerts }) => exp_alerts);
      expect(own.filter(({ exp_labels }) => 'playbook' in exp_labels)).toEqual([]);
    }
  );
});

describe('rules', () => {
  const recorded = records.map(({ record }) => record);
  const all = [...alerts, ...records];

  it('name metrics that exist', () => {
    const named = all.flatMap(({ expr }) => metricsIn(expr));
    expect(named.length).toBeGreaterThan(50);
    const unknown = named.filter((name) => name !== 'up' && !metrics.has(name) && !recorded.includes(name));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('select by labels that exist', () => {
    const scrape = ['job', 'instance'];
    const wrong = all.flatMap(({ expr }) =>
      selectedLabels(expr).filter(({ metric, label }) => {
        const labels = metrics.get(metric);
        return labels !== undefined && ![...labels, ...scrape].includes(label);
      })
    );
    expect(wrong).toEqual([]);
  });

  it('are tested with series that exist', () => {
    const series = readRuleSeries();
    expect(series.length).toBeGreaterThan(50);
    const unknown = series.flatMap((each) => metricsIn(each)).filter((name) => name !== 'up' && !metrics.has(name));
    expect([...new Set(unknown)]).toEqual([]);
    const wrong = series
      .flatMap((each) => selectedLabels(each))
      .filter(({ metric, label }) => ![...(metrics.get(metric) ?? [label]), 'job', 'instance'].includes(label));
    expect(wrong).toEqual([]);
  });
});

describe('runbooks', () => {
  const INDEX = 'README.md';
  const files = readdirSync(RUNBOOKS_DIR).filter((file) => file !== INDEX);

  it('are there for each alert, and for nothing else', () => {
    expect(files.sort()).toEqual(names.map((name) => `${name}.md`).sort());
    const index = read('docs', 'runbooks', INDEX);
    expect(names.filter((name) => !index.includes(`](${name}.md)`))).toEqual([]);
  });

  it.each(files)('%s is short, plain, and says four things', (file) => {
    const text = readFileSync(join(RUNBOOKS_DIR, file), 'utf8');
    expect(text.startsWith(`# ${file.replace('.md', '')}\n`)).toBe(true);
    const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual(['What it means', 'How to tell', 'What to do', 'How to silence it']);
    expect(text.split('\n').length).toBeLessThan(70);
    expect(text.replaceAll(/```[^]*?```|`[^`]*`/g, '')).not.toMatch(/<\/?[a-z]/i);
  });

  it.each(files)('%s names metrics that exist, and words of the app as they are', (file) => {
    const text = readFileSync(join(RUNBOOKS_DIR, file), 'utf8');
    const known = [...metrics.keys(), ...records.map(({ record }) => record)];
    const named = text.match(/\bopenclaw(?:_(?:target|fleet|collector)_|:)[\w:]+/g) ?? [];
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
    const words = read('src', 'locales', 'en-US', 'openclaw-fleet-app.json');
    const bold = [...text.matchAll(/\*\*([^*]+)\*\*/g)].map(([, word = '']) => word);
    expect(bold.filter((word) => !words.includes(`": ${JSON.stringify(word)}`))).toEqual([]);
  });
});
