import type {
  DriftCategory,
  DriftPage,
  DriftRecord,
  DriftSeverity,
  PlaybookId,
  PolicyViolation,
  ViolationCode,
  ViolationPage,
  ViolationSeverity,
} from '@openclaw-fleet/contract';
import { VIOLATION_HINTS } from '../../assessment/hints.ts';
import type { FaultQuery, FaultRow } from '../../storage/types.ts';
import { badQuery } from '../call.ts';
import type { Handlers } from '../call.ts';
import { encodeCursor, positionOf } from '../cursor.ts';
import type { Parts } from '../parts.ts';
import { nodeOf } from './targets.ts';

const FAULT_ID = /^[A-Za-z0-9._:-]{1,200}$/;
const BY_OPENING = 'opened';
const BY_PLACE = 'place';
const DAY_MS = 86_400_000;

/** Rows read at a time, and at most so often, when a filter that storage does not know sifts them. */
const SIFT_ROWS = 500;
const SIFT_ROUNDS = 20;

interface FaultList {
  readonly state: 'open' | 'resolved' | 'all';
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly zone?: readonly string[] | undefined;
}

interface FaultPage {
  readonly rows: readonly FaultRow[];
  readonly total: number | null;
  readonly nextCursor: string | null;
}

const instant = (ms: number): string => new Date(ms).toISOString();
const cursorAt = ({ openedMs, id }: FaultRow): string => encodeCursor(BY_OPENING, { key: openedMs, id });

/** One page of faults, newest opened first. Zones are the registry's to know, so a filter by them sifts what storage has. */
async function faultPage(
  { fleet, history }: Parts,
  what: Pick<FaultQuery, 'nodeId' | 'kind' | 'codes' | 'severities'>,
  { state, limit, cursor, zone }: FaultList
): Promise<FaultPage> {
  const position = positionOf(BY_OPENING, 'number', cursor, FAULT_ID);
  let after = position === null ? null : { openedMs: position.key, id: position.id };
  const wanted: Omit<FaultQuery, 'after' | 'limit'> = {
    ...what,
    ...(state !== 'all' && { state }),
    uncounted: zone !== undefined,
  };
  const size = zone === undefined ? limit + 1 : SIFT_ROWS;
  const kept: FaultRow[] = [];
  for (let round = 1; ; round++) {
    const { rows, total } = await history.faults({ ...wanted, ...(after !== null && { after }), limit: size });
    const fits = ({ nodeId }: FaultRow): boolean => zone?.includes(fleet.get(nodeId)?.zone ?? '') ?? true;
    kept.push(...rows.filter(fits));
    const lastRow = rows.at(-1);
    const lastKept = kept[limit - 1];
    if (kept.length > limit && lastKept !== undefined)
      return { rows: kept.slice(0, limit), total, nextCursor: cursorAt(lastKept) };
    if (rows.length < size || lastRow === undefined) return { rows: kept, total, nextCursor: null };
    if (round === SIFT_ROUNDS) return { rows: kept, total, nextCursor: cursorAt(lastRow) };
    after = lastRow;
  }
}

function toDrift(row: FaultRow): DriftRecord {
  return {
    id: row.id,
    targetId: row.nodeId,
    category: row.code as DriftCategory,
    severity: row.severity as DriftSeverity,
    expected: row.expected ?? '',
    actual: row.actual ?? '',
    detectedAt: instant(row.openedMs),
    resolvedAt: row.resolvedMs === null ? null : instant(row.resolvedMs),
    reason: row.message,
    ...(row.playbook !== null && { suggestedPlaybookId: row.playbook as PlaybookId }),
  };
}

function toViolation(row: FaultRow): PolicyViolation {
  const code = row.code as ViolationCode;
  return {
    id: row.id,
    targetId: row.nodeId,
    code,
    severity: row.severity as ViolationSeverity,
    message: row.message,
    ...(row.playbook !== null && { suggestedPlaybookId: row.playbook as PlaybookId }),
    createdAt: instant(row.openedMs),
    resolvedAt: row.resolvedMs === null ? null : instant(row.resolvedMs),
    hint: VIOLATION_HINTS[code],
  };
}

interface DriftQuery extends FaultList {
  readonly category?: readonly DriftCategory[] | undefined;
  readonly severity?: readonly DriftSeverity[] | undefined;
}
interface ViolationQuery extends FaultList {
  readonly code?: readonly ViolationCode[] | undefined;
  readonly severity?: readonly ViolationSeverity[] | undefined;
}

async function driftPage(parts: Parts, nodeId: string | undefined, query: DriftQuery): Promise<DriftPage> {
  const { category, severity } = query;
  const what = {
    kind: 'drift',
    ...(nodeId !== undefined && { nodeId }),
    ...(category && { codes: category }),
    ...(severity && { severities: severity }),
  } as const;
  const { rows, ...page } = await faultPage(parts, what, query);
  return { items: rows.map(toDrift), ...page };
}

async function violationPage(parts: Parts, nodeId: string | undefined, query: ViolationQuery): Promise<ViolationPage> {
  const { code, severity } = query;
  const what = {
    kind: 'violation',
    ...(nodeId !== undefined && { nodeId }),
    ...(code && { codes: code }),
    ...(severity && { severities: severity }),
  } as const;
  const { rows, ...page } = await faultPage(parts, what, query);
  return { items: rows.map(toViolation), ...page };
}

/** Open drift of a configuration with the paths that differ, where the bridge has reported them. */
async function withDifferences({ fleet, policies, configurations }: Parts, record: DriftRecord): Promise<DriftRecord> {
  const node = fleet.get(record.targetId);
  const revision = node === undefined ? null : fleet.expectation(node).revision;
  if (record.category !== 'config' || record.resolvedAt !== null || revision === null) return record;
  const { overlay } = policies.target(record.targetId);
  const diff = await configurations.diffWithReport(revision, overlay, record.targetId);
  return diff.ok ? { ...record, differences: diff.value.differences } : record;
}

type HistoryRoute =
  'listTargetDrift' | 'listTargetViolations' | 'getScoreHistory' | 'getTimeline' | 'listDrift' | 'listViolations';

/** What is and was wrong, and what happened. */
export function historyHandlers(parts: Parts): Handlers<HistoryRoute> {
  const { history, clock } = parts;
  return {
    async listTargetDrift({ params, query }) {
      nodeOf(parts, params);
      const page = await driftPage(parts, params.targetId, query);
      return { ...page, items: await Promise.all(page.items.map((each) => withDifferences(parts, each))) };
    },
    async listTargetViolations({ params, query }) {
      nodeOf(parts, params);
      return violationPage(parts, params.targetId, query);
    },
    listDrift: ({ query }) => driftPage(parts, query.target, query),
    listViolations: ({ query }) => violationPage(parts, query.target, query),
    async getScoreHistory({ params, query }) {
      nodeOf(parts, params);
      const toMs = query.to === undefined ? clock() : Date.parse(query.to);
      const fromMs = query.from === undefined ? toMs - DAY_MS : Date.parse(query.from);
      if (fromMs >= toMs) throw badQuery('from', 'must be before `to` (which is now when it is left out)');
      const rows = await history.scores(params.targetId, fromMs, toMs, query.limit + 1);
      const points = rows.slice(-query.limit).map(({ atMs, score, band }) => ({ at: instant(atMs), score, band }));
      return {
        targetId: params.targetId,
        from: instant(fromMs),
        to: instant(toMs),
        points,
        truncated: rows.length > query.limit,
      };
    },
    async getTimeline({ params, query: { limit, cursor } }) {
      nodeOf(parts, params);
      const before = positionOf(BY_PLACE, 'number', cursor);
      const entries = await history.timeline(params.targetId, before && before.key, limit + 1);
      const items = entries.slice(0, limit);
      const last = items.at(-1);
      const more = entries.length > limit && last !== undefined;
      return { items, nextCursor: more ? encodeCursor(BY_PLACE, { key: last.id, id: params.targetId }) : null };
    },
  };
}
