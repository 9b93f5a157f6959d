/**
 * How a fault takes to repair, where the simulated bridges take verbs. `recovers`: the right verb cures it. `stuck`: the verb
 * says that it succeeded, and nothing changes. `worse`: the verb fails, and more breaks. `rolls-back`: what the verb changed is
 * taken back. `lies`: the bridge's door answers that all is well. `silent`: the door is closed.
 */
export const REPAIRS = ['recovers', 'stuck', 'worse', 'rolls-back', 'lies', 'silent'] as const;
export type Repair = (typeof REPAIRS)[number];

/** Default `recovers`. */
interface Repairable {
  readonly repair?: Repair;
}

/** What can go wrong with a simulated node. */
export type Fault =
  /** Sends nothing and closes its connection, as a killed process does. */
  | { readonly kind: 'silence' }
  /** Its clock is this many beats ahead (negative: behind); over 5, the intake refuses it (domain-rules section 1). */
  | { readonly kind: 'clock-skew'; readonly beats: number }
  /** Beside its own beats it sends, byte for byte, the one from `beatsAgo` beats ago. */
  | { readonly kind: 'replay'; readonly beatsAgo: number }
  /** A second process with the same credentials beats beside it, as a cloned machine does. */
  | { readonly kind: 'duplicate-id' }
  /** Up for `upBeats`, silent for `downBeats`, over and over. */
  | { readonly kind: 'flapping'; readonly upBeats: number; readonly downBeats: number }
  /** Somebody edited the gateway's configuration on the node: its hashes change. */
  | ({ readonly kind: 'config-drift' } & Repairable)
  /** This share of its scheduled jobs' results are failures. */
  | ({ readonly kind: 'job-failures'; readonly ratio: number } & Repairable)
  /** The gateway answers nothing; the bridge beside it lives and says so. */
  | ({ readonly kind: 'gateway-hang' } & Repairable)
  /** The bridge's heartbeats stop, while its process lives and its door answers. */
  | ({ readonly kind: 'beats-stale' } & Repairable)
  /** Every node of the zone is silent. */
  | { readonly kind: 'zone-loss' };

export type FaultKind = Fault['kind'];

/** Faults that a verb is for. */
export const CURABLE = [
  'config-drift',
  'job-failures',
  'gateway-hang',
  'beats-stale',
] as const satisfies readonly FaultKind[];
export type CurableKind = (typeof CURABLE)[number];

export function isCurable(fault: Fault): fault is Extract<Fault, { readonly kind: CurableKind }> {
  return (CURABLE as readonly FaultKind[]).includes(fault.kind);
}

/** Whom a fault befalls. A share or a count is drawn from the seed. */
export type Selection =
  | { readonly all: true }
  | { readonly node: number }
  | { readonly count: number }
  | { readonly share: number }
  | { readonly zone: string | number };

/** A fault at its time. `from` and `for` are in beats (told intervals), counted from the end of the ramp. */
export type ScriptedFault = Fault & { readonly from: number; readonly for: number; readonly nodes: Selection };

/** What befalls a fleet over time. */
export interface Scenario {
  readonly name: string;
  readonly description: string;
  /** Starts over after this many beats; without it the script runs once. */
  readonly repeatBeats?: number;
  readonly faults: readonly ScriptedFault[];
}

/** A scenario file is wrong; the message names the field and the fix. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

type Fields = Record<string, unknown>;

/** Each kind's own settings with what they must be. */
const SETTINGS: Record<
  FaultKind,
  Record<string, { readonly test: (value: number) => boolean; readonly must: string }>
> = {
  silence: {},
  'clock-skew': { beats: { test: (value) => value !== 0, must: 'a number of beats other than 0' } },
  replay: {
    beatsAgo: {
      test: (value) => Number.isInteger(value) && value >= 1 && value <= 32,
      must: 'a whole number from 1 to 32',
    },
  },
  'duplicate-id': {},
  flapping: {
    upBeats: { test: (value) => value > 0, must: 'a number of beats over 0' },
    downBeats: { test: (value) => value > 0, must: 'a number of beats over 0' },
  },
  'config-drift': {},
  'job-failures': { ratio: { test: (value) => value > 0 && value <= 1, must: 'over 0 and at most 1' } },
  'gateway-hang': {},
  'beats-stale': {},
  'zone-loss': {},
};

/** A restart cannot be taken back. */
const RESTARTED = REPAIRS.filter((repair) => repair !== 'rolls-back');
/** How each kind that a verb is for may take to repair. */
const REPAIRS_OF: { readonly [kind in FaultKind]?: readonly Repair[] } & Record<CurableKind, readonly Repair[]> = {
  'config-drift': REPAIRS,
  'job-failures': REPAIRS,
  'gateway-hang': RESTARTED,
  'beats-stale': RESTARTED,
};

const FAULT_KINDS = Object.keys(SETTINGS) as FaultKind[];

function fieldsOf(value: unknown, where: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ScenarioError(`${where} must be an object.`);
  return value as Fields;
}

function numberIn(fields: Fields, name: string, where: string, test: (value: number) => boolean, must: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || !test(value)) {
    throw new ScenarioError(
      `${where}.${name} must be ${must}; it is ${value === undefined ? 'missing' : JSON.stringify(value)}.`
    );
  }
  return value;
}

function textIn(fields: Fields, name: string, where: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw new ScenarioError(`${where}.${name} must be a text.`);
  return value;
}

function refuseUnknown(fields: Fields, known: readonly string[], where: string): void {
  for (const name of Object.keys(fields)) {
    if (!known.includes(name))
      throw new ScenarioError(`${where}.${name} is not known here; known are ${known.join(', ')}.`);
  }
}

function selectionOf(value: unknown, where: string): Selection {
  const fields = fieldsOf(value, where);
  const kinds = ['all', 'node', 'count', 'share', 'zone'];
  refuseUnknown(fields, kinds, where);
  if (Object.keys(fields).length !== 1)
    throw new ScenarioError(`${where} must have exactly one of ${kinds.join(', ')}.`);
  const wholeFrom = (least: number) => (number: number) => Number.isInteger(number) && number >= least;
  if ('node' in fields) return { node: numberIn(fields, 'node', where, wholeFrom(0), 'the index of a node, from 0') };
  if ('count' in fields) return { count: numberIn(fields, 'count', where, wholeFrom(1), 'a whole number from 1') };
  if ('share' in fields)
    return { share: numberIn(fields, 'share', where, (share) => share > 0 && share <= 1, 'over 0 and at most 1') };
  if (typeof fields['zone'] === 'string') return { zone: fields['zone'] };
  if ('zone' in fields)
    return { zone: numberIn(fields, 'zone', where, wholeFrom(0), 'the name or the index (from 0) of a zone') };
  if (fields['all'] !== true) throw new ScenarioError(`${where}.all must be true.`);
  return { all: true };
}

function faultOf(value: unknown, where: string): ScriptedFault {
  const fields = fieldsOf(value, where);
  const kind = fields['kind'] as FaultKind;
  if (!FAULT_KINDS.includes(kind)) throw new ScenarioError(`${where}.kind must be one of ${FAULT_KINDS.join(', ')}.`);
  const own = SETTINGS[kind];
  const repairs = REPAIRS_OF[kind];
  const known = ['kind', 'from', 'for', 'nodes', ...Object.keys(own), ...(repairs ? ['repair'] : [])];
  refuseUnknown(fields, known, where);
  const repair = fields['repair'] as Repair | undefined;
  if (repair !== undefined && !repairs?.includes(repair))
    throw new ScenarioError(`${where}.repair must be one of ${repairs?.join(', ') ?? ''}.`);
  const settings: Record<string, number> = {};
  for (const [name, { test, must }] of Object.entries(own)) settings[name] = numberIn(fields, name, where, test, must);
  const nodes = selectionOf(fields['nodes'], `${where}.nodes`);
  if (kind === 'zone-loss' && !('zone' in nodes))
    throw new ScenarioError(`${where}.nodes must name a zone, as in {"zone": 0}.`);
  return {
    kind,
    ...settings,
    ...(repair !== undefined && { repair }),
    from: numberIn(fields, 'from', where, (from) => from >= 0, 'a number of beats from 0'),
    for: numberIn(fields, 'for', where, (length) => length > 0, 'a number of beats over 0'),
    nodes,
  } as ScriptedFault;
}

/**
 * Checks a scenario that came from outside.
 * @param value parsed JSON
 * @throws ScenarioError that names the field
 */
export function parseScenario(value: unknown): Scenario {
  const fields = fieldsOf(value, 'scenario');
  refuseUnknown(fields, ['name', 'description', 'repeatBeats', 'faults'], 'scenario');
  if (!Array.isArray(fields['faults'])) throw new ScenarioError('scenario.faults must be a list.');
  const scenario = {
    name: textIn(fields, 'name', 'scenario'),
    description: textIn(fields, 'description', 'scenario'),
    faults: fields['faults'].map((fault, index) => faultOf(fault, `scenario.faults[${index}]`)),
  };
  if (fields['repeatBeats'] === undefined) return scenario;
  return {
    ...scenario,
    repeatBeats: numberIn(fields, 'repeatBeats', 'scenario', (beats) => beats > 0, 'a number of beats over 0'),
  };
}
