import { parseScenario, ScenarioError } from './faults.ts';
import type { Scenario } from './faults.ts';

const always = { from: 0, for: 1e9 };

/** The scenarios that have a name. Times are in beats after the ramp: 3 s each with demo timings, 60 s in production. */
export const SCENARIOS = {
  steady: { name: 'steady', description: 'Every node is healthy.', faults: [] },
  demo: {
    name: 'demo',
    description: 'Six or more nodes in two zones; they misbehave in turn, and the script starts over every 120 beats.',
    repeatBeats: 120,
    faults: [
      { kind: 'gateway-hang', from: 4, for: 70, nodes: { node: 1 } },
      { kind: 'config-drift', from: 8, for: 60, nodes: { node: 4 } },
      { kind: 'job-failures', ratio: 0.6, from: 12, for: 70, nodes: { node: 2 } },
      { kind: 'beats-stale', from: 24, for: 40, nodes: { node: 3 } },
      { kind: 'clock-skew', beats: 3, from: 30, for: 4, nodes: { node: 0 } },
      { kind: 'gateway-hang', repair: 'stuck', from: 40, for: 36, nodes: { node: 5 } },
      { kind: 'zone-loss', from: 84, for: 6, nodes: { zone: 1 } },
      { kind: 'flapping', upBeats: 2, downBeats: 4, from: 92, for: 15, nodes: { node: 5 } },
      { kind: 'duplicate-id', from: 94, for: 6, nodes: { node: 0 } },
      { kind: 'replay', beatsAgo: 3, from: 98, for: 8, nodes: { node: 2 } },
      { kind: 'silence', from: 108, for: 6, nodes: { node: 1 } },
    ],
  },
  chaos: {
    name: 'chaos',
    description: 'Every fault at once, each on its own share of a large fleet.',
    repeatBeats: 30,
    faults: [
      { kind: 'silence', from: 2, for: 5, nodes: { share: 0.05 } },
      { kind: 'clock-skew', beats: -20, from: 4, for: 8, nodes: { share: 0.05 } },
      { kind: 'clock-skew', beats: 4, from: 14, for: 6, nodes: { share: 0.05 } },
      { kind: 'replay', beatsAgo: 4, from: 3, for: 20, nodes: { share: 0.05 } },
      { kind: 'duplicate-id', from: 5, for: 10, nodes: { share: 0.02 } },
      { kind: 'flapping', upBeats: 1, downBeats: 3, from: 2, for: 24, nodes: { share: 0.03 } },
      { kind: 'config-drift', from: 6, for: 12, nodes: { share: 0.1 } },
      { kind: 'job-failures', ratio: 0.5, from: 8, for: 12, nodes: { share: 0.1 } },
      { kind: 'zone-loss', from: 18, for: 4, nodes: { zone: 0 } },
    ],
  },
  silence: {
    name: 'silence',
    description: 'A third of the fleet dies at the third beat and stays dead.',
    faults: [{ kind: 'silence', from: 3, for: 1e9, nodes: { share: 1 / 3 } }],
  },
  'clock-skew': {
    name: 'clock-skew',
    description: 'Clocks are wrong by an hour of beats, ahead within the limit, or beyond it.',
    faults: [
      { kind: 'clock-skew', beats: -60, ...always, nodes: { share: 0.2 } },
      { kind: 'clock-skew', beats: 4, ...always, nodes: { share: 0.2 } },
      { kind: 'clock-skew', beats: 20, from: 5, for: 5, nodes: { share: 0.1 } },
    ],
  },
  replay: {
    name: 'replay',
    description: 'Half of the fleet repeats old beats beside its own.',
    faults: [{ kind: 'replay', beatsAgo: 3, ...always, nodes: { share: 0.5 } }],
  },
  'duplicate-id': {
    name: 'duplicate-id',
    description: 'A fifth of the fleet runs twice with the same credentials.',
    faults: [{ kind: 'duplicate-id', ...always, nodes: { share: 0.2 } }],
  },
  flapping: {
    name: 'flapping',
    description: 'A fifth of the fleet comes and goes.',
    faults: [{ kind: 'flapping', upBeats: 2, downBeats: 4, ...always, nodes: { share: 0.2 } }],
  },
  'config-drift': {
    name: 'config-drift',
    description: 'A quarter of the fleet runs another configuration from the third beat on.',
    faults: [{ kind: 'config-drift', from: 3, for: 1e9, nodes: { share: 0.25 } }],
  },
  'job-failures': {
    name: 'job-failures',
    description: 'On a quarter of the fleet half of the scheduled jobs fail.',
    faults: [{ kind: 'job-failures', ratio: 0.5, from: 3, for: 1e9, nodes: { share: 0.25 } }],
  },
  'gateway-hang': {
    name: 'gateway-hang',
    description: 'A quarter of the gateways hang from the third beat on; a restart cures them.',
    faults: [{ kind: 'gateway-hang', from: 3, for: 1e9, nodes: { share: 0.25 } }],
  },
  'beats-stale': {
    name: 'beats-stale',
    description: 'A quarter of the bridges beat no more from the third beat on, though their doors answer.',
    faults: [{ kind: 'beats-stale', from: 3, for: 1e9, nodes: { share: 0.25 } }],
  },
  repairs: {
    name: 'repairs',
    description: 'Half of a large fleet needs a repair, and each takes to it in another way.',
    faults: [
      { kind: 'gateway-hang', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'gateway-hang', repair: 'stuck', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'gateway-hang', repair: 'worse', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'gateway-hang', repair: 'silent', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'beats-stale', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'config-drift', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'config-drift', repair: 'rolls-back', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'config-drift', repair: 'lies', from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'job-failures', ratio: 0.6, from: 3, for: 1e9, nodes: { share: 0.05 } },
      { kind: 'job-failures', ratio: 0.6, repair: 'rolls-back', from: 3, for: 1e9, nodes: { share: 0.05 } },
    ],
  },
  'zone-loss': {
    name: 'zone-loss',
    description: 'The first zone is gone from the third to the tenth beat.',
    faults: [{ kind: 'zone-loss', from: 3, for: 7, nodes: { zone: 0 } }],
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];

/**
 * Finds the scenario that `nameOrFile` means: a name of SCENARIOS, or a path that ends in `.json`.
 * @param read reads a file as text
 * @throws ScenarioError that says which names there are, or which field of the file is wrong
 */
export function scenarioOf(nameOrFile: string, read: (path: string) => string): Scenario {
  if (Object.hasOwn(SCENARIOS, nameOrFile)) return SCENARIOS[nameOrFile as ScenarioName];
  if (!nameOrFile.endsWith('.json')) {
    throw new ScenarioError(
      `There is no scenario "${nameOrFile}". Use ${SCENARIO_NAMES.join(', ')}, or the path of a .json file.`
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(read(nameOrFile));
  } catch (error) {
    throw new ScenarioError(`The scenario ${nameOrFile} cannot be read: ${(error as Error).message}.`);
  }
  return parseScenario(value);
}
