import type Database from 'better-sqlite3';
import type { FaultRow, NewChange, NewEvent, NodeChanges, ScoreRow } from './types.ts';

/**
 * Writes what was decided with a node's write, in the caller's transaction.
 *
 * None of it can fail the group it is in for what is stored already: a fault that opens where another of its node, kind
 * and code is still open takes its place (the old one is resolved when the new one opened).
 */
export function changeWriter(raw: Database.Database): (changes: NodeChanges) => void {
  const event = raw.prepare('insert into events (name, target_id, at_ms, data) values (?, ?, ?, ?)');
  const makeRoom = raw.prepare(
    `update faults set resolved_ms = max(opened_ms, ?)
     where node_id = ? and kind = ? and code = ? and resolved_ms is null and id <> ?`
  );
  const fault = raw.prepare(
    `insert into faults (id, node_id, kind, code, severity, expected, actual, message, playbook, opened_ms, resolved_ms, lifted_ms)
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
     on conflict (id) do update set severity = excluded.severity, expected = excluded.expected, actual = excluded.actual,
       message = excluded.message, playbook = excluded.playbook, resolved_ms = excluded.resolved_ms,
       lifted_ms = excluded.lifted_ms`
  );
  const score = raw.prepare('insert into score_history (node_id, at_ms, score, band) values (?, ?, ?, ?)');
  const entry = raw.prepare(
    'insert into timeline (node_id, at_ms, kind, summary, actor, reason, data) values (?, ?, ?, ?, ?, ?, ?)'
  );

  const putEvent = (row: NewEvent): void => {
    event.run(row.name, row.targetId, row.atMs, JSON.stringify(row.data));
  };
  const putFault = (row: FaultRow): void => {
    const { id, nodeId, kind, code, severity, expected, actual, message, playbook } = row;
    if (row.resolvedMs === null) makeRoom.run(row.openedMs, nodeId, kind, code, id);
    const when = [row.openedMs, row.resolvedMs, row.liftedMs];
    fault.run(id, nodeId, kind, code, severity, expected, actual, message, playbook, ...when);
  };
  const putScore = (row: ScoreRow): void => {
    score.run(row.nodeId, row.atMs, row.score, row.band);
  };
  const putEntry = (row: NewChange): void => {
    entry.run(row.nodeId, row.atMs, row.kind, row.summary, row.actor, row.reason, JSON.stringify(row.data));
  };

  return ({ events, faults, scores, timeline }) => {
    for (const row of events) putEvent(row);
    for (const row of faults) putFault(row);
    for (const row of scores) putScore(row);
    for (const row of timeline) putEntry(row);
  };
}
