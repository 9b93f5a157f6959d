import { readFileSync } from 'node:fs';
import { isLoopback } from '@openclaw-fleet/client';
import { TIMINGS } from '@openclaw-fleet/contract';
import { countersInWords } from './counters.ts';
import { CredentialsError, readAllCredentials } from './credentials.ts';
import { ScenarioError } from './faults.ts';
import { runSimulation } from './fleet.ts';
import { parseCli, USAGE, UsageError } from './options.ts';
import type { CliOptions } from './options.ts';
import { scenarioOf } from './scenarios.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

function run(options: CliOptions): void {
  const { credentialsDir, timings, rampSeconds, scenario: named, doors, ...rest } = options;
  const scenario = scenarioOf(named, (path) => readFileSync(path, 'utf8'));
  const credentials = readAllCredentials(credentialsDir, options.nodes);
  const endpoint = options.endpoint ?? credentials[0]?.endpoint;
  if (!endpoint) throw new UsageError('--endpoint is missing, and the node.env of the first node names none either.');
  if (timings === 'demo' && !isLoopback(new URL(endpoint).hostname)) {
    throw new UsageError(`--timings demo is refused off loopback, and the endpoint is ${endpoint}. Leave it out.`);
  }
  const beatMs = TIMINGS[timings].beat;
  const simulation = runSimulation({
    ...rest,
    endpoint,
    credentials,
    beatMs,
    rampMs: rampSeconds * 1000,
    scenario,
    ...(doors && { doors: {} }),
  });
  say(`Simulating ${options.nodes} nodes in ${options.zones.length} zones against ${endpoint}, ${timings} timings.`);
  say(`Scenario ${scenario.name}, seed ${options.seed}: ${scenario.description} Ctrl-C stops it.`);
  const report = setInterval(
    () => say(`${countersInWords(simulation.counters())}; p99 ${simulation.latencyMs(0.99).toFixed(0)} ms`),
    beatMs
  );
  let stopping = false;
  const stop = (): void => {
    if (stopping) process.exit(130);
    stopping = true;
    clearInterval(report);
    void simulation.stop('shutdown').then(() => say(`Stopped. ${countersInWords(simulation.counters())}.`));
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

try {
  const options = parseCli(process.argv.slice(2));
  if (options) run(options);
  else process.stdout.write(USAGE);
} catch (error) {
  const expected =
    error instanceof UsageError ||
    error instanceof CredentialsError ||
    error instanceof ScenarioError ||
    error instanceof RangeError;
  process.stderr.write(`${expected ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = expected ? 2 : 1;
}
