import { parseArgs } from 'node:util';
import { TIMINGS_PROFILES } from '@openclaw-fleet/contract';
import type { TimingsProfile } from '@openclaw-fleet/contract';

/** What the command line of the simulator says. */
export interface CliOptions {
  readonly nodes: number;
  readonly seed: number;
  readonly rampSeconds: number;
  readonly zones: readonly string[];
  /** A scenario's name or the path of a `.json` file. */
  readonly scenario: string;
  readonly endpoint: string | null;
  readonly credentialsDir: string;
  readonly timings: TimingsProfile;
  readonly bridgedShare: number;
  /** Bridges take verbs, each at a door of its own. */
  readonly doors: boolean;
}

/** The command line cannot be followed; the message names the flag and the fix. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const USAGE = `Simulates a fleet of nodes over real TLS and tokens.

  node backend/simulator/main.ts --credentials-dir <folder> [flags]

  --credentials-dir <folder>  one folder per enrolled node, as "npx openclaw-fleet enroll" writes them
  --endpoint <url>            https address of the intake (default: the one in the nodes' node.env)
  --nodes <n>                 how many nodes (default 6)
  --seed <n>                  same seed, same schedule (default 1)
  --ramp-seconds <s>          start the nodes over this time (default 0)
  --zones <a,b,...>           names of the zones, or how many (default 2)
  --scenario <name|file.json> what befalls the fleet (default steady)
  --bridged-share <0..1>      share of nodes with a bridge (default 1)
  --doors                     bridges take verbs, each at a door of its own on loopback (an ephemeral port)
  --timings <profile>         ${TIMINGS_PROFILES.join(' or ')} (default production): the length of a beat
`;

function numberOf(flag: string, text: string, must: string, test: (value: number) => boolean): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || !test(value))
    throw new UsageError(`--${flag} must be ${must}; it is "${text}".`);
  return value;
}

/** Zone names from a list or a number: `2` gives zone-1 and zone-2. */
function zonesOf(text: string): string[] {
  if (/^\d+$/.test(text)) {
    const count = numberOf('zones', text, 'names, or how many from 1 to 100', (value) => value >= 1 && value <= 100);
    return Array.from({ length: count }, (_, index) => `zone-${index + 1}`);
  }
  const names = text.split(',').map((name) => name.trim());
  if (names.some((name) => !/^[A-Za-z0-9._-]{1,64}$/.test(name)) || new Set(names).size !== names.length) {
    throw new UsageError(
      `--zones must be different names of letters, digits, ".", "_" and "-", separated by commas; it is "${text}".`
    );
  }
  return names;
}

function timingsOf(text: string): TimingsProfile {
  const found = TIMINGS_PROFILES.find((profile) => profile === text);
  if (!found) throw new UsageError(`--timings must be ${TIMINGS_PROFILES.join(' or ')}; it is "${text}".`);
  return found;
}

/**
 * Reads the command line; null when it asks for help.
 * @throws UsageError
 */
export function parseCli(args: readonly string[]): CliOptions | null {
  const text = (fallback: string) => ({ type: 'string', default: fallback }) as const;
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        nodes: text('6'),
        seed: text('1'),
        'ramp-seconds': text('0'),
        zones: text('2'),
        scenario: text('steady'),
        endpoint: { type: 'string' },
        'credentials-dir': { type: 'string' },
        timings: text('production'),
        'bridged-share': text('1'),
        doors: { type: 'boolean', default: false },
        help: { type: 'boolean' },
      },
    }));
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  if (values.help) return null;
  const credentialsDir = values['credentials-dir'];
  if (!credentialsDir)
    throw new UsageError('--credentials-dir is missing: name the folder that holds one folder per enrolled node.');
  const endpoint = values.endpoint ?? null;
  if (endpoint !== null && URL.parse(endpoint)?.protocol !== 'https:') {
    throw new UsageError(`--endpoint must be an address that starts with https://; it is "${endpoint}".`);
  }
  return {
    nodes: numberOf(
      'nodes',
      values.nodes,
      'a whole number from 1 to 100000',
      (value) => Number.isInteger(value) && value >= 1 && value <= 100_000
    ),
    seed: numberOf('seed', values.seed, 'a whole number', Number.isInteger),
    rampSeconds: numberOf('ramp-seconds', values['ramp-seconds'], 'a number of seconds from 0', (value) => value >= 0),
    zones: zonesOf(values.zones),
    scenario: values.scenario,
    endpoint,
    credentialsDir,
    timings: timingsOf(values.timings),
    bridgedShare: numberOf(
      'bridged-share',
      values['bridged-share'],
      'from 0 to 1',
      (value) => value >= 0 && value <= 1
    ),
    doors: values.doors,
  };
}
