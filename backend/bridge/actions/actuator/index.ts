import type { Clock } from '@openclaw-fleet/client';
import type { ActionRequest, Verb } from '@openclaw-fleet/contract';
import type { ConfigApplier } from '../../configuration/apply.ts';
import type { WithAdmin } from '../../gateway/admin.ts';
import type { GatewayReader } from '../../gateway/reader.ts';
import { RpcError } from '../../gateway/socket.ts';
import { SupervisorError } from '../../supervisor/index.ts';
import type { Supervisor } from '../../supervisor/index.ts';
import type { ActionOutcome, ActionProgress, Actuator, Measurements, Seen, Unsettled } from '../types.ts';
import { examine } from './doctor.ts';
import type { DoctorParts } from './doctor.ts';
import { resume, settleJobs, throttle } from './jobs.ts';
import type { JobsParts } from './jobs.ts';
import { ended, Refused } from './outcome.ts';
import { restartGateway, settleRestart } from './restart.ts';
import type { RestartParts } from './restart.ts';
import { snapshot } from './snapshot.ts';
import type { SnapshotParts } from './snapshot.ts';
import type { Throttled } from './throttled.ts';

export interface ActuatorParts {
  readonly reader: GatewayReader;
  /** Null: there is no gateway token. */
  readonly withAdmin: WithAdmin | null;
  /** The token was seen to give operator.admin. */
  readonly isAdmin: () => boolean;
  readonly supervisor: Supervisor | null;
  /** Ends this process with a goodbye, for its supervisor to start it anew; null: nobody would. */
  readonly leave: (() => void) | null;
  /** Null: no revision can be had here. */
  readonly applier: ConfigApplier | null;
  readonly throttled: Throttled;
  /** Null: there is no gateway token. */
  readonly doctor: DoctorParts | null;
  readonly snapshot: Omit<SnapshotParts, 'reader'>;
  readonly observe: () => Promise<Seen>;
  /** Changes with every start of the bridge. */
  readonly bootId: string;
  readonly clock: Clock;
  readonly gatewayStartMs: number;
}

/** Carries actions out on a real gateway. */
export interface GatewayActuator extends Actuator {
  /** For the configuration applier: whether the action under way may restart the gateway now; notes that it does. */
  mayRestart(): 'restart-limit' | null;
}

export function createActuator(parts: ActuatorParts): GatewayActuator {
  const { reader, withAdmin, applier, clock } = parts;
  const restarts: RestartParts = {
    reader,
    supervisor: parts.supervisor,
    clock,
    gatewayStartMs: parts.gatewayStartMs,
    get withAdmin() {
      return parts.isAdmin() ? withAdmin : null;
    },
  };
  /** Of the action under way. */
  let under: { readonly progress: ActionProgress; readonly before: Measurements } | null = null;

  function verbs(): Verb[] {
    const admin = parts.isAdmin();
    const can: Record<Verb, boolean> = {
      restart: admin || parts.supervisor !== null || parts.leave !== null,
      reload: admin && applier !== null,
      reconcile: withAdmin !== null,
      throttle: admin,
      resume: admin,
      doctor: parts.doctor !== null,
    };
    return (Object.keys(can) as Verb[]).filter((verb) => can[verb]);
  }

  async function carryOut(request: ActionRequest, progress: ActionProgress): Promise<ActionOutcome> {
    const { instruction } = request;
    if (instruction.verb !== 'restart') await sameBoot(request);
    switch (instruction.verb) {
      case 'restart':
        return instruction.what === 'bridge' ? leave(progress) : restartOn(request, progress);
      case 'reload':
        return written(progress, (note) => use(applier).reload({ id: request.action_id }, note));
      case 'reconcile': {
        const { apply } = instruction;
        if (apply === null) return snapshot({ ...parts.snapshot, reader }, progress);
        return written(progress, (note) => use(applier).apply({ id: request.action_id, ...apply }, note));
      }
      case 'throttle':
        return throttle(jobsParts(), instruction.jobs, progress);
      case 'resume':
        return resume(jobsParts(), instruction, progress);
      case 'doctor':
        return examine(use(parts.doctor), progress);
    }
  }

  /** @throws Refused when somebody restarted the gateway since the action was decided on */
  async function sameBoot({ gateway_boot_id: decidedOn }: ActionRequest): Promise<void> {
    if (decidedOn === null) return;
    await reader.look();
    const { bootId } = reader.observed();
    if (bootId !== null && bootId !== decidedOn) {
      throw new Refused('boot-changed', 'the gateway was restarted since this was decided; look again.');
    }
  }

  async function restartOn(request: ActionRequest, progress: ActionProgress): Promise<ActionOutcome> {
    await sameBoot(request);
    if (restarts.withAdmin === null && parts.supervisor === null) {
      throw new Refused(
        'no-supervisor',
        'only the bridge itself can be restarted here; see OPENCLAW_BRIDGE_SUPERVISOR.'
      );
    }
    return restartGateway(restarts, request, progress);
  }

  function leave(progress: ActionProgress): Promise<ActionOutcome> {
    if (parts.leave === null) {
      throw new Refused('no-supervisor', 'nobody would start the bridge anew; see OPENCLAW_BRIDGE_SUPERVISED.');
    }
    progress.note('the bridge ends itself, for its supervisor to start it anew');
    progress.begin({ bridge_boot_id: parts.bootId }, true);
    parts.leave();
    // The next process tells how it went.
    return new Promise(() => undefined);
  }

  async function written(
    progress: ActionProgress,
    steps: (note: (text: string) => void) => Promise<ActionOutcome>
  ): Promise<ActionOutcome> {
    const { bootId, config } = reader.observed();
    const before = { gateway_boot_id: bootId, full_config_hash: config?.fullHash ?? null };
    under = { progress, before };
    try {
      progress.begin(before);
      return await steps((text) => progress.note(text));
    } finally {
      under = null;
      await reader.look();
    }
  }

  const jobsParts = (): JobsParts => ({ withAdmin: use(withAdmin), throttled: parts.throttled, clock });

  async function settle(unsettled: Unsettled, note: (text: string) => void): Promise<ActionOutcome> {
    const { instruction, action_id: id } = unsettled.request;
    const { before } = unsettled;
    switch (instruction.verb) {
      case 'restart':
        if (instruction.what === 'gateway') return settleRestart(restarts, unsettled, note);
        return ended('succeeded', 'The bridge was started anew.', before, { bridge_boot_id: parts.bootId });
      case 'reload':
      case 'reconcile':
        return (
          (await applier?.settle(id, note)) ??
          ended('outcome_unknown', 'The gateway does not answer; whether it runs the revision cannot be told.', before)
        );
      case 'throttle':
        return patiently(() => settleJobs(jobsParts(), instruction.jobs, 'disabled', unsettled));
      case 'resume':
        return patiently(() => settleJobs(jobsParts(), instruction.jobs, 'enabled', unsettled));
      case 'doctor':
        return ended('failed', 'The bridge ended before the doctor was done; it changes nothing. Ask again.', before);
    }
  }

  /** A bridge that starts may find its gateway starting, too. */
  async function patiently<T>(look: () => Promise<T>): Promise<T> {
    const deadline = clock.monotonic() + parts.gatewayStartMs;
    for (;;) {
      try {
        return await look();
      } catch (error) {
        if (!(error instanceof RpcError) || clock.monotonic() >= deadline) throw error;
        await new Promise<void>((resolve) => clock.after(SETTLE_PACE, resolve));
      }
    }
  }

  return {
    verbs,
    carryOut: async (request, progress) => {
      const began = { yes: false };
      const watched: ActionProgress = {
        mayRestart: progress.mayRestart,
        note: (text) => progress.note(text),
        begin: (before, restarting) => {
          progress.begin(before, restarting);
          began.yes = true;
        },
      };
      try {
        return await carryOut(request, watched);
      } catch (error) {
        return afterwards(error, began.yes);
      }
    },
    settle,
    observe: parts.observe,
    mayRestart: () => {
      if (under?.progress.mayRestart !== true) return 'restart-limit';
      under.progress.begin(under.before, true);
      return null;
    },
  };
}

const SETTLE_PACE = 2_000;

/** What was thrown, in words: those of our own errors hold nothing of anybody else's. */
function afterwards(error: unknown, began: boolean): ActionOutcome {
  if (error instanceof Refused) {
    return { state: 'refused', refusal: error.refusal, message: error.message, before: {}, after: {} };
  }
  if (!(error instanceof RpcError) && !(error instanceof SupervisorError)) throw error;
  if (began) return ended('failed', `It did not work: ${error.message}`);
  const message = `Nothing was done: the gateway cannot be asked (${error.message}).`;
  return { state: 'refused', refusal: 'gateway-unavailable', message, before: {}, after: {} };
}

/** @throws Refused where a part is not there: its verb is not declared either */
function use<T>(part: T | null): T {
  if (part === null) throw new Refused('not-declared', 'the bridge is not set up for it.');
  return part;
}
