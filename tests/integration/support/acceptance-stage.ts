import {
  isEnded,
  type ConfigRevision,
  type FleetEvent,
  type PolicyProfile,
  type Problem,
  type Run,
  type RunDetail,
  type RunPage,
} from '@openclaw-fleet/contract';
import { join } from 'node:path';
import { collectorPins } from '../../../backend/collector/identity/pki.ts';
import { SIMULATED_VALUES } from '../../../backend/simulator/acting/gateway.ts';
import type { Fault } from '../../../backend/simulator/faults.ts';
import { runSimulation, SCENARIOS, type Simulation } from '../../../backend/simulator/index.ts';
import { TestCollector } from './collector.ts';
import { EventReader } from './events.ts';
import { enrolMany } from './fleet.ts';
import { waitFor } from './wait.ts';

export const BEAT = 1500;
const ZONE = 'eu-1';

/** Who asks and who decides: two people who approve, one who does not, and Alertmanager. */
const PEOPLE = {
  ann: ['operator', 'person'],
  ben: ['approver', 'person'],
  cid: ['approver', 'person'],
  alerts: ['operator', 'service'],
  pipeline: ['approver', 'service'],
  viewer: ['viewer', 'service'],
} as const;
export type Who = keyof typeof PEOPLE;

/** Demo timings; what only makes a test wait is shorter, and what a busy machine takes is as long as in production. */
const SETTINGS = {
  OPENCLAW_FLEET_TIMINGS: 'demo',
  OPENCLAW_FLEET_DURATIONS_BEAT: String(BEAT / 1000),
  OPENCLAW_FLEET_DURATIONS_GRACE: '10',
  OPENCLAW_FLEET_DURATIONS_VERIFY_CLEAR: '1.5',
  OPENCLAW_FLEET_DURATIONS_RESUME_SOAK: '1',
  OPENCLAW_FLEET_DURATIONS_FIRST_ATTEMPT_AFTER: '1',
  OPENCLAW_FLEET_DURATIONS_NO_VERDICT_AFTER_START: '2',
  OPENCLAW_FLEET_DURATIONS_NO_AUTOMATION_AFTER_START: '3',
  OPENCLAW_FLEET_DURATIONS_RUNTIME_DRIFT_CRITICAL_AFTER: '900',
  SMART_FLEET_MAX_SYNC_LAG_MS: '600000',
};

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** How an incident note would have it. */
const asNote = ({ state, reason, steps }: RunDetail): string =>
  [`${state}: ${reason}`, ...steps.map((step) => `  ${step.title} [${step.state}] ${step.summary}`)].join('\n');

/** A collector in a process of its own, a fleet of simulated nodes, and people who use its API. */
export class AcceptanceStage {
  readonly collector: TestCollector;
  readonly revision: { id: string } = { id: '' };
  events!: EventReader;
  readonly #tokens = new Map<Who, string>();
  readonly #ids: readonly string[];
  #simulations: Simulation[] = [];

  /**
   * @param ids of nodes with a bridge that takes verbs
   * @param settings of the collector, besides those that all have
   */
  constructor(ids: readonly string[], settings: Readonly<Record<string, string>> = {}) {
    this.collector = new TestCollector({ ...SETTINGS, ...settings });
    this.#ids = ids;
  }

  /**
   * Brings everything up, every node well and as its profile wants it.
   * @param plain how many nodes there are besides, without a bridge
   * @param profiles by id, each with the nodes that it is for; the others have the default one
   */
  async start(
    plain: number,
    profiles: Record<string, { readonly spec: object; readonly ids: readonly string[] }>
  ): Promise<void> {
    const { collector } = this;
    for (const [name, [role, kind]] of Object.entries(PEOPLE)) {
      const whose = kind === 'person' ? ['--person', name] : [];
      const made = collector.cli('token', 'create', '--name', name, '--role', role, '--kind', kind, ...whose, '--json');
      this.#tokens.set(name as Who, (JSON.parse(made) as { token: string }).token);
    }
    const plainIds = Array.from({ length: plain }, (_, index) => `plain-${String(index).padStart(2, '0')}`);
    const credentials = await enrolMany(collector, [...this.#ids, ...plainIds]);
    await this.startCollector();
    const made = await this.ok<ConfigRevision>('ben', 'POST', '/fleet/configs', {
      title: 'What all should run',
      values: SIMULATED_VALUES,
      reason: 'the desired state',
    });
    this.revision.id = made.id;
    const desired = { configRevision: made.id };
    await this.changePolicy('ben', 'default', { desired });
    for (const [id, { spec }] of Object.entries(profiles))
      await this.ok('ben', 'POST', '/fleet/policies', { id, name: id, desired, ...spec, reason: 'for the test' });
    const pins = collectorPins(join(collector.folder, 'pki'));
    const common = {
      endpoint: `https://localhost:${collector.intakePort}`,
      zones: [ZONE],
      rampMs: BEAT,
      beatMs: BEAT,
      scenario: SCENARIOS.steady,
    };
    const acting = credentials
      .slice(0, this.#ids.length)
      .map((own) => ({ ...own, clientPins: pins.client.split(','), actionsPins: pins.actions.split(',') }));
    this.#simulations = [
      runSimulation({ ...common, seed: 1, credentials: acting, doors: {} }),
      runSimulation({ ...common, seed: 2, credentials: credentials.slice(this.#ids.length), bridgedShare: 0 }),
    ];
    await this.#sees('every node', async () => (await collector.summary()).online === credentials.length);
    for (const [policyId, { ids }] of Object.entries(profiles))
      for (const id of ids)
        await this.ok('ben', 'POST', `/fleet/targets/${id}/apply-policy`, { policyId, reason: 'its profile' });
    for (const id of this.#ids)
      await this.#sees(`${id} as it should be`, async () => {
        const { reported, desired: wanted } = await collector.target(id);
        return reported?.applyStatus === 'APPLIED' && reported.configHash === wanted.configHash;
      });
  }

  /** Starts the collector, or starts it again on the same store and ports. @param settings others than those it has, for this life */
  async startCollector(settings: Record<string, string> = {}): Promise<void> {
    await (this.events as EventReader | undefined)?.close();
    await this.collector.kill('SIGTERM');
    await this.collector.start(['env', ...Object.entries(settings).map(([name, value]) => `${name}=${value}`)]);
    if (settings['SMART_FLEET_V2_ENABLED'] !== 'false') this.events = await EventReader.open(this.collector);
  }

  async close(): Promise<void> {
    await Promise.all(this.#simulations.map((simulation) => simulation.stop()));
    await (this.events as EventReader | undefined)?.close();
    await this.collector.close();
  }

  /** A fault befalls the node now. */
  befall(id: string, fault: Fault): void {
    this.#acting.befall(this.#ids.indexOf(id), fault);
  }

  /** Where the bridge of the node takes verbs, as `127.0.0.1:40001`. */
  door(id: string): string | null {
    return this.#acting.door(this.#ids.indexOf(id));
  }

  /** The faults that befell the node and are not cured. */
  faults(id: string): readonly string[] {
    return this.#acting.behaviour(this.#ids.indexOf(id)).faults;
  }

  async call<T>(
    who: Who,
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {}
  ): Promise<Answer<T>> {
    const response = await fetch(`http://127.0.0.1:${this.collector.apiPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#tokens.get(who) ?? ''}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      body: (json ? JSON.parse(text) : text) as T,
    };
  }

  /** @throws Error with the answer, when it is none of 2xx */
  async ok<T>(who: Who, method: string, path: string, body?: object, headers?: Record<string, string>): Promise<T> {
    const answer = await this.call<T>(who, method, path, body, headers);
    if (answer.status >= 300)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  get<T>(path: string, who: Who = 'viewer'): Promise<T> {
    return this.ok<T>(who, 'GET', path);
  }

  /** What a refusal says: its problem's name, the guardrail, and the words. @throws Error when it is no problem */
  async refused(
    who: Who,
    path: string,
    body: object,
    method = 'POST'
  ): Promise<{ status: number; problem: string; guardrail: string | null; words: string; runId: string | null }> {
    const { status, body: answer } = await this.call<Problem>(who, method, path, body);
    if (status < 400) throw new Error(`${method} ${path} was not refused: ${status} ${JSON.stringify(answer)}`);
    const { type, refusal, detail, runId } = answer;
    const problem = type.split(':').at(-1) ?? '';
    return { status, problem, guardrail: refusal?.reason ?? null, words: detail, runId: runId ?? null };
  }

  /** Changes a profile from what it is now. */
  async changePolicy<T = PolicyProfile>(who: Who, id: string, change: object): Promise<Answer<T>> {
    const { version } = await this.get<PolicyProfile>(`/fleet/policies/${id}`);
    const answer = await this.call<T>(
      who,
      'PATCH',
      `/fleet/policies/${id}`,
      { ...change, reason: 'the profile changes' },
      { 'if-match': `"${version}"` }
    );
    if (answer.status >= 300) throw new Error(`the policy ${id} was not changed: ${JSON.stringify(answer.body)}`);
    return answer;
  }

  async reconcile(who: Who, id: string, more: object = {}): Promise<Run> {
    return this.ok<Run>(who, 'POST', `/fleet/targets/${id}/reconcile`, { reason: `${id} is not well`, ...more });
  }

  run(id: string): Promise<RunDetail> {
    return this.get<RunDetail>(`/fleet/remediations/runs/${id}`);
  }

  async runs(query = ''): Promise<Run[]> {
    return (await this.get<RunPage>(`/fleet/remediations/runs?limit=500${query}`)).items;
  }

  /** Waits until the run is in one of these states, or has ended. */
  async until(runId: string, what: string, holds: (run: RunDetail) => boolean): Promise<RunDetail> {
    let last: RunDetail | null = null;
    return waitFor(
      async () => {
        last = await this.run(runId);
        return holds(last) ? last : null;
      },
      () => `${runId} ${what}; ${last === null ? 'it is not there' : asNote(last)}`,
      60_000,
      50
    );
  }

  ended(runId: string): Promise<RunDetail> {
    return this.until(runId, 'to end', ({ state }) => isEnded(state));
  }

  /** Waits until the target has an open fault that the playbook is for. */
  async faulty(id: string, playbook: string): Promise<void> {
    await this.#sees(`a fault of ${id} for ${playbook}`, async () => {
      const dry = { playbook, reason: 'to see', dryRun: true };
      const { body } = await this.call<{ refusals?: { reason: string }[] }>(
        'ann',
        'POST',
        `/fleet/targets/${id}/reconcile`,
        dry
      );
      return body.refusals !== undefined && !body.refusals.some(({ reason }) => reason === 'no-fault');
    });
  }

  /** Waits until automation may begin something, as the API says. */
  async automating(): Promise<void> {
    await this.#sees('that nothing holds automation', async () => {
      const { automation } = await this.get<{ automation: { held: object | null } }>('/fleet/remediations');
      return automation.held === null;
    });
  }

  /** What the stream told of a run, in order. */
  told(runId: string): { before: string | null; state: string }[] {
    return this.statusEvents()
      .filter(({ data }) => data['runId'] === runId)
      .map(({ data }) => ({ before: data['before'] as string | null, state: String(data['state']) }));
  }

  statusEvents(): FleetEvent[] {
    return this.events.seen.filter(({ name }) => name === 'remediation-status');
  }

  /** The value of a series, named with its labels as /metrics writes it; 0 where it is not there. */
  async metric(series: string): Promise<number> {
    const lines = (await this.collector.metrics()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${series} `))?.slice(series.length) ?? 0);
  }

  get #acting(): Simulation {
    const [acting] = this.#simulations;
    if (acting === undefined) throw new Error('The stage was not started.');
    return acting;
  }

  async #sees(what: string, holds: () => Promise<boolean>): Promise<void> {
    await waitFor(holds, () => `the collector to see ${what}`, 60_000, 100);
  }
}
