import type { ObservedJob } from '@openclaw-fleet/contract';
import type { Judgement, Playbook, StepContext } from './types.ts';

const SECOND = 1000;

/**
 * FailureBurst (seed 000): the jobs that fail are disabled, the gateway is examined, and the jobs are enabled one by one,
 * each watched for a while. One that fails again is disabled and stays so; the others are enabled again, and the run fails.
 * A job is never run out of turn to try it: that would repeat its effects.
 * Limits: at most 10 jobs, none that the gateway needs or a plugin declared (the bridge says which).
 */
export const failureBurst: Playbook = {
  id: 'FailureBurst',
  summary: 'Throttles the jobs that fail, examines the gateway, and resumes them one by one.',
  anchor: 'failureburst',
  steps: [
    { does: 'witness', id: 'witness', title: 'Ask the bridge which jobs fail' },
    {
      does: 'verb',
      id: 'throttle',
      title: 'Throttle the jobs that fail',
      verb: 'throttle',
      ask: (context) => {
        const jobs = context.jobs.filter((id) => job(context, id)?.enabled === true);
        if (jobs.length === 0) return { skip: 'They are disabled already.' };
        return {
          instruction: { verb: 'throttle', jobs },
          gatewayBootId: null,
          words: `The bridge was asked to disable ${list(context, jobs)}.`,
        };
      },
      timeout: ({ actionValidity }) => actionValidity + 60 * SECOND,
    },
    {
      does: 'verify',
      id: 'throttled',
      title: 'Verify that they are disabled',
      judge: (context) => {
        if (context.latest.jobs === null) return { is: 'not-yet', words: 'The jobs could not be read.' };
        const enabled = context.jobs.filter((id) => job(context, id)?.enabled === true);
        return enabled.length === 0
          ? { is: 'holds', words: 'The jobs are disabled.' }
          : { is: 'not-yet', words: `Still enabled: ${list(context, enabled)}.` };
      },
      timeout: ({ actionValidity }) => actionValidity,
    },
    {
      does: 'verb',
      id: 'doctor',
      title: 'Examine the gateway',
      verb: 'doctor',
      ask: ({ latest }) =>
        latest.capabilities.includes('doctor')
          ? {
              instruction: { verb: 'doctor' },
              gatewayBootId: null,
              words: 'The bridge was asked to examine its gateway.',
            }
          : { skip: 'This bridge declares no doctor.' },
      timeout: ({ actionValidity }) => actionValidity + 120 * SECOND,
      // It reads; resuming is watched whatever it found.
      optional: true,
    },
    {
      does: 'verb',
      id: 'resume',
      title: 'Resume {item}',
      each: true,
      verb: 'resume',
      looks: true,
      ask: (context) => {
        const { item } = context;
        const seen = item === null ? null : job(context, item);
        if (item === null || seen === null) return { skip: 'The bridge does not know this job any more.' };
        if (seen.enabled) return { skip: 'It is enabled already.' };
        if (!seen.throttled) return { skip: 'Somebody else disabled it: it is left as it is.' };
        return {
          instruction: { verb: 'resume', jobs: [item], check: false },
          gatewayBootId: null,
          words: `The bridge was asked to enable ${seen.name}.`,
        };
      },
      timeout: ({ actionValidity }) => actionValidity + 60 * SECOND,
    },
    {
      does: 'soak',
      id: 'soak',
      title: 'Watch {item} for a while',
      each: true,
      wait: ({ resumeSoak }) => resumeSoak,
    },
    {
      does: 'verify',
      id: 'look',
      title: 'Look whether {item} fails again',
      each: true,
      judge: failsAgain,
      timeout: ({ actionValidity }) => actionValidity,
    },
    {
      does: 'clear',
      id: 'clear',
      title: 'Verify that failures stay away',
      settle: ({ convergence }) => convergence,
    },
    { does: 'record', id: 'record', title: 'Record the outcome' },
  ],
  rollback: [
    {
      does: 'verb',
      id: 'hold-back',
      title: 'Disable what failed again',
      verb: 'throttle',
      looks: true,
      ask: (context) => {
        const jobs = failedAgain(context).filter((id) => job(context, id)?.enabled === true);
        if (jobs.length === 0) return { skip: 'No job is enabled that failed again.' };
        return {
          instruction: { verb: 'throttle', jobs },
          gatewayBootId: null,
          words: `The bridge was asked to disable ${list(context, jobs)}: it failed again.`,
        };
      },
      timeout: ({ actionValidity }) => actionValidity + 60 * SECOND,
    },
    {
      does: 'verb',
      id: 'resume-rest',
      title: 'Resume the other jobs',
      verb: 'resume',
      looks: true,
      ask: (context) => {
        const again = new Set(failedAgain(context));
        const jobs = context.jobs.filter((id) => !again.has(id) && job(context, id)?.throttled === true);
        if (jobs.length === 0) return { skip: 'No other job is throttled.' };
        return {
          instruction: { verb: 'resume', jobs, check: false },
          gatewayBootId: null,
          words: `The bridge was asked to enable ${list(context, jobs)}.`,
        };
      },
      timeout: ({ actionValidity }) => actionValidity + 60 * SECOND,
    },
  ],
  actions: () => [
    { verb: 'throttle', parameters: { jobs: 'those that the bridge itself sees failing' } },
    { verb: 'doctor', parameters: {} },
    { verb: 'resume', parameters: { jobs: 'the same, one at a time', check: false } },
  ],
};

function job({ latest }: StepContext, id: string): ObservedJob | null {
  return latest.jobs?.find((one) => one.id === id) ?? null;
}

function list(context: StepContext, ids: readonly string[]): string {
  const names = ids.map((id) => job(context, id)?.name ?? id);
  return names.length <= 5 ? names.join(', ') : `${names.slice(0, 5).join(', ')} and ${String(names.length - 5)} more`;
}

/** Jobs whose look failed. */
function failedAgain({ done }: StepContext): string[] {
  return done.flatMap(({ id, item, state }) => (id === 'look' && state === 'failed' && item !== null ? [item] : []));
}

/** More errors in a row than when its soak began: it ran, and failed. One that did not run meanwhile is no failure. */
function failsAgain(context: StepContext): Judgement {
  const { item, done, latest } = context;
  if (latest.jobs === null) return { is: 'not-yet', words: 'The jobs could not be read.' };
  const seen = item === null ? null : job(context, item);
  if (item === null || seen === null) return { is: 'holds', words: 'The bridge does not know this job any more.' };
  const soak = done.findLast((step) => step.id === 'soak' && step.item === item);
  const then = soak?.baseline?.jobs?.find((one) => one.id === item)?.consecutive_errors ?? 0;
  const now = seen.consecutive_errors;
  if (now > then) {
    return {
      is: 'failed',
      words: `${seen.name} failed again after it was resumed: ${String(now)} in a row. It is left disabled.`,
    };
  }
  if (!seen.enabled && !seen.throttled) {
    return { is: 'failed', words: `${seen.name} was disabled again meanwhile, by its gateway or by somebody.` };
  }
  return { is: 'holds', words: `${seen.name} did not fail while it was watched.` };
}
