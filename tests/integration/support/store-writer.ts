import { writeSync } from 'node:fs';
import {
  openStorage,
  type AuditEntry,
  type NodeChanges,
  type NodeRow,
} from '../../../backend/collector/storage/index.ts';

/**
 * Writes to the store at the path given as fast as it takes it, until it is killed: heartbeats with what was decided,
 * policies, settings, revisions and repairs, each going on from what is stored. Says `<what> <number>` on standard output once a
 * write is acknowledged.
 */
const NODES = 16;
const store = await openStorage({ file: process.argv[2] ?? '' });
const acknowledged = (what: string, number: number): void => {
  const line = `${what} ${number}\n`;
  for (;;) {
    try {
      writeSync(1, line);
      return;
    } catch (error) {
      // A pipe that is full for a moment: who reads it is busy.
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
};
const audit = (action: string, subject: string): AuditEntry => ({
  actor: { name: 'token:t1', via: 'api-token' },
  action,
  subject,
  reason: 'a test',
  atMs: 1,
  data: {},
});

/** Beat `rev`: every odd one opens a fault, the next resolves it; each is a point of the score and an entry in the timeline. */
function decided(nodeId: string, rev: number): NodeChanges {
  const openedMs = rev - ((rev + 1) % 2);
  const fault = {
    id: `${nodeId}.drift.sync.${openedMs}`,
    nodeId,
    kind: 'drift' as const,
    code: 'sync',
    severity: 'minor',
    expected: '2 s',
    actual: '9 s',
    message: 'lags 9 s behind, more than 2 s',
    playbook: 'BridgeStuck',
    openedMs,
    resolvedMs: rev % 2 ? null : rev,
    liftedMs: null,
  };
  return {
    events: [{ name: 'drift-detected', targetId: nodeId, atMs: rev, data: { nodeId, rev } }],
    faults: [fault],
    scores: [{ nodeId, atMs: rev, score: rev % 100, band: 'warning' }],
    timeline: [
      { nodeId, atMs: rev, kind: 'drift', summary: String(rev), actor: null, reason: null, data: { of: 'beats' } },
    ],
  };
}

const revs = new Map<string, number>();
await store.loadNodes((rows) => {
  for (const { nodeId, rev } of rows) revs.set(nodeId, rev);
});

async function beats(nodeId: string): Promise<never> {
  for (let rev = (revs.get(nodeId) ?? 0) + 1; ; rev++) {
    const row: NodeRow = {
      nodeId,
      rev,
      markMs: rev,
      seenMs: rev,
      firstSeenMs: 1,
      state: 'live',
      stateSinceMs: 1,
      stoppedUntilMs: null,
      memory: [rev],
      vital: '{}',
    };
    const refused = await store.writeBeats([{ row, report: rev === 1 ? '{}' : null, changes: decided(nodeId, rev) }]);
    if (refused.size > 0) throw new Error(`${nodeId} ${rev} was refused`);
    acknowledged(nodeId, rev);
  }
}

/** Version `n` of the profile has waivers 1 to n. */
async function policies(): Promise<never> {
  const [stored] = await store.profiles();
  for (let version = (stored?.version ?? 0) + 1; ; version++) {
    const waivers = Array.from({ length: version }, (_, index) => `w${index + 1}`);
    const spec = JSON.stringify({ name: 'production', waivers });
    const row = { id: 'production', version, spec, provisioned: false, createdMs: 1, updatedMs: version };
    const { ok } = await store.putProfile({ ...row, updatedBy: 'token:t1' }, audit('policy.updated', 'production'));
    if (!ok) throw new Error(`version ${version} was refused`);
    acknowledged('policy', version);
  }
}

async function desiredStates(): Promise<never> {
  const [stored] = await store.settings();
  const nodeId = 'settled';
  for (let rev = (stored?.rev ?? 0) + 1; ; rev++) {
    const change = { nodeId, atMs: rev, kind: 'policy' as const, summary: String(rev), actor: 'token:t1' };
    const { ok } = await store.putSettings(
      {
        nodeId,
        rev,
        profileId: 'production',
        desired: JSON.stringify({ maxSyncLagMs: rev }),
        overlay: '{}',
        revisionSinceMs: 1,
        updatedMs: rev,
        updatedBy: 'token:t1',
      },
      { ...change, reason: 'a test', data: {} },
      audit('target.patched', nodeId)
    );
    if (!ok) throw new Error(`settings ${rev} were refused`);
    acknowledged('settings', rev);
  }
}

async function revisions(): Promise<never> {
  for (let number = (await store.revisions()).length + 1; ; number++) {
    const row = { id: `r${number}`, title: String(number), document: '{}', createdMs: number, createdBy: 'token:t1' };
    const stored = await store.putRevision(
      { ...row, reason: 'a test', adoptedFrom: null },
      audit('revision.created', row.id)
    );
    if (!stored) throw new Error(`revision ${number} was refused`);
    acknowledged('revision', number);
  }
}

/** Revision `n` of the run has steps 1 to n. */
async function repairs(): Promise<never> {
  const epoch = await store.takeEpoch();
  const stored = await store.run('run');
  for (let rev = (stored?.run.rev ?? 0) + 1; ; rev++) {
    const columns = { targetId: 'repaired', playbook: 'ConfigDrift', fault: 'drift.config', trigger: 'manual' };
    const kept = { state: 'running', rev, createdMs: 1, endedMs: null, doc: String(rev) };
    const data = { rev };
    await store.writeRemediation(epoch, {
      plans: [{ id: 'plan', createdMs: 1, doc: String(rev) }],
      runs: [{ id: 'run', planId: 'plan', batchId: null, ...columns, ...kept }],
      steps: [{ runId: 'run', index: rev, doc: String(rev) }],
      putHolds: [{ kind: 'pause', targetId: '', subject: `h${rev}`, doc: '{}' }],
      dropHolds: [{ kind: 'pause', targetId: '', subject: `h${rev - 1}` }],
      idempotency: [{ caller: 'token:t1', key: `key-${rev}`, bodyHash: 'b', resultId: 'run', atMs: rev }],
      events: [{ name: 'remediation-status', targetId: 'repaired', atMs: rev, data }],
      timeline: [
        { nodeId: 'repaired', atMs: rev, kind: 'repair', summary: String(rev), actor: null, reason: null, data },
      ],
      audit: [audit('run.advanced', 'run'), audit('run.witnessed', 'run')],
    });
    acknowledged('repair', rev);
  }
}

await Promise.all([
  ...Array.from({ length: NODES }, (_, index) => beats(`node-${index}`)),
  policies(),
  desiredStates(),
  revisions(),
  repairs(),
]);
