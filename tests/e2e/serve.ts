// Starts a whole fleet with Grafana for whoever wants to look, and runs until it is told to stop: see README.md.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { scenarioOf } from '../../backend/simulator/index.ts';
import { openControl } from './support/control.ts';
import { Stage } from './support/stage.ts';

const USAGE = `node tests/e2e/serve.ts [flags]

  --targets=<n>       simulated nodes (default 40)
  --scenario=<name>   what befalls them: steady, repairs, chaos, ... (default repairs)
  --real[=<n>]        also so many real OpenClaw gateways (default 1)
  --dist=<folder>     the built app (default dist/)
  --flag=false        VITE_SMART_FLEET_V2_ENABLED
`;

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: args.map((arg) => (arg === '--real' ? '--real=1' : arg)),
    options: {
      targets: { type: 'string', default: '40' },
      scenario: { type: 'string', default: 'repairs' },
      real: { type: 'string', default: '0' },
      flag: { type: 'string' },
      dist: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const { promise: stopped, resolve: stop } = Promise.withResolvers<'stop'>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop('stop'));
  const stage = await Stage.start({
    targets: Number(values.targets),
    real: Number(values.real),
    scenario: scenarioOf(values.scenario, (path) => readFileSync(path, 'utf8')),
    say,
    ...(values.flag !== undefined && { flag: values.flag }),
    ...(values.dist !== undefined && { dist: resolve(values.dist) }),
  });
  const control = await openControl(stage);
  process.stdout.write(`${JSON.stringify({ ...stage.facts, controlUrl: control.url })}\n`);
  say(
    `Grafana ${stage.facts.grafanaVersion}: ${stage.facts.grafanaUrl}/a/openclaw-fleet-app/fleet . Ctrl-C stops everything.`
  );
  await stopped;
  await control.close();
  await stage.stop();
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  say((error as Error).message);
  process.exitCode = 1;
}
