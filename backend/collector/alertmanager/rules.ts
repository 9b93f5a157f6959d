import type { ActingRun, Matcher, Silence, SilenceDraft } from './types.ts';

/** Who made our silences, as Alertmanager shows it. */
export const CREATED_BY = 'openclaw-fleet';
/** Alerts of what a repair may cause or cure on one target carry this label; all others still notify. */
export const KIND: Matcher = { name: 'kind', value: 'symptom', isRegex: false, isEqual: true };

const COMMENT = /^Repair (\S{1,128}) acts on /;
const MOST_NAME = 128;
/** A name is the node's: without these no part of it is a link, or something else than it seems. */
const NOT_IN_NAMES = /[^\p{L}\p{N} ._()-]/gu;
/** Silences that end by themselves were brought up to date long before. Milliseconds. */
const BY_HAND = 2000;

/** The comment of a run's silence. */
export function commentOf({ id, name, url }: ActingRun): string {
  return `Repair ${id} acts on ${name.replace(NOT_IN_NAMES, '_').slice(0, MOST_NAME).toWellFormed()}: ${url}`;
}

/** The run that a silence of ours is for; null: it is somebody else's, and nothing may be done to it. */
export function runOf({ createdBy, comment, matchers }: Silence): string | null {
  if (createdBy !== CREATED_BY || matchers.length !== 2) return null;
  const exact = matchers.every(({ isRegex, isEqual }) => !isRegex && isEqual !== false);
  const kind = matchers.some(({ name, value }) => name === KIND.name && value === KIND.value);
  const target = matchers.some(({ name }) => name === 'target');
  return exact && kind && target ? (COMMENT.exec(comment)?.[1] ?? null) : null;
}

/** What is to be done so that each run that acts has one silence that lasts. */
export interface Steps {
  readonly put: readonly SilenceDraft[];
  /** Second silences of a run that acts, or of another target than its own. */
  readonly expire: readonly string[];
  /** Of runs that do not act. Whoever knows the run may end it. */
  readonly leftOver: readonly { readonly id: string; readonly runId: string }[];
  /** Runs that have a silence once `put` is done. */
  readonly held: number;
}

/**
 * Compares the runs that act with the silences there are. Pure, and of no memory: a crash changes nothing.
 * A silence is brought up to date when less than half of its time is left. One that a person ended is not made again.
 * @param lastsMs from now to the end of a silence that is made or renewed
 */
export function stepsFor(
  acting: readonly ActingRun[],
  silences: readonly Silence[],
  { nowMs, lastsMs }: { readonly nowMs: number; readonly lastsMs: number }
): Steps {
  const byRun = Map.groupBy(silences, runOf);
  byRun.delete(null);
  const put: SilenceDraft[] = [];
  const expire: string[] = [];
  let held = 0;
  for (const run of acting) {
    const all = byRun.get(run.id) ?? [];
    byRun.delete(run.id);
    const alive = all.filter(isAlive).sort((a, b) => b.endsMs - a.endsMs);
    const kept = alive.find((one) => isFor(one, run.targetId));
    expire.push(...alive.filter((one) => one !== kept).map(({ id }) => id));
    const wanted = kept !== undefined || !all.some(endedByHand);
    if (wanted) held++;
    if (wanted && (kept === undefined || kept.endsMs - nowMs < lastsMs / 2))
      put.push(draftOf(run, kept, nowMs, lastsMs));
  }
  const leftOver = [...byRun].flatMap(([runId, all]) =>
    runId === null ? [] : all.filter(isAlive).map(({ id }) => ({ id, runId }))
  );
  return { put, expire, leftOver, held };
}

function draftOf(run: ActingRun, kept: Silence | undefined, nowMs: number, lastsMs: number): SilenceDraft {
  return {
    id: kept?.id ?? null,
    createdBy: CREATED_BY,
    comment: kept?.comment ?? commentOf(run),
    matchers: [{ name: 'target', value: run.targetId, isRegex: false, isEqual: true }, KIND],
    // Alertmanager makes it its own now: one whose clock is behind ours would wait.
    startsMs: kept?.startsMs ?? nowMs - lastsMs,
    endsMs: nowMs + lastsMs,
  };
}

const isAlive = ({ state }: Silence): boolean => state !== 'expired';

function isFor({ matchers }: Silence, targetId: string): boolean {
  return matchers.some(({ name, value }) => name === 'target' && value === targetId);
}

function endedByHand({ state, endsMs, updatedMs }: Silence): boolean {
  return state === 'expired' && Math.abs(endsMs - updatedMs) < BY_HAND;
}
