import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { findOnPath } from '../../scripts/lib/path.mjs';
import { AcceptanceStage } from './support/acceptance-stage.ts';
import { dashboards, labelValuesOf, queriesOf } from './support/dashboards.ts';
import { TestPrometheus } from './support/prometheus.ts';
import {
  documentedMetrics,
  exposedMetrics,
  GRAFANA_MACROS,
  labelValues,
  metricsIn,
  runQuery,
  SCRAPE_METRICS,
  substitute,
} from './support/queries.ts';
import { waitFor } from './support/wait.ts';

const MINUTE = 60_000;
const ZONE = 'eu-1';
/** As long as the test lives, and finer than it scrapes: what was scraped once is seen. */
const RANGE = { seconds: 240, step: 1 };
/** What is chosen in each dashboard: everything; and of single targets one with a bridge, and one that says how it publishes. */
const CHOSEN = { ...GRAFANA_MACROS, zone: '.*', owner: '.*', instance: '.*', datasource: 'prometheus' };
const TARGET = 'drifted';
const PLAIN = 'publishes';

/** Queries without an answer here, each with the why. One that is answered must not be listed. */
const EMPTY: Readonly<Record<string, string>> = {
  'openclaw-fleet-remediation: What holds automation back, B': 'automation is off here, which holds it back',
};

const prometheus = findOnPath('prometheus');
const boards = [...dashboards().values()];

(prometheus === null ? describe.skip : describe)('the dashboards, before a real Prometheus of a real collector', () => {
  const stage = new AcceptanceStage([TARGET, 'rolls-back', 'waits', 'alone', 'fails', 'silent'], {
    OPENCLAW_FLEET_METRICS_PER_TARGET: 'full',
    OPENCLAW_FLEET_DURATIONS_RUNTIME_DRIFT_CRITICAL_AFTER: '2',
  });
  const ending = new AsyncDisposableStack();
  let scraper: TestPrometheus;

  beforeAll(async () => {
    ending.defer(() => stage.close());
    await stage.start(4, {});
    scraper = await TestPrometheus.start(prometheus!, stage.collector, []);
    ending.defer(() => scraper.stop());
    await live(stage, scraper);
  }, 5 * MINUTE);
  afterAll(() => ending.disposeAsync(), MINUTE);

  it.each(boards)('$uid: every query is answered', async (dashboard) => {
    const bad: string[] = [];
    const empty: string[] = [];
    for (const { where, expr, instant } of queriesOf(dashboard)) {
      const results = [];
      for (const target of [TARGET, PLAIN]) {
        const filled = substitute(expr, { ...CHOSEN, target });
        results.push(await runQuery(scraper.url, filled, instant ? undefined : RANGE));
      }
      for (const { error } of results) if (error !== null) bad.push(`${where}: ${error}`);
      if (results.every(({ series }) => series === 0)) empty.push(where);
    }
    expect(bad).toEqual([]);
    const allowed = Object.keys(EMPTY).filter((where) => where.startsWith(`${dashboard.uid}:`));
    expect(empty.sort()).toEqual(allowed.sort());
  });

  it.each(boards)('$uid: every variable has values', async ({ templating }) => {
    for (const variable of templating.list) {
      const asked = labelValuesOf(variable);
      if (asked === null) continue;
      const values = await labelValues(scraper.url, asked.label, substitute(asked.match, CHOSEN));
      expect({ name: variable.name, values: values.length > 0 }).toEqual({ name: variable.name, values: true });
    }
  });

  it.each(boards)('$uid: every metric is one that the collector has', async (dashboard) => {
    const documented = documentedMetrics();
    const exposed = exposedMetrics(await stage.get<string>('/metrics'));
    const named = queriesOf(dashboard).flatMap(({ expr }) => metricsIn(expr));
    expect(named.filter((name) => !documented.has(name) && !exposed.has(name) && !SCRAPE_METRICS.has(name))).toEqual(
      []
    );
  });
});

/** Something of everything that the dashboards are about. */
async function live(stage: AcceptanceStage, scraper: TestPrometheus): Promise<void> {
  const scraped = (query: string, what: string) =>
    waitFor(async () => (await scraper.query(query)).length > 0, `Prometheus to have ${what}`, MINUTE);
  // What grows is seen to grow only where it was scraped before.
  await scraped(`openclaw_target_state{target="${TARGET}", state="online"} == 1`, 'a target that is well');
  stage.collector.cli(
    'token',
    'create',
    '--name',
    'for-a-week',
    '--role',
    'viewer',
    '--kind',
    'service',
    '--expires',
    '7d'
  );
  await stage.changePolicy('ben', 'default', { owner: 'team-a' });
  const node = stage.collector.enroll(PLAIN, '--id', PLAIN, '--zone', ZONE);
  const beat = async (seq: number, failed: number): Promise<boolean> => {
    const publisher = {
      success_total: seq,
      failure_total: { network: failed },
      dropped_total: failed,
      buffered: failed,
      latency_seconds_sum: seq,
      latency_seconds_count: seq,
    };
    return (await node.post(node.beat({ boot_id: 'a', seq, publisher, of_nobody: 1 }))).status === 200;
  };
  await waitFor(() => beat(1, 0), 'the new node to be known', MINUTE);
  await scraped(`openclaw_target_publish_buffered{target="${PLAIN}"}`, 'the plain node');
  expect(await beat(5, 3)).toBe(true);
  expect((await node.post({})).status).toBe(422);

  stage.befall('silent', { kind: 'silence' });
  stage.befall(TARGET, { kind: 'config-drift' });
  stage.befall('rolls-back', { kind: 'config-drift', repair: 'rolls-back' });
  stage.befall('fails', { kind: 'job-failures', ratio: 0.6 });
  for (const id of ['waits', 'alone']) stage.befall(id, { kind: 'gateway-hang' });
  for (const family of ['drift', 'violation'])
    await scraped(`openclaw_target_${family}{target="${TARGET}"}`, `the ${family}`);
  for (const id of [TARGET, 'rolls-back', 'fails']) {
    const path = `/fleet/targets/${id}/reconcile`;
    const asked = () => stage.call('ann', 'POST', path, { reason: 'it is not well' });
    await waitFor(async () => (await asked()).status < 300, `a repair of ${id}`, MINUTE);
  }
  await scraped(`openclaw_target_repair{target="${TARGET}"}`, 'the repair');
  await stage.ok('ann', 'POST', `/fleet/targets/${TARGET}/pause`, { reason: 'until it is understood' });
  for (const id of ['waits', 'alone'])
    await waitFor(async () => (await stage.collector.target(id)).isolated, `${id} to be isolated`, MINUTE);
  await stage.reconcile('ann', 'waits');
  const { id } = await stage.reconcile('ben', 'alone');
  const alone = { reason: 'nobody else is here', breakGlass: true };
  await stage.ok('ben', 'POST', `/fleet/remediations/runs/${id}/approve`, alone);
  await stage.refused('ann', `/fleet/targets/${TARGET}/reconcile`, { reason: 'once more' });
  await scraped('openclaw_target_state{target="silent", state="expired"} == 1', 'the node that is silent');
  await scraped('increase(openclaw_fleet_repairs_break_glass_total[2m]) > 0', 'the end of what one decided alone');
}
