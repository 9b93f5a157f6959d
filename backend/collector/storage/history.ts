import { sql, type Kysely, type Selectable } from 'kysely';
import type { Schema } from './schema.ts';
import type { FaultRow, ScoreRow } from './types.ts';

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

/** The newest point of each stored node after `nodeId`, of at most `limit` nodes, and the last node looked at. */
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
      join.onRef('s.node_id', '=', 'page.node_id').on('s.at_ms', '=', (eb) =>
        eb
          .selectFrom('score_history as n')
          .whereRef('n.node_id', '=', 'page.node_id')
          .select((max) => max.fn.max('n.at_ms').as('newest'))
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
