import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigRevision, PolicyProfile, Run, RunDetail } from '@openclaw-fleet/contract';
import { parse, stringify } from 'yaml';
import { collectorPins } from '../../../backend/collector/identity/pki.ts';
import { SIMULATED_VALUES } from '../../../backend/simulator/acting/gateway.ts';
import { faster } from '../../../backend/simulator/demo/faster.ts';
import { relocate } from '../../../backend/simulator/demo/relocate.ts';
import { runSimulation, SCENARIOS, type Credentials, type Simulation } from '../../../backend/simulator/index.ts';
import { TestAlertmanager } from './alertmanager.ts';
import { TestCollector } from './collector.ts';
import { enrolMany } from './fleet.ts';
import { Inbox } from './inbox.ts';
import { TestPrometheus } from './prometheus.ts';
import { root } from './rules.ts';
import { waitFor } from './wait.ts';

const BEAT_MS = 3000;
/** So long that nobody is told of their end. */
const CERTIFICATE_DAYS = 90;
const LONG_MS = 120_000;
const ALERTMANAGER_DIR = join(root, 'provisioning', 'alertmanager');
/** A port that nothing listens on. */
const NOBODY = 1;

/** Demo timings; what a busy machine takes is as long as in production, and what only makes a test wait is shorter. */
const SETTINGS = {
  OPENCLAW_FLEET_TIMINGS: 'demo',
  OPENCLAW_FLEET_DURATIONS_GRACE: '10',
  OPENCLAW_FLEET_DURATIONS_APPROVAL_EXPIRY: '1800',
  OPENCLAW_FLEET_DURATIONS_EXECUTION_EXPIRY: '600',
  OPENCLAW_FLEET_DURATIONS_VERIFY_CLEAR: '2',
  SMART_FLEET_MAX_SYNC_LAG_MS: '600000',
};

interface Route {
  repeat_interval?: string;
  readonly receiver: string;
  readonly routes?: Route[];
}
interface Receiver {
  readonly name: string;
  webhook_configs?: object[];
  slack_configs?: object[];
}

/** The shipped routes at the pace of the demo, everybody's notifications to the inbox, and none repeated while the test runs. */
function routesTo(inbox: Inbox, apiPort: number): string {
  const shipped = readFileSync(join(ALERTMANAGER_DIR, 'alertmanager.yml'), 'utf8');
  const config = parse(faster(relocate(shipped, { api: apiPort }))) as {
    templates: string[];
    route: Route;
    receivers: Receiver[];
  };
  config.templates = [join(ALERTMANAGER_DIR, 'templates', '*.tmpl')];
  for (const receiver of config.receivers) {
    if (['collector', 'nobody'].includes(receiver.name)) continue;
    receiver.webhook_configs = [{ url: inbox.urlOf(receiver.name) }];
    if (receiver.name !== 'on-call') continue;
    const [title, titleLink, text] = ['slack.title', 'link', 'slack'].map(
      (name) => `{{ template "openclaw.${name}" . }}`
    );
    receiver.slack_configs = [
      { api_url: inbox.urlOf('slack'), channel: '#on-call', send_resolved: true, title, title_link: titleLink, text },
    ];
  }
  for (const route of [config.route, ...(config.route.routes ?? [])]) route.repeat_interval = '4h';
  return stringify(config);
}

/** A collector that a busy machine keeps waiting is not down. */
function patient(folder: string): void {
  const edit = (file: string, ...changes: readonly (readonly [RegExp, string])[]): void => {
    const path = join(folder, file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(
      path,
      changes.reduce((was, [from, to]) => was.replace(from, to), text)
    );
  };
  edit(
    'prometheus.yml',
    [/scrape_interval: \S+/, 'scrape_interval: 3s'],
    [/scrape_timeout: \S+/, 'scrape_timeout: 3s']
  );
  edit(join('rules', 'openclaw-fleet.alerts.yml'), [/(alert: OpenClawCollectorDown[^]*?for:) \S+/, '$1 5m']);
}

/** A collector, its fleet in two zones, and a real Prometheus and Alertmanager that know them from the shipped files. */
export class AlertStage {
  readonly inbox = new Inbox();
  collector!: TestCollector;
  prometheus!: TestPrometheus;
  alertmanager!: TestAlertmanager;
  readonly #ending = new AsyncDisposableStack();
  readonly #tokens = new Map<string, string>();
  readonly #simulations = new Map<string, Simulation>();
  readonly #credentials = new Map<string, Credentials>();

  async start(
    binaries: { readonly prometheus: string; readonly alertmanager: string },
    ids: readonly string[]
  ): Promise<void> {
    await this.inbox.start();
    this.#ending.defer(() => this.inbox.stop());
    this.collector = new TestCollector(SETTINGS);
    this.#ending.defer(() => this.collector.close());
    const folder = join(this.collector.folder, 'alertmanager');
    mkdirSync(folder);
    writeFileSync(join(folder, 'openclaw-fleet-token'), this.collector.tokenOf('operator'), { mode: 0o600 });
    this.alertmanager = new TestAlertmanager(binaries.alertmanager, folder, routesTo(this.inbox, NOBODY));
    await this.alertmanager.start();
    this.#ending.defer(() => this.alertmanager.stop());

    for (const [name, role] of [
      ['ann', 'operator'],
      ['ben', 'approver'],
    ] as const) {
      const person = ['--kind', 'person', '--person', name, '--json'];
      const made = this.collector.cli('token', 'create', '--name', name, '--role', role, ...person);
      this.#tokens.set(name, (JSON.parse(made) as { token: string }).token);
    }
    for (const each of await enrolMany(this.collector, ids, CERTIFICATE_DAYS)) this.#credentials.set(each.id, each);
    await this.collector.start(['env', `OPENCLAW_FLEET_ALERTMANAGER_URL=${this.alertmanager.url}`]);
    // Only now it is known where the collector listens.
    writeFileSync(join(folder, 'alertmanager.yml'), routesTo(this.inbox, this.collector.apiPort));
    const reloaded = await fetch(`${this.alertmanager.url}/-/reload`, { method: 'POST' });
    if (!reloaded.ok) throw new Error(`Alertmanager refused its configuration: ${await reloaded.text()}`);
    const port = Number(new URL(this.alertmanager.url).port);
    this.prometheus = await TestPrometheus.start(binaries.prometheus, this.collector, [], port, patient);
    this.#ending.defer(() => this.prometheus.stop());
    this.#ending.defer(async () => {
      await Promise.all([...this.#simulations.values()].map((simulation) => simulation.stop()));
    });
  }

  close(): Promise<void> {
    return this.#ending.disposeAsync();
  }

  /**
   * Nodes begin to beat.
   * @param name of this part of the fleet
   * @param acting they have a bridge that takes verbs
   */
  simulate(name: string, zone: string, ids: readonly string[], acting = false): Simulation {
    const pins = collectorPins(join(this.collector.folder, 'pki'));
    const credentials = ids.map((id) => {
      const own = this.#credentials.get(id);
      if (own === undefined) throw new Error(`${id} is not enrolled`);
      return acting ? { ...own, clientPins: pins.client.split(','), actionsPins: pins.actions.split(',') } : own;
    });
    const simulation = runSimulation({
      ...{ endpoint: `https://localhost:${this.collector.intakePort}`, credentials, seed: 1, zones: [zone] },
      ...{ rampMs: BEAT_MS, beatMs: BEAT_MS, scenario: SCENARIOS.steady },
      ...(acting ? { doors: {} } : { bridgedShare: 0 }),
    });
    this.#simulations.set(name, simulation);
    return simulation;
  }

  /** They beat no more, and say nothing. */
  async kill(name: string): Promise<void> {
    await this.#simulations.get(name)?.stop();
    this.#simulations.delete(name);
  }

  /** A configuration that all are to run, and a policy under which an edit of it is critical, for one target. */
  async expectOf(targetId: string): Promise<void> {
    const revision = await this.ask<ConfigRevision>('ben', 'POST', '/fleet/configs', {
      ...{ title: 'What all should run', values: SIMULATED_VALUES, reason: 'the desired state' },
    });
    await this.ask<PolicyProfile>('ben', 'POST', '/fleet/policies', {
      ...{ id: 'strict', name: 'Strict', owner: 'platform', unknownConfigSeverity: 'critical' },
      ...{ desired: { configRevision: revision.id }, reason: 'for the test' },
    });
    await this.ask('ben', 'POST', `/fleet/targets/${targetId}/apply-policy`, {
      policyId: 'strict',
      reason: 'its policy',
    });
    await this.sees(`${targetId} as it should be`, async () => {
      const { reported, desired } = await this.collector.target(targetId);
      return reported?.applyStatus === 'APPLIED' && reported.configHash === desired.configHash;
    });
  }

  async ask<T>(who: 'ann' | 'ben', method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`http://127.0.0.1:${this.collector.apiPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#tokens.get(who) ?? ''}`,
        ...(body && { 'content-type': 'application/json' }),
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }

  repair(targetId: string): Promise<Run> {
    return this.ask('ann', 'POST', `/fleet/targets/${targetId}/reconcile`, { reason: 'it was edited' });
  }

  run(id: string): Promise<RunDetail> {
    return this.ask('ann', 'GET', `/fleet/remediations/runs/${id}`);
  }

  /** How many alerts of that name Alertmanager has that fire, and how many of them it mutes. */
  async held(alertname: string, zone: string): Promise<{ readonly all: number; readonly muted: number }> {
    const query = new URLSearchParams([
      ['filter', `alertname="${alertname}"`],
      ['filter', `zone="${zone}"`],
    ]);
    const response = await fetch(`${this.alertmanager.url}/api/v2/alerts?${query.toString()}`);
    const alerts = (await response.json()) as { status: { inhibitedBy: string[] } }[];
    return { all: alerts.length, muted: alerts.filter(({ status }) => status.inhibitedBy.length > 0).length };
  }

  sees<T>(what: string, holds: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined | 0 | ''>> {
    return waitFor(holds, () => `${what}; alerts that fire:\n${this.#firing}`, LONG_MS, 200);
  }

  get #firing(): string {
    const log = join(this.collector.folder, 'alertmanager', 'data', 'nflog');
    const got = ['on-call', 'next-level', 'team'].map((receiver) => {
      const names = this.inbox
        .notifications(receiver)
        .map(
          ({ status, groupLabels, alerts }) =>
            `${status} ${groupLabels['alertname'] ?? ''} ${groupLabels['zone'] ?? ''} (${alerts.length})`
        );
      return `${receiver} got: ${names.join(', ')}`;
    });
    return [...got, existsSync(log) ? '' : 'Alertmanager logged nothing'].join('\n');
  }
}
