import { setImmediate } from 'node:timers/promises';
import { BANDS, type Band, type PolicyPreview, type PreviewItem, type Timings } from '@openclaw-fleet/contract';
import { assess, isolating, transitions } from '../assessment/assess.ts';
import type { Assessment, Expectation, Fault, Subject } from '../assessment/types.ts';
import type { FleetNode } from '../fleet/types.ts';
import { isLowRisk, repairFaults } from '../remediation/rules/faults.ts';
import { automationKeptOff } from '../remediation/rules/limits.ts';
import type { PolicyFleet, Profile } from './types.ts';
import { windowVerdict } from './windows.ts';

const MOST_ITEMS = 500;
/** Targets looked at before other work has its turn. */
const SLICE = 500;

const nameOf = ({ kind, code }: Fault): string => `${kind}.${code}`;
const shown = (fault: Fault): { fault: string; severity: string; message: string } => ({
  fault: nameOf(fault),
  severity: fault.severity,
  message: fault.message,
});

/** A target as repairs look at it: a burst of failures and a silence are faults too. */
export interface PreviewScene {
  readonly subject: Subject;
  readonly nowMs: number;
  readonly timings: Timings;
  /** Whether the guardrails and windows of its profile let automation through, now and then; absent: they do. */
  readonly let?: { readonly now: boolean; readonly then: boolean };
}

/** What automation would act on by itself. */
function automated(
  faults: readonly Fault[],
  { desired, driftMode }: Expectation,
  { subject, nowMs, timings }: PreviewScene
): string[] {
  if (!desired.allowAutoRemediation || isolating(faults)) return [];
  const { report, state, seenMs, intervalMs } = subject;
  const bridged = report.reported !== undefined;
  const looked = { state, seenMs, intervalMs, faults, jobs: report.jobs ?? null, bridged };
  const low = repairFaults(looked, nowMs, timings).filter((fault) => isLowRisk(fault, driftMode));
  return [...new Set(low.map(({ playbook }) => playbook))];
}

function letsAutomation({ spec: { guardrails, windows } }: Profile, nowMs: number): boolean {
  return !automationKeptOff(guardrails) && windowVerdict(windows, nowMs).open;
}

/** What becomes of one target; null: nothing. */
export function previewItem(
  scene: PreviewScene,
  before: Assessment,
  expected: Expectation,
  after: Assessment,
  expectation: Expectation
): PreviewItem | null {
  const changes = transitions(before.faults, after.faults);
  const running = scene.let?.now === false ? [] : automated(before.faults, expected, scene);
  const runs = scene.let?.then === false ? [] : automated(after.faults, expectation, scene);
  const item: PreviewItem = {
    targetId: scene.subject.id,
    before: { score: before.score, band: before.band },
    after: { score: after.score, band: after.band },
    opens: changes.filter(({ change }) => change === 'opened').map(({ fault }) => shown(fault)),
    closes: changes.filter(({ change }) => change === 'resolved').map(({ fault }) => shown(fault)),
    changes: changes
      .filter(({ change }) => change === 'escalated' || change === 'eased')
      .map(({ fault }) => ({
        fault: nameOf(fault),
        before: before.faults.find(({ id }) => id === fault.id)?.severity ?? fault.severity,
        after: fault.severity,
        message: fault.message,
      })),
    playbooks: runs.filter((playbook) => !running.includes(playbook)),
  };
  const same = before.score === after.score && before.band === after.band;
  return same && changes.length === 0 && item.playbooks.length === 0 ? null : item;
}

/**
 * Assesses nodes against what would be expected of them, beside what was last decided. Gives way to other work in between.
 * @param expectation what would be expected of a node, and what is
 * @param listed which of those that change are listed; each when left out
 * @param profile the one it would have, and has: its guardrails and windows may keep automation off
 */
export async function previewOf(
  fleet: PolicyFleet,
  nodes: Iterable<FleetNode>,
  expectation: { readonly then: (nodeId: string) => Expectation; readonly now: (nodeId: string) => Expectation },
  profile: { readonly then: (nodeId: string) => Profile; readonly now: (nodeId: string) => Profile },
  clock: () => number,
  timings: Timings,
  listed: (item: PreviewItem) => boolean = () => true
): Promise<PolicyPreview> {
  const at = new Date(clock()).toISOString();
  const bands = Object.fromEntries(BANDS.map((band) => [band, { before: 0, after: 0 }])) as Record<
    Band,
    { before: number; after: number }
  >;
  const items: PreviewItem[] = [];
  let looked = 0;
  let changed = 0;
  for (const node of nodes) {
    if (looked > 0 && looked % SLICE === 0) await setImmediate();
    looked += 1;
    const nowMs = clock();
    const then = expectation.then(node.id);
    const before = node.assessment;
    const subject = fleet.subject(node, nowMs);
    const after = assess(subject, then, before.faults, nowMs, timings);
    bands[before.band].before += 1;
    bands[after.band].after += 1;
    const lets = {
      now: letsAutomation(profile.now(node.id), nowMs),
      then: letsAutomation(profile.then(node.id), nowMs),
    };
    const item = previewItem({ subject, nowMs, timings, let: lets }, before, expectation.now(node.id), after, then);
    if (item === null) continue;
    changed += 1;
    if (items.length < MOST_ITEMS && listed(item)) items.push(item);
  }
  return { looked, changed, bands, items, at };
}
