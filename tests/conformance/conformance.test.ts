import { beforeAll, describe, expect, it } from '@jest/globals';
import { heartbeatSchema } from '@openclaw-fleet/contract';
import { CLIENTS, seesChains } from './clients.ts';
import type { ClientName } from './clients.ts';
import { runAll, runScenario, scenarios, valueOf } from './scenario.ts';
import type { Outcome, Scenario } from './scenario.ts';
import { vectors } from './vectors.ts';

/** Few enough that a busy machine answers each within the 2 s of demo timings. */
const AT_ONCE = 3;
/** A busy machine makes timers late, and two beats of one: what did not go as it should runs again, alone. */
const TRIES = 3;
const TIMER_SLACK_MS = 5;

const outcomes = new Map<string, Outcome | Error>();
const key = (client: ClientName, scenario: Scenario): string => `${client}: ${scenario.name}`;
const fits = (client: ClientName, scenario: Scenario): boolean => !scenario.pinsOfTheChain || seesChains(client);

beforeAll(async () => {
  const runs = CLIENTS.flatMap((client) =>
    scenarios
      .filter((scenario) => fits(client, scenario))
      .map((scenario) => async () => {
        const outcome = await runScenario(scenario, client).catch((error: unknown) => error as Error);
        outcomes.set(key(client, scenario), outcome);
      })
  );
  await runAll(runs, AT_ONCE);
}, 600_000);

function outcomeOf(client: ClientName, scenario: Scenario): Outcome {
  const outcome = outcomes.get(key(client, scenario));
  if (outcome === undefined || outcome instanceof Error) throw outcome ?? new Error('it did not run');
  return outcome;
}

/** Names and labels of an exposition, without its values. */
const seriesOf = (lines: readonly string[]): string[] =>
  lines.filter((line) => line !== '').map((line) => (line.startsWith('#') ? line : line.replace(/ \S+$/, '')));

/** What a client did is what the scenario says. */
function check(scenario: Scenario, { requests, secrets, exposition, log, exit }: Outcome): void {
  expect(exit).toBe(String(scenario.exit ?? 0));
  if (scenario.requests?.length === 0) expect(requests).toEqual([]);
  for (const [index, expected] of (scenario.requests ?? []).entries()) {
    const request = requests[index];
    if (!request) throw new Error(`there were only ${requests.length} requests; it said:\n${log}`);
    const { beat } = request;
    expect({ index, ...beat }).toMatchObject({ index, seq: expected.seq, ...expected.body });
    if (expected.publisher) expect(beat['publisher']).toMatchObject(expected.publisher);
    if (expected.keys !== undefined) expect(Object.keys(beat).join(' ')).toBe(expected.keys);
    if (expected.afterMs !== undefined)
      expect(request.afterMs).toBeGreaterThanOrEqual(expected.afterMs - TIMER_SLACK_MS);
    if (expected.bearer !== undefined) expect(request.headers.authorization).toBe(`Bearer ${expected.bearer}`);
    if (expected.client !== undefined) expect(request.client).toBe(expected.client);
    if (expected.connection !== undefined) expect(request.connection).toBe(expected.connection);
  }
  const delivered = requests.filter(({ accepted }) => accepted).map(({ beat }) => beat['seq']);
  if (scenario.delivered) expect(delivered.slice(0, scenario.delivered.length)).toEqual(scenario.delivered);
  for (const [series, value] of Object.entries(scenario.metrics ?? {}))
    expect([series, valueOf(exposition, series)]).toEqual([series, value]);
  if (scenario.connections !== undefined)
    expect(new Set(requests.slice(0, scenario.requests?.length).map(({ connection }) => connection)).size).toBe(
      scenario.connections
    );
  for (const part of scenario.log ?? []) expect(log).toContain(part);
  if (scenario.goodbye) expect(requests.at(-1)?.beat).toMatchObject({ goodbye: 'shutdown' });

  const bodies = new Map<unknown, string>();
  for (const { path, headers, body, beat, client: names } of requests) {
    expect([path, headers['content-type']]).toEqual(['/openclaw/availability', 'application/json']);
    expect(headers.authorization).toMatch(/^Bearer [\w.-]+$/);
    expect(names).toContain(`URI:openclaw://node/${String(beat['node_id'])}`);
    expect(heartbeatSchema.parse(beat)).toEqual(beat);
    expect(beat['last_heartbeat']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    // Whatever is sent again is sent to the byte.
    const before = bodies.get(beat['seq']) ?? body.toString();
    expect(body.toString()).toBe(before);
    bodies.set(beat['seq'], before);
  }
  expect(new Set(requests.map(({ beat }) => beat['boot_id'])).size).toBeLessThanOrEqual(1);
  for (const secret of secrets) expect(log).not.toContain(secret);
  expect(log).not.toMatch(/PRIVATE KEY|Traceback|Warning:/);
  if (exposition !== '') expect(seriesOf(exposition.split('\n'))).toEqual(seriesOf(vectors.metrics.text));
}

describe.each(CLIENTS)('the %s client', (client) => {
  it.each(scenarios.filter((scenario) => fits(client, scenario)))(
    '$name',
    async (scenario) => {
      for (let left = TRIES - 1; left > 0; left--) {
        try {
          check(scenario, outcomeOf(client, scenario));
          return;
        } catch {
          outcomes.set(key(client, scenario), await runScenario(scenario, client));
        }
      }
      check(scenario, outcomeOf(client, scenario));
    },
    180_000
  );
});
