import type { Generated, Insertable } from 'kysely';

/** The tables, as kysely knows them. Every `_ms` is milliseconds since the epoch. */
export interface Schema {
  nodes: {
    node_id: string;
    rev: number;
    mark_ms: number;
    seen_ms: number | null;
    first_seen_ms: number;
    state: 'live' | 'expired' | 'stopped' | 'retired';
    state_since_ms: number;
    stopped_until_ms: number | null;
    memory: Uint8Array;
    vital: string;
  };
  node_reports: { node_id: string; report: string };
  events: { id: Generated<number>; name: string; target_id: string; at_ms: number; data: string };
  faults: {
    id: string;
    node_id: string;
    kind: 'drift' | 'violation';
    code: string;
    severity: string;
    expected: string | null;
    actual: string | null;
    message: string;
    playbook: string | null;
    opened_ms: number;
    resolved_ms: number | null;
    lifted_ms: number | null;
  };
  score_history: { id: Generated<number>; node_id: string; at_ms: number; score: number | null; band: string };
  timeline: {
    id: Generated<number>;
    node_id: string;
    at_ms: number;
    kind: string;
    summary: string;
    actor: string | null;
    reason: string | null;
    data: string;
  };
  policy_profiles: {
    id: string;
    version: number;
    spec: string;
    provisioned: number;
    created_ms: number;
    updated_ms: number;
    updated_by: string;
  };
  /** Versions go on growing when the id of a deleted profile is used again. */
  deleted_profiles: { id: string; version: number };
  target_settings: {
    node_id: string;
    rev: number;
    profile_id: string;
    desired: string;
    overlay: string;
    revision_since_ms: number;
    updated_ms: number;
    updated_by: string;
  };
  policy_proposals: { id: string; doc: string };
  config_revisions: {
    id: string;
    title: string;
    document: string;
    created_ms: number;
    created_by: string;
    reason: string;
    adopted_from: string | null;
  };
  issued_hashes: { hash: string; node_id: string; at_ms: number };
  config_reports: {
    node_id: string;
    revision: string | null;
    config_hash: string;
    document: string;
    reported_ms: number;
  };
  enrolments: {
    node_id: string;
    name: string;
    enrolled_ms: number;
    fingerprint: string;
    not_after_ms: number;
    require_signature: number;
    revoked_ms: number | null;
    /** Fingerprints, separated by spaces; null: see `Enrolment.admitted`. */
    admitted: string | null;
  };
  revoked_certificates: { fingerprint: string; revoked_ms: number };
  api_tokens: {
    id: string;
    name: string;
    hash: string;
    role: string;
    kind: string;
    person: string | null;
    created_ms: number;
    expires_ms: number | null;
    revoked_ms: number | null;
  };
  audit: {
    seq: number;
    at_ms: number;
    actor: string;
    via: string;
    action: string;
    subject: string;
    reason: string | null;
    data: string;
    prev: string;
    hash: string;
  };
  plans: { id: string; created_ms: number; doc: string };
  runs: {
    id: string;
    plan_id: string;
    batch_id: string | null;
    target_id: string;
    playbook: string;
    fault: string;
    trigger: string;
    state: string;
    rev: number;
    created_ms: number;
    ended_ms: number | null;
    doc: string;
  };
  run_steps: { run_id: string; step_index: number; doc: string };
  /** `target_id` and `subject` are `''` where there is none: they are part of the key. */
  holds: { kind: string; target_id: string; subject: string; doc: string };
  idempotency_keys: { caller: string; key: string; body_hash: string; result_id: string; at_ms: number };
  starts: { at_ms: number };
  /** One row each: the latest link of the audit chain, the leader's epoch, the version of enrolments and tokens. */
  audit_head: { id: number; seq: number; hash: string };
  leader: { id: number; epoch: number };
  trust: { id: number; version: number };
}

export type StoredColumns = Insertable<Schema['nodes']> & { readonly report: string };
