import type { Batch, Plan, Refusal, RemediationStatus, Run, RunDetail } from '@openclaw-fleet/contract';
import type { PlanRow, RemediationStore } from '../storage/types.ts';
import { batchView } from './batches.ts';
import { guardContext, type ContextParts } from './context.ts';
import { afterStart } from './guardrails/after-start.ts';
import { automationOff } from './guardrails/automation-off.ts';
import { blastRadius } from './guardrails/blast-radius.ts';
import { blind } from './guardrails/blind.ts';
import { paused } from './guardrails/paused.ts';
import { zonesNotNormal } from './guardrails/zones-not-normal.ts';
import { planOf, runOf } from './records.ts';
import { inFlightCap } from './rules/shares.ts';
import type { RunQuery, TargetFacts } from './types.ts';

/** Runs of a batch that are read at the most: 50 targets and their retries. */
const BATCH_RUNS = 500;

type Parts = ContextParts & { readonly store: RemediationStore; readonly clock: () => number };

export async function runDetail({ books, store }: Parts, runId: string): Promise<RunDetail | null> {
  const open = books.runs.get(runId);
  if (open !== undefined) return { ...open.run, plan: books.planOf(open.run).plan, steps: [...open.steps] };
  const stored = await store.run(runId);
  if (stored === null) return null;
  const { run, steps } = runOf(stored.run, stored.steps);
  return { ...run, plan: planOf(stored.plan).plan, steps: [...steps] };
}

/** A run without its plan and steps. */
export async function bareRun({ books, store }: Parts, runId: string): Promise<Run | null> {
  const open = books.runs.get(runId);
  if (open !== undefined) return open.run;
  const stored = await store.run(runId);
  return stored === null ? null : runOf(stored.run, []).run;
}

export async function runList({ store }: Parts, query: RunQuery): Promise<{ runs: Run[]; total: number }> {
  const { rows, total } = await store.runs(query);
  return { runs: rows.map((row) => runOf(row, []).run), total };
}

export async function planRecord({ books, store }: Parts, planId: string): Promise<ReturnType<typeof planOf> | null> {
  const known = books.plans.get(planId);
  if (known !== undefined) return known;
  const row: PlanRow | null = await store.plan(planId);
  return row === null ? null : planOf(row);
}

export async function plan(parts: Parts, planId: string): Promise<Plan | null> {
  return (await planRecord(parts, planId))?.plan ?? null;
}

export async function batch(parts: Parts, batchId: string): Promise<Batch | null> {
  const record = await planRecord(parts, batchId);
  if (!record?.batch) return null;
  const { rows } = await parts.store.runs({ batchId, limit: BATCH_RUNS });
  const runs = rows.map((row) => runOf(row, []).run).reverse();
  return batchView(record, runs);
}

/** A target that no guardrail of the fleet as a whole looks at. */
const ANY: TargetFacts = {
  id: '',
  name: '',
  zone: '',
  zoneVerdict: 'normal',
  zoneExpected: 0,
  owner: null,
  tags: [],
  profileId: '',
  state: 'online',
  seenMs: null,
  intervalMs: 0,
  bridged: true,
  capabilities: [],
  isolated: false,
  reported: null,
  jobs: null,
  openFaults: [],
  repairable: [],
  desiredRevision: null,
  desiredConfigHash: null,
  driftMode: 'ApplyAndAutoCorrect',
  guardrails: {},
  windowOpen: true,
  windowReason: '',
  window: null,
};

/** Why nothing begins by itself now, anywhere; null: something may. */
function automationHeld(parts: Parts): Refusal | null {
  const candidate = {
    target: ANY,
    playbook: 'BridgeStuck',
    fault: null,
    trigger: 'automation',
    approved: true,
    approvalsNeeded: 0,
    planSize: 1,
    batchHalted: false,
    runId: null,
  } as const;
  const context = guardContext(parts, candidate, parts.clock());
  for (const guardrail of [automationOff, paused, blind, zonesNotNormal, blastRadius, afterStart]) {
    const refusal = guardrail(context);
    if (refusal !== null) return refusal;
  }
  return null;
}

export function status(parts: Parts, refused: ReadonlyMap<string, number>): RemediationStatus {
  const { books, fleet, limits, automation, clock } = parts;
  const waiting = [...books.runs.values()].filter(({ run }) => run.state === 'pending_approval');
  return {
    automation: { ...automation(), held: automationHeld(parts) },
    inFlight: books.inFlight().size,
    inFlightCap: inFlightCap(fleet.standing(clock()).expected, limits),
    pendingApprovals: new Set(waiting.map(({ run }) => run.planId)).size,
    holds: books.holds(null),
    efficacy: books.efficacy(),
    refused: Object.fromEntries(refused),
  };
}
