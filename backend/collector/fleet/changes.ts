import type { DriftDetected, FaultChange, FleetHealthChanged, PolicyViolationEvent } from '@openclaw-fleet/contract';
import { isolating, reworded, transitions } from '../assessment/assess.ts';
import { riskOf } from '../assessment/score.ts';
import type { Assessment, Fault, FaultTransition, Report } from '../assessment/types.ts';
import type { Because } from './types.ts';
import type { FaultRow, NewChange, NewEvent, NodeChanges } from '../storage/types.ts';

/** A move of the score by this much is told of even within a band (domain-rules section 3). */
const NOTABLE_MOVE = 5;

/** The score and band that were last told of. */
export interface Told {
  readonly score: number | null;
  readonly band: Assessment['band'];
}

export const NEVER_TOLD: Told = { score: null, band: 'unknown' };

/** Whose changes these are. */
export interface Whose {
  readonly id: string;
  readonly name: string;
  readonly zone: string;
}

/** Collects what one decision about a node changed, to be stored with it. */
export class Changes implements NodeChanges {
  readonly events: NewEvent[] = [];
  readonly faults: FaultRow[] = [];
  readonly scores: { nodeId: string; atMs: number; score: number | null; band: string }[] = [];
  readonly timeline: NewChange[] = [];
  // Private, so that it does not cross to the database's thread.
  readonly #transitions: FaultTransition[] = [];
  readonly #whose: Whose;
  readonly #atMs: number;
  readonly #signals: boolean;

  /** @param signals false: no events */
  constructor(whose: Whose, atMs: number, signals: boolean) {
    this.#whose = whose;
    this.#atMs = atMs;
    this.#signals = signals;
  }

  /** For those who count, once it is stored. */
  get transitions(): readonly FaultTransition[] {
    return this.#transitions;
  }

  note(kind: NewChange['kind'], summary: string, data: Record<string, unknown> = {}): void {
    this.timeline.push({ nodeId: this.#whose.id, atMs: this.#atMs, kind, summary, actor: null, reason: null, data });
  }

  /** What people decided goes before what follows from it. */
  decided({ summary, actor, reason }: Because): void {
    this.timeline.unshift({
      nodeId: this.#whose.id,
      atMs: this.#atMs,
      kind: 'policy',
      summary,
      actor,
      reason,
      data: {},
    });
  }

  tell(name: NewEvent['name'], data: Record<string, unknown>): void {
    if (this.#signals) this.events.push({ name, targetId: this.#whose.id, atMs: this.#atMs, data });
  }

  /** Faults that opened, changed or closed. Resolved ones come first, so that one may open in the place of another. */
  faultsChanged(before: readonly Fault[], after: readonly Fault[]): void {
    const changed = transitions(before, after);
    for (const one of changed) if (one.change === 'resolved') this.#fault(one);
    for (const one of changed) if (one.change !== 'resolved') this.#fault(one);
    // Told of by nobody, but what is stored must be what holds: a lift may have ended with it.
    for (const fault of reworded(before, after)) this.faults.push(this.#row(fault, null));
    const [was, is] = [isolating(before), isolating(after)];
    if (is && !was) this.note('isolation', 'isolated: a critical drift is open');
    if (!was || is) return;
    const lifted = after.some(({ kind, severity }) => kind === 'drift' && severity === 'critical');
    this.note('isolation', `no longer isolated: ${lifted ? 'an approver lifted it' : 'no critical drift is open'}`);
  }

  /** @param reasons why it is so now, in words */
  healthChanged(told: Told, { score, band }: Assessment, reasons: string[]): void {
    this.scores.push({ nodeId: this.#whose.id, atMs: this.#atMs, score, band });
    this.tell('fleet-health-changed', {
      ...this.#base(),
      before: { score: told.score, band: told.band },
      after: { score, band },
      riskLevel: riskOf(band),
      reasons,
    } satisfies FleetHealthChanged);
    if (band === told.band) return;
    this.note(
      'health',
      `${inBand(told)} → ${inBand({ score, band })}${reasons[0] === undefined ? '' : `: ${reasons[0]}`}`,
      {
        before: told,
        after: { score, band },
      }
    );
  }

  #fault({ change, fault }: FaultTransition): void {
    const { id, kind, code, severity, message, playbook } = fault;
    this.#transitions.push({ change, fault });
    this.faults.push(this.#row(fault, change === 'resolved' ? this.#atMs : null));
    this.note(kind, `${code} ${words(change, severity)}: ${message}`, { id, code, severity, change });
    if (fault.kind === 'drift') {
      this.tell('drift-detected', {
        ...this.#base(),
        id,
        change,
        category: fault.code,
        severity: fault.severity,
        expected: fault.expected,
        actual: fault.actual,
        reason: message,
      } satisfies DriftDetected);
    } else {
      this.tell('policy-violation', {
        ...this.#base(),
        id,
        change,
        code: fault.code,
        severity: fault.severity,
        message,
        ...(playbook !== null && { suggestedPlaybookId: playbook }),
      } satisfies PolicyViolationEvent);
    }
  }

  #row(fault: Fault, resolvedMs: number | null): FaultRow {
    const { id, kind, code, severity, expected, actual, message, playbook, openedMs, liftedMs } = fault;
    const words = { kind, code, severity, expected, actual, message, playbook };
    return { id, nodeId: this.#whose.id, ...words, openedMs, resolvedMs, liftedMs };
  }

  #base(): { targetId: string; at: string; name: string; zone: string } {
    const { id, name, zone } = this.#whose;
    return { targetId: id, at: new Date(this.#atMs).toISOString(), name, zone };
  }
}

/** Whether a change of the score is told of: another band, or a move of 5 points (domain-rules section 3). */
export function isNotable(told: Told, now: Told): boolean {
  if (told.band !== now.band) return true;
  return told.score !== null && now.score !== null && Math.abs(now.score - told.score) >= NOTABLE_MOVE;
}

/** What a report says that it did not say before, of what belongs on a timeline: field, before and after. */
export function reportChanges(last: Report, report: Report): { field: string; before: string; after: string }[] {
  const changes: { field: string; before: string; after: string }[] = [];
  const compare = (field: string, before: string | boolean | undefined, after: string | boolean | undefined): void => {
    if (before !== after) changes.push({ field, before: shown(before), after: shown(after) });
  };
  compare('name', last.hostname, report.hostname);
  compare('version', last.version, report.version);
  compare('tags', last.tags.join(', '), report.tags.join(', '));
  compare('capabilities', last.capabilities?.join(', '), report.capabilities?.join(', '));
  for (const field of TOLD_REPORTED) compare(field, last.reported?.[field], report.reported?.[field]);
  return changes;
}

const TOLD_REPORTED = [
  'bridge_version',
  'openclaw_version',
  'gateway_state',
  'gateway_boot_id',
  'health_status',
  'config_hash',
  'full_config_hash',
  'config_valid',
  'config_converged',
  'revision',
  'apply_status',
] as const;

const MOST_SHOWN = 128;

function shown(value: string | boolean | undefined): string {
  return value === undefined ? '(nothing)' : String(value).slice(0, MOST_SHOWN);
}

function inBand({ score, band }: Told): string {
  return score === null ? band : `${band} (${score})`;
}

function words(change: FaultChange, severity: string): string {
  return change === 'resolved' ? 'resolved' : `${change} as ${severity}`;
}
