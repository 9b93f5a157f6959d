import { hex, randomOf, shuffled } from './random.ts';
import { isCurable } from './faults.ts';
import type { CurableKind, Fault, FaultKind, Repair, Scenario, Selection } from './faults.ts';

/** A fault of one node, in milliseconds since the simulation began. */
interface FaultWindow {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly toMs: number;
}

/** One simulated node: who it is and what befalls it. Pure data; the same inputs give the same plan. */
export interface NodePlan {
  readonly index: number;
  readonly id: string;
  readonly hostname: string;
  readonly zone: string;
  readonly version: string;
  /** Stands for a gateway with a bridge beside it; else a plain sender. */
  readonly bridged: boolean;
  /** Seed of the node's own stream of random numbers. */
  readonly seed: number;
  /** When its first beat is due, in milliseconds since the simulation began. */
  readonly startMs: number;
  readonly windows: readonly FaultWindow[];
  /** Where the script begins (the end of the ramp), and after how long it starts over. */
  readonly scriptMs: number;
  readonly repeatMs: number | null;
  readonly beatMs: number;
}

export interface PlanOptions {
  /** One per node, in order. */
  readonly ids: readonly string[];
  readonly seed: number;
  /** Names of the zones; nodes are dealt to them in turn. */
  readonly zones: readonly string[];
  /** Over how long the nodes start. */
  readonly rampMs: number;
  /** The told interval, which the script counts in. */
  readonly beatMs: number;
  readonly scenario: Scenario;
  /** Share of the nodes that stand for a gateway with a bridge; default 1. */
  readonly bridgedShare?: number;
}

/** A fault that a verb is for, in one of its windows. */
export interface Occurrence {
  /** Another one each time the script starts over. */
  readonly id: string;
  readonly kind: CurableKind;
  readonly repair: Repair;
}

/** What a node does at one moment. */
export interface Behaviour {
  readonly silent: boolean;
  /** Sends nothing, though its process and its connections live. */
  readonly mute: boolean;
  /** How long its gateway has hung, in milliseconds; null: it does not. */
  readonly hungMs: number | null;
  readonly skewMs: number;
  readonly replayBeatsAgo: number | null;
  readonly duplicate: boolean;
  readonly drifted: boolean;
  readonly jobFailureRatio: number;
  /** Every fault under way, for a person. */
  readonly faults: readonly FaultKind[];
  /** Those of them that a verb may cure. */
  readonly curable: readonly Occurrence[];
}

function zoneIndexOf(zone: string | number, zones: readonly string[], fault: string): number {
  const index = typeof zone === 'number' ? zone : zones.indexOf(zone);
  if (zones[index] === undefined)
    throw new RangeError(`The ${fault} of the scenario names the zone ${zone}, but there are: ${zones.join(', ')}.`);
  return index;
}

/** The indexes of the nodes that `selection` means, drawn from `stream` of the seed where it leaves a choice. */
export function select(
  selection: Selection,
  count: number,
  zones: readonly string[],
  seed: number,
  stream: string
): Set<number> {
  const all = Array.from({ length: count }, (_, index) => index);
  if ('node' in selection) return new Set(all.filter((index) => index === selection.node));
  if ('zone' in selection) {
    const zone = zoneIndexOf(selection.zone, zones, stream);
    return new Set(all.filter((index) => index % zones.length === zone));
  }
  if ('all' in selection) return new Set(all);
  const wanted = 'count' in selection ? selection.count : Math.round(selection.share * count);
  return new Set(shuffled(all, randomOf(seed, stream)).slice(0, wanted));
}

/**
 * Works out who the nodes are and what befalls each, from the seed alone.
 * @throws RangeError when there is no zone, or the scenario names one that does not exist
 */
export function planFleet(options: PlanOptions): NodePlan[] {
  const { ids, seed, zones, rampMs, beatMs, scenario, bridgedShare = 1 } = options;
  if (zones.length === 0) throw new RangeError('A fleet needs at least one zone.');
  const windows: FaultWindow[][] = ids.map(() => []);
  for (const [place, fault] of scenario.faults.entries()) {
    const window = { fault, fromMs: fault.from * beatMs, toMs: (fault.from + fault.for) * beatMs };
    for (const index of select(fault.nodes, ids.length, zones, seed, `fault ${place} (${fault.kind})`))
      windows[index]?.push(window);
  }
  const bridged = select({ share: bridgedShare }, ids.length, zones, seed, 'bridged');
  return ids.map((id, index) => {
    const random = randomOf(seed, `node ${index}`);
    const zone = zones[index % zones.length] as string;
    return {
      index,
      id,
      hostname: `gateway-${String(index + 1).padStart(2, '0')}.example`,
      zone,
      version: random() < 0.8 ? '1.2.0' : '1.1.3',
      bridged: bridged.has(index),
      seed: parseInt(hex(8, random), 16),
      startMs: ids.length > 1 ? ((index + random()) / ids.length) * rampMs : 0,
      windows: windows[index] ?? [],
      scriptMs: rampMs,
      repeatMs: scenario.repeatBeats === undefined ? null : scenario.repeatBeats * beatMs,
      beatMs,
    };
  });
}

const isDown = (fault: Fault, sinceMs: number, beatMs: number): boolean => {
  if (fault.kind === 'silence' || fault.kind === 'zone-loss') return true;
  if (fault.kind !== 'flapping') return false;
  const cycle = (fault.upBeats + fault.downBeats) * beatMs;
  return sinceMs % cycle >= fault.upBeats * beatMs;
};

const NONE: ReadonlySet<string> = new Set();

/**
 * What the node of `plan` does `atMs` milliseconds after the simulation began.
 * @param cured ids of occurrences that were repaired
 */
export function behaviourAt(plan: NodePlan, atMs: number, cured = NONE): Behaviour {
  const scripted = atMs - plan.scriptMs;
  const round = plan.repeatMs === null || scripted < 0 ? 0 : Math.floor(scripted / plan.repeatMs);
  const at = plan.repeatMs === null ? scripted : scripted - round * plan.repeatMs;
  const active = plan.windows
    .map((window, place) => ({ ...window, id: `${round}.${place}` }))
    .filter(({ fromMs, toMs, id }) => at >= fromMs && at < toMs && !cured.has(id));
  let [silent, mute, skewMs, duplicate, drifted, jobFailureRatio] = [false, false, 0, false, false, 0];
  let replayBeatsAgo: number | null = null;
  let hungMs: number | null = null;
  const curable: Occurrence[] = [];
  for (const { fault, fromMs, id } of active) {
    silent ||= isDown(fault, at - fromMs, plan.beatMs);
    mute ||= fault.kind === 'beats-stale';
    if (fault.kind === 'gateway-hang') hungMs = Math.max(hungMs ?? 0, at - fromMs);
    if (fault.kind === 'clock-skew') skewMs += fault.beats * plan.beatMs;
    if (fault.kind === 'replay') replayBeatsAgo = fault.beatsAgo;
    if (fault.kind === 'job-failures') jobFailureRatio = Math.max(jobFailureRatio, fault.ratio);
    duplicate ||= fault.kind === 'duplicate-id';
    drifted ||= fault.kind === 'config-drift';
    if (isCurable(fault)) curable.push({ id, kind: fault.kind, repair: fault.repair ?? 'recovers' });
  }
  return {
    silent,
    mute,
    hungMs,
    skewMs,
    replayBeatsAgo,
    duplicate,
    drifted,
    jobFailureRatio,
    faults: active.map(({ fault }) => fault.kind),
    curable,
  };
}

/**
 * When the node beats until `untilMs`, were it told its own interval each time: the dry run of a schedule.
 * A silent node is asked again at each beat.
 */
export function scheduleOf(plan: NodePlan, untilMs: number): { atMs: number; behaviour: Behaviour }[] {
  const random = randomOf(plan.seed, 'pace');
  const schedule = [];
  for (let atMs = plan.startMs; atMs < untilMs; atMs += paceOf(plan.beatMs, random)) {
    schedule.push({ atMs, behaviour: behaviourAt(plan, atMs) });
  }
  return schedule;
}

/** The wait before the next beat: 0.9 to 1.0 of the told interval (domain-rules section 1). */
export function paceOf(intervalMs: number, random: () => number): number {
  return Math.round(intervalMs * (0.9 + 0.1 * random()));
}
