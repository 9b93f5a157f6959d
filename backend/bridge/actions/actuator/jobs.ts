import type { Clock } from '@openclaw-fleet/client';
import type { AdminConnection, WithAdmin } from '../../gateway/admin.ts';
import { code, list, record, text } from '../../gateway/parse.ts';
import { RpcError } from '../../gateway/socket.ts';
import type { ActionOutcome, ActionProgress, Measurements, Unsettled } from '../types.ts';
import type { Job } from './job-list.ts';
import { listJobs } from './job-list.ts';
import { ended, Refused } from './outcome.ts';
import type { Throttled } from './throttled.ts';

export interface JobsParts {
  readonly withAdmin: WithAdmin;
  readonly throttled: Throttled;
  readonly clock: Clock;
}

/** How long a job that is checked may run, and how often its history is asked. Milliseconds. */
const CHECK = 120_000;
const PACE = 500;

/** Disables jobs, and remembers which. Refuses before it touches any, when one of them may not be. */
export async function throttle(
  parts: JobsParts,
  ids: readonly string[],
  progress: ActionProgress
): Promise<ActionOutcome> {
  const { throttled, withAdmin, clock } = parts;
  return withAdmin(async (admin) => {
    const jobs = named(await seenJobs(parts, admin), ids);
    const guarded = jobs.find((job) => !job.throttleable);
    if (guarded !== undefined) {
      throw new Refused(
        'protected-job',
        `the job ${guarded.id} is a heartbeat or a plugin's own, which are never throttled.`
      );
    }
    const before = { jobs: jobs.length, enabled: jobs.filter((job) => job.enabled).length };
    progress.begin(before);
    for (const job of jobs) {
      if (!job.enabled) {
        progress.note(
          `${job.id} was disabled already${throttled.has(job.id) ? ', by this bridge' : ' by somebody else: it stays theirs'}`
        );
        continue;
      }
      throttled.intend(job.id, new Date(clock.now()).toISOString());
      await change(parts, admin, job, false, progress);
    }
    const after = await leftOf(parts, admin, jobs, progress);
    const left = after.filter((job) => job.enabled);
    const measured = { jobs: jobs.length, enabled: left.length };
    return left.length === 0
      ? ended('succeeded', `${after.length} of ${jobs.length} jobs are disabled.`, before, measured)
      : ended('failed', `${left.length} of ${jobs.length} jobs are still enabled: ${idsOf(left)}.`, before, measured);
  });
}

/**
 * Enables jobs that this bridge disabled, one after the other; ends at the first that fails its check, which stays disabled,
 * as do those after it.
 */
export async function resume(
  parts: JobsParts,
  { jobs: ids, check }: { readonly jobs: readonly string[]; readonly check: boolean },
  progress: ActionProgress
): Promise<ActionOutcome> {
  const { throttled, withAdmin } = parts;
  return withAdmin(async (admin) => {
    const jobs = named(await seenJobs(parts, admin), ids);
    const foreign = jobs.find((job) => !job.enabled && !throttled.has(job.id));
    if (foreign !== undefined) {
      throw new Refused(
        'protected-job',
        `the job ${foreign.id} was disabled by somebody else; it is theirs to enable.`
      );
    }
    const auto = jobs.find((job) => !job.enabled && job.autoDisabled);
    if (auto !== undefined) {
      throw new Refused(
        'protected-job',
        `OpenClaw itself disabled the job ${auto.id} after its failures; enable it by hand.`
      );
    }
    const before = { jobs: jobs.length, enabled: jobs.filter((job) => job.enabled).length };
    progress.begin(before);
    let failed: string | null = null;
    for (const job of jobs.filter(({ enabled }) => !enabled)) {
      failed = check ? await checked(parts, admin, job, progress) : null;
      if (failed !== null) break;
      await change(parts, admin, job, true, progress);
    }
    const after = await leftOf(parts, admin, jobs, progress);
    const off = after.filter((job) => !job.enabled);
    const measured = { jobs: jobs.length, enabled: after.length - off.length };
    if (failed !== null) {
      return ended(
        'failed',
        `${failed} ${off.length} of ${jobs.length} jobs stay disabled: ${idsOf(off)}.`,
        before,
        measured
      );
    }
    return off.length === 0
      ? ended('succeeded', `${after.length} of ${jobs.length} jobs are enabled.`, before, measured)
      : ended('failed', `${off.length} of ${jobs.length} jobs are still disabled: ${idsOf(off)}.`, before, measured);
  });
}

/** What became of either, by looking: which jobs are enabled tells. */
export async function settleJobs(
  parts: JobsParts,
  ids: readonly string[],
  wanted: 'enabled' | 'disabled',
  { before }: Unsettled
): Promise<ActionOutcome> {
  return parts.withAdmin(async (admin) => {
    const asked = new Set(ids);
    const jobs = (await seenJobs(parts, admin)).filter((job) => asked.has(job.id));
    const done = jobs.filter((job) => job.enabled === (wanted === 'enabled'));
    const after: Measurements = { jobs: asked.size, enabled: jobs.filter((job) => job.enabled).length };
    return done.length === asked.size
      ? ended('succeeded', `${done.length} of ${asked.size} jobs are ${wanted}.`, before, after)
      : ended(
          'failed',
          `The bridge ended in the middle: ${done.length} of ${asked.size} jobs are ${wanted}. Ask again for the others.`,
          before,
          after
        );
  });
}

async function seenJobs({ throttled }: JobsParts, admin: AdminConnection): Promise<Job[]> {
  const jobs = await listJobs((params) => admin.call('cron.list', params));
  throttled.seen(jobs);
  return jobs;
}

/** Those that the gateway still has, as they are now. */
async function leftOf(
  parts: JobsParts,
  admin: AdminConnection,
  jobs: readonly Job[],
  progress: ActionProgress
): Promise<Job[]> {
  const now = new Map((await seenJobs(parts, admin)).map((job) => [job.id, job]));
  return jobs.flatMap(({ id }) => {
    const job = now.get(id);
    if (job === undefined) progress.note(`${id} was removed by somebody meanwhile`);
    return job ?? [];
  });
}

/** @throws Refused when one is missing */
function named(jobs: readonly Job[], ids: readonly string[]): Job[] {
  return [...new Set(ids)].map((id) => {
    const job = jobs.find((one) => one.id === id);
    if (job === undefined) throw new Refused('unknown-job', `the gateway has no job ${id}.`);
    return job;
  });
}

/** Once more when somebody changed the job meanwhile; a failure is noted, and what came of it is seen afterwards. */
async function change(
  { throttled }: JobsParts,
  admin: AdminConnection,
  job: Job,
  enabled: boolean,
  progress: ActionProgress
): Promise<void> {
  const word = enabled ? 'enabled' : 'disabled';
  try {
    const fresh = await update(admin, job, enabled).then(
      () => job,
      async (error: unknown) => {
        if (!(error instanceof RpcError) || error.meaning !== 'stale') throw error;
        progress.note(`${job.id} was changed by somebody meanwhile; it is read again`);
        const jobs = await listJobs((params) => admin.call('cron.list', params));
        const read = jobs.find(({ id }) => id === job.id);
        if (read !== undefined && read.enabled !== enabled) await update(admin, read, enabled);
        return read;
      }
    );
    if (fresh === undefined) return;
    if (fresh.enabled === enabled) {
      progress.note(`${job.id} was ${word} by somebody else meanwhile`);
      if (!enabled) throttled.forget(job.id);
      return;
    }
    progress.note(`${job.id} ${word} (${job.consecutiveErrors} errors in a row before)`);
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    progress.note(`${job.id} could not be ${word}: ${error.message}`);
  }
}

async function update(admin: AdminConnection, job: Job, enabled: boolean): Promise<void> {
  await admin.call('cron.update', {
    id: job.id,
    patch: { enabled },
    ...(job.revision !== null && { expectedConfigRevision: job.revision }),
  });
}

/** Runs a disabled job once. @returns why it is not to be enabled; null: it ran well */
async function checked(
  { clock }: JobsParts,
  admin: AdminConnection,
  job: Job,
  progress: ActionProgress
): Promise<string | null> {
  const asked = await admin.call('cron.run', { id: job.id, mode: 'force' });
  const runId = text(asked['runId']);
  if (runId === null) return `The job ${job.id} could not be run (${code(asked['reason'])}).`;
  const deadline = clock.monotonic() + CHECK;
  for (;;) {
    const answer = await admin.call('cron.runs', { id: job.id, runId, limit: 1 });
    const run = list(answer['entries'])
      .map(record)
      .find((entry) => entry['action'] === 'finished' && entry['runId'] === runId);
    if (run !== undefined) {
      const status = code(run['status']);
      progress.note(`${job.id} was run once: ${status}`);
      return status === 'ok' ? null : `The job ${job.id} failed its check.`;
    }
    if (clock.monotonic() >= deadline) return `The job ${job.id} did not end its check within ${CHECK / 1000} s.`;
    await new Promise<void>((resolve) => clock.after(PACE, resolve, true));
  }
}

function idsOf(jobs: readonly Job[]): string {
  const shown = jobs.slice(0, 5).map(({ id }) => id.slice(0, 64));
  return [...shown, ...(jobs.length > 5 ? ['…'] : [])].join(', ');
}
