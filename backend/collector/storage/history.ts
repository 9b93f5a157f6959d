import type { ChangeKind, TimelineEntry } from '@openclaw-fleet/contract';
import { sql, type Kysely, type Selectable, type SelectQueryBuilder } from 'kysely';
import type { Schema } from './schema.ts';
import type { FaultQuery, FaultRow, ScoreRow } from './types.ts';

/** Faults, scores and timelines, read: in kysely alone, as queries.ts. */

type Db = Kysely<Schema>;

function faultOf(row: Selectable<Schema['faults']>): FaultRow {
  return {
    id: row.id,
    nodeId: row.node_id,
    kind: row.kind,
    code: row.code,
    severity: row.severity,
    expected: row.expected,
    actual: row.actual,
    message: row.message,
    playbook: row.playbook,
    openedMs: row.opened_ms,
    resolvedMs: row.resolved_ms,
    liftedMs: row.lifted_ms,
  };
}

/** Open faults after the one named in order of node, kind and code, at most `limit`. */
export async function openFaultsAfter(
  db: Db,
  after: { readonly nodeId: string; readonly kind: string; readonly code: string },
  limit: number
): Promise<FaultRow[]> {
  const rows = await db
    .selectFrom('faults')
    .selectAll()
    .where('resolved_ms', 'is', null)
    .where(sql<boolean>`(node_id, kind, code) > (${after.nodeId}, ${after.kind}, ${after.code})`)
    .orderBy('node_id')
    .orderBy('kind')
    .orderBy('code')
    .limit(limit)
    .execute();
  return rows.map(faultOf);
}

/** The point written last of each stored node, whatever the clock did since, after `nodeId`, of at most `limit` nodes, and the last node looked at. */
export async function lastScoresAfter(
  db: Db,
  nodeId: string,
  limit: number
): Promise<{ rows: ScoreRow[]; last: string | null }> {
  const rows = await db
    .with('page', (page) =>
      page.selectFrom('nodes').select('node_id').where('node_id', '>', nodeId).orderBy('node_id').limit(limit)
    )
    .selectFrom('page')
    .leftJoin('score_history as s', (join) =>
      join.on('s.id', '=', (eb) =>
        eb
          .selectFrom('score_history as n')
          .whereRef('n.node_id', '=', 'page.node_id')
          .select((max) => max.fn.max('n.id').as('newest'))
      )
    )
    .select(['page.node_id', 's.at_ms', 's.score', 's.band'])
    .orderBy('page.node_id')
    .execute();
  return {
    rows: rows.flatMap(({ node_id, at_ms, score, band }) =>
      at_ms === null || band === null ? [] : [{ nodeId: node_id, atMs: at_ms, score, band }]
    ),
    last: rows.at(-1)?.node_id ?? null,
  };
}

export async function faults(db: Db, query: FaultQuery): Promise<{ rows: FaultRow[]; total: number | null }> {
  return db.transaction().execute(async (tx) => {
    let page = matching(tx.selectFrom('faults'), query).selectAll();
    if (query.after) {
      const { openedMs, id } = query.after;
      page = page
        .where('opened_ms', '<=', openedMs)
        .where((eb) => eb.or([eb('opened_ms', '<', openedMs), eb('id', '>', id)]));
    }
    const rows = await page.orderBy('opened_ms', 'desc').orderBy('id').limit(query.limit).execute();
    if (query.uncounted === true) return { rows: rows.map(faultOf), total: null };
    const { total } = await matching(tx.selectFrom('faults'), query)
      .select((eb) => eb.fn.countAll<number>().as('total'))
      .executeTakeFirstOrThrow();
    return { rows: rows.map(faultOf), total };
  });
}

function matching(
  from: SelectQueryBuilder<Schema, 'faults', object>,
  { nodeId, kind, codes, severities, state }: FaultQuery
): SelectQueryBuilder<Schema, 'faults', object> {
  let query = from;
  if (nodeId !== undefined) query = query.where('node_id', '=', nodeId);
  if (kind !== undefined) query = query.where('kind', '=', kind);
  if (codes) query = query.where('code', 'in', codes);
  if (severities) query = query.where('severity', 'in', severities);
  if (state !== undefined) query = query.where('resolved_ms', state === 'open' ? 'is' : 'is not', null);
  return query;
}

export async function scores(db: Db, nodeId: string, fromMs: number, toMs: number, limit: number): Promise<ScoreRow[]> {
  const rows = await db
    .selectFrom('score_history')
    .selectAll()
    .where('node_id', '=', nodeId)
    .where('at_ms', '>=', fromMs)
    .where('at_ms', '<', toMs)
    .orderBy('at_ms', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.reverse().map((row) => ({ nodeId: row.node_id, atMs: row.at_ms, score: row.score, band: row.band }));
}

export async function timeline(
  db: Db,
  nodeId: string,
  beforeId: number | null,
  limit: number
): Promise<TimelineEntry[]> {
  const rows = await db
    .selectFrom('timeline')
    .selectAll()
    .where('node_id', '=', nodeId)
    .$if(beforeId !== null, (query) => query.where('id', '<', beforeId ?? 0))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    at: new Date(row.at_ms).toISOString(),
    kind: row.kind as ChangeKind,
    summary: row.summary,
    actor: row.actor,
    reason: row.reason,
    data: JSON.parse(row.data) as Record<string, unknown>,
  }));
}
