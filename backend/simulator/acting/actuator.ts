import type { ActionRefusal, ActionRequest, Instruction, Verb } from '@openclaw-fleet/contract';
import { VERBS } from '@openclaw-fleet/contract';
import type { ActionOutcome, ActionProgress, Actuator, Measurements, Seen, Unsettled } from '../../bridge/index.ts';
import type { ConfigSync } from '../../bridge/configuration/sync.ts';
import { RevisionRefused } from '../../bridge/configuration/verify.ts';
import type { CurableKind, Repair } from '../faults.ts';
import type { SimulatedGateway } from './gateway.ts';

export interface ActuatorOptions {
  readonly gateway: SimulatedGateway;
  readonly config: ConfigSync;
  readonly now: () => number;
  /** Resolves after so many milliseconds. */
  readonly work: (ms: number) => Promise<void>;
  /** How long a start, and a lesser piece of work, takes now. Milliseconds. */
  readonly takes: { readonly start: () => number; readonly step: () => number };
  readonly bridgeBootId: () => string;
  /** Ends the bridge's process, to be started anew. */
  readonly leave: () => void;
  /** The fault is repaired, for as long as its window lasts. */
  readonly cure: (kind: CurableKind) => void;
  /** Looks at the gateway, and reads its configuration anew. */
  readonly look: () => void;
  /** Sends a heartbeat soon. @param all with every block in it */
  readonly publish: (all: boolean) => void;
  readonly observe: () => Seen;
}

type Of<V extends Verb> = Extract<Instruction, { verb: V }>;

/** Nothing was done, and why. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly refusal: ActionRefusal;
  constructor(refusal: ActionRefusal, why: string) {
    super(`Nothing was done: ${why}`);
    this.refusal = refusal;
  }
}

/** Carries verbs out on a simulated gateway, and each ends as the script of the fault says. */
export function createSimulatedActuator(options: ActuatorOptions): Actuator {
  const { gateway, config, takes, now } = options;
  const repairOf = (kind: CurableKind): Repair => gateway.fault(kind)?.repair ?? 'recovers';
  const measured = (): Measurements => ({
    gateway_state: gateway.state,
    gateway_boot_id: gateway.bootId,
    config_hash: config.facts().configHash,
  });

  function carryOut(request: ActionRequest, progress: ActionProgress): Promise<ActionOutcome> {
    const { instruction, gateway_boot_id: decidedOn } = request;
    if (decidedOn !== null && decidedOn !== gateway.bootId) {
      throw new Refused('boot-changed', 'the gateway was restarted since this was decided; look again.');
    }
    if (instruction.verb === 'restart') {
      return instruction.what === 'bridge' ? restartBridge(progress) : restartGateway(progress);
    }
    const { state } = gateway;
    if (state !== 'running') throw new Refused('gateway-unavailable', `the gateway is ${state}.`);
    switch (instruction.verb) {
      case 'reload':
        return reload(progress);
      case 'reconcile':
        return instruction.apply === null ? snapshot() : apply(instruction.apply, progress);
      case 'throttle':
        return throttle(instruction, progress);
      case 'resume':
        return resume(instruction, progress);
      case 'doctor':
        return examine(progress);
    }
  }

  async function restartGateway(progress: ActionProgress): Promise<ActionOutcome> {
    const before = measured();
    const { state } = gateway;
    if (state === 'restarting') throw new Refused('gateway-unavailable', 'the gateway restarts already; wait.');
    const hang = gateway.fault('gateway-hang');
    const repair = repairOf('gateway-hang');
    progress.begin(before, true);
    progress.note(
      state === 'running'
        ? 'gateway.restart.request: restarting'
        : `the gateway is ${state}; it is restarted by its supervisor (child)`
    );
    const ms = takes.start();
    gateway.restart();
    await options.work(ms);
    gateway.started();
    if (repair === 'worse' && hang !== null) {
      gateway.kill(hang);
      return ended('failed', 'The gateway does not come up: its process ended at once. Look at its log.', before);
    }
    if (repair !== 'stuck') options.cure('gateway-hang');
    progress.note(`after ${(ms / 1000).toFixed(1)} s: ${gateway.state}`);
    return ended('succeeded', `The gateway was restarted after ${(ms / 1000).toFixed(1)} s.`, before);
  }

  function restartBridge(progress: ActionProgress): Promise<ActionOutcome> {
    const before = { bridge_boot_id: options.bridgeBootId() };
    progress.note('the bridge ends itself, for its supervisor to start it anew');
    progress.begin(before, true);
    if (repairOf('beats-stale') === 'worse') {
      return Promise.resolve(ended('failed', 'The bridge could not end itself. Restart it by hand.', before));
    }
    options.leave();
    // The next process tells how it went.
    return new Promise(() => undefined);
  }

  async function snapshot(): Promise<ActionOutcome> {
    const before = measured();
    await options.work(takes.step());
    options.look();
    options.publish(true);
    return ended('succeeded', 'Everything was read anew and is told with the next heartbeat.', before);
  }

  async function reload(progress: ActionProgress): Promise<ActionOutcome> {
    const told = config.told();
    if (told === null) throw new Refused('revision-refused', 'the bridge was told no revision to write again.');
    return write(told, progress);
  }

  async function apply(
    wanted: NonNullable<Of<'reconcile'>['apply']>,
    progress: ActionProgress
  ): Promise<ActionOutcome> {
    const revision = await config.fetch(wanted.revision).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : 'an unknown error';
      if (error instanceof RevisionRefused) throw new Refused('revision-refused', `${why}.`);
      throw error;
    });
    if (revision.config_hash !== wanted.configHash) {
      throw new Refused('revision-refused', 'the revision has another hash by now than the one that was decided on.');
    }
    progress.note(`revision ${wanted.revision.slice(0, 12)} was fetched, and its signature and hash verify`);
    return write(revision, progress);
  }

  async function write(
    { config_hash: configHash, values }: NonNullable<ReturnType<ConfigSync['told']>>,
    progress: ActionProgress
  ): Promise<ActionOutcome> {
    const before = measured();
    const drift = gateway.fault('config-drift');
    const repair = repairOf('config-drift');
    progress.begin(before);
    config.applying({ configHash, state: 'APPLYING' });
    await options.work(takes.step());
    if (repair === 'worse' && drift !== null) {
      gateway.breakConfig(drift);
      config.applying({ configHash, state: 'FAILED' });
      return ended('failed', 'config.patch failed half way: the saved configuration is not valid now.', before);
    }
    if (repair === 'stuck') {
      config.applying(null);
      return ended('succeeded', 'The values were written.', before);
    }
    const takeBack = gateway.apply(values);
    options.look();
    progress.note('config.patch: accepted');
    await options.work(takes.step());
    if (repair === 'rolls-back') {
      takeBack();
      options.look();
      config.applying({ configHash, state: 'FAILED' });
      progress.note('what is saved did not become active');
      const message = 'The gateway did not converge, and has again what it had. Look at what the revision needs.';
      return ended('rolled_back', message, before);
    }
    config.applying(null);
    options.cure('config-drift');
    return ended('succeeded', 'The gateway runs the revision.', before);
  }

  async function throttle({ jobs: ids }: Of<'throttle'>, progress: ActionProgress): Promise<ActionOutcome> {
    const jobs = named(ids);
    const guarded = jobs.find(({ throttleable }) => !throttleable);
    if (guarded) throw new Refused('protected-job', `the job ${guarded.id} is a heartbeat, which is never throttled.`);
    const before = { jobs: jobs.length, enabled: jobs.filter(({ enabled }) => enabled).length };
    progress.begin(before);
    await options.work(takes.step());
    const repair = repairOf('job-failures');
    if (repair === 'worse') {
      gateway.jobs.afflict(1, now());
      return ended('failed', `${jobs.length} of ${jobs.length} jobs are still enabled: cron.update failed.`, before);
    }
    if (repair !== 'stuck') gateway.jobs.disable(ids, now());
    return ended('succeeded', `${jobs.length} of ${jobs.length} jobs are disabled.`, before);
  }

  async function resume({ jobs: ids, check }: Of<'resume'>, progress: ActionProgress): Promise<ActionOutcome> {
    const jobs = named(ids);
    const foreign = jobs.find(({ enabled, throttled }) => !enabled && !throttled);
    if (foreign) throw new Refused('protected-job', `the job ${foreign.id} was disabled by somebody else.`);
    const before = { jobs: jobs.length, enabled: jobs.filter(({ enabled }) => enabled).length };
    progress.begin(before);
    await options.work(takes.step());
    const mends = repairOf('job-failures') === 'recovers';
    if (check && !mends)
      return ended('failed', `${ids.join(', ')} failed when it was run, and stays disabled.`, before);
    gateway.jobs.enable(ids, now(), mends);
    if (!gateway.jobs.anyFails()) options.cure('job-failures');
    return ended('succeeded', `${jobs.length} of ${jobs.length} jobs are enabled.`, before);
  }

  async function examine(progress: ActionProgress): Promise<ActionOutcome> {
    await options.work(takes.step());
    const { health_reasons: reasons } = gateway.seen();
    const failing = gateway.jobs.observed(now()).filter((job) => job.failures_1h > 0);
    const findings = [
      ...reasons,
      ...failing.map(({ id, consecutive_errors: errors }) => `${id}: ${errors} errors in a row`),
    ];
    findings.forEach((finding) => progress.note(finding));
    return ended('succeeded', `The doctor found ${findings.length || 'nothing'}.`, measured());
  }

  function named(ids: readonly string[]) {
    return ids.map((id) => {
      const job = gateway.jobs.get(id);
      if (job === null) throw new Refused('unknown-job', `the gateway has no job ${id}.`);
      return job;
    });
  }

  /** Only a restart of the bridge is ever left open: everything else ends with the simulation. */
  function settled({ before }: Unsettled): ActionOutcome {
    const same = before['bridge_boot_id'] === options.bridgeBootId();
    return same
      ? ended('outcome_unknown', 'Whether it was done cannot be told.', before)
      : ended('succeeded', 'The bridge was started anew.', before, { bridge_boot_id: options.bridgeBootId() });
  }

  function ended(
    state: ActionOutcome['state'],
    message: string,
    before: Measurements,
    after: Measurements = measured()
  ): ActionOutcome {
    return { state, refusal: null, message, before, after };
  }

  return {
    verbs: () => VERBS,
    carryOut: async (request, progress) => {
      options.look();
      try {
        const outcome = await carryOut(request, progress);
        options.publish(false);
        return outcome;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        return { state: 'refused', refusal: error.refusal, message: error.message, before: {}, after: {} };
      }
    },
    settle: (unsettled) => Promise.resolve(settled(unsettled)),
    observe: () => Promise.resolve(options.observe()),
  };
}
