import type { Clock } from '@openclaw-fleet/client';
import type { ActionRequest } from '@openclaw-fleet/contract';
import type { AdminConnection, WithAdmin } from '../../gateway/admin.ts';
import { workOf } from '../../gateway/facts.ts';
import type { Observed } from '../../gateway/observed.ts';
import { code } from '../../gateway/parse.ts';
import type { GatewayReader } from '../../gateway/reader.ts';
import { RpcError } from '../../gateway/socket.ts';
import type { Supervisor } from '../../supervisor/index.ts';
import type { ActionOutcome, ActionProgress, Measurements, Unsettled } from '../types.ts';
import { ended, Refused } from './outcome.ts';

export interface RestartParts {
  readonly reader: Pick<GatewayReader, 'observed' | 'look'>;
  /** Null: no token gives operator.admin. */
  readonly withAdmin: WithAdmin | null;
  readonly supervisor: Supervisor | null;
  readonly clock: Clock;
  /** How long a gateway may take to start. Milliseconds. */
  readonly gatewayStartMs: number;
}

/** Between two looks, in milliseconds. */
const PACE = 1_000;
/** Looks until a gateway that does not answer is known to hang: three timeouts in a row, and one for a late start. */
const LOOKS = 4;
/** A restart that was asked for begins within this: OpenClaw's own pause between two is 30 s. Milliseconds. */
const UNTIL_BEGUN = 45_000;
/** A request that ended so may have been carried out all the same. */
const NO_ANSWER: ReadonlySet<string> = new Set(['TIMEOUT', 'CLOSED']);

/**
 * Restarts the gateway: by RPC while it answers, by the supervisor when it does not. It has worked when the gateway is
 * ready again with another boot id (openclaw-notes section 11, playbook A).
 */
export async function restartGateway(
  parts: RestartParts,
  request: ActionRequest,
  progress: ActionProgress
): Promise<ActionOutcome> {
  const way = await wayOf(parts);
  const begunAt = parts.clock.monotonic();
  const before = await measured(parts);
  if (way === 'rpc' && parts.withAdmin !== null) {
    await parts.withAdmin((admin) => askFor(admin, request, { ...before, way }, progress));
  } else if (parts.supervisor !== null) {
    progress.note(`the gateway does not answer; it is restarted by its supervisor (${parts.supervisor.kind})`);
    progress.begin({ ...before, way: 'supervisor' }, true);
    await parts.supervisor.restart((text) => progress.note(text));
  }
  return verified(parts, before, begunAt, (text) => progress.note(text));
}

/** @throws Refused */
async function wayOf({ reader, supervisor, withAdmin }: RestartParts): Promise<'rpc' | 'supervisor'> {
  for (let looks = 0; looks < LOOKS; looks += 1) {
    await reader.look();
    const { judgement, readiness } = reader.observed();
    const { state } = judgement;
    if (state === 'restarting' || state === 'starting') {
      throw new Refused('gateway-unavailable', `the gateway is ${state} already; wait until it is up.`);
    }
    if (state === 'hung' || state === 'dead') break;
    if (readiness !== null && withAdmin !== null) return 'rpc';
  }
  if (supervisor === null) {
    const { state } = reader.observed().judgement;
    throw new Refused(
      'no-supervisor',
      `the gateway is ${state} and takes no request, and OPENCLAW_BRIDGE_SUPERVISOR names nobody who can end and start it; restart it by hand.`
    );
  }
  return 'supervisor';
}

async function askFor(
  admin: AdminConnection,
  request: ActionRequest,
  before: Measurements,
  progress: ActionProgress
): Promise<void> {
  await requireStartable(admin, progress);
  const preflight = await admin.call('gateway.restart.preflight');
  const work = Object.entries(workOf(preflight)).filter(([, count]) => count > 0);
  const listed = work.map(([kind, count]) => `${kind} ${count}`).join(', ');
  progress.note(
    `preflight: ${preflight['safe'] === true ? 'safe' : 'not safe yet, so it drains first'}${listed && ` (${listed})`}`
  );
  progress.begin(before, true);
  try {
    const answer = await admin.call('gateway.restart.request', { reason: `openclaw-fleet ${code(request.run_id)}` });
    progress.note(`gateway.restart.request: ${code(answer['status'])}`);
  } catch (error) {
    if (!(error instanceof RpcError) || !NO_ANSWER.has(error.code)) throw error;
    progress.note(`${error.message}: whether it was heard, the next boot id tells`);
  }
}

/** A gateway that runs still is not given up for one that would not start. @throws Refused */
async function requireStartable(admin: AdminConnection, progress: ActionProgress): Promise<void> {
  try {
    const { valid } = await admin.call('config.get');
    if (valid !== false) return;
  } catch (error) {
    if (!(error instanceof RpcError)) throw error;
    progress.note(`whether the saved configuration is valid is not known: ${error.message}`);
    return;
  }
  throw new Refused(
    'gateway-unavailable',
    'the saved configuration is not valid, so the gateway would not start again; correct it or put back openclaw.json.last-good, then ask again.'
  );
}

/** Looks until the gateway is ready with another boot id, or for as long as a start may take. */
async function verified(
  parts: RestartParts,
  before: Measurements,
  begunAt: number,
  note: (text: string) => void
): Promise<ActionOutcome> {
  const { reader, supervisor, clock } = parts;
  let said = '';
  for (;;) {
    await reader.look();
    const observed = reader.observed();
    const elapsedMs = clock.monotonic() - begunAt;
    const { state } = observed.judgement;
    if (state !== said) note(`after ${Math.round(elapsedMs / 1000)} s: ${state}`);
    said = state;
    if (isUp(observed) && isNew(observed, before, elapsedMs)) {
      const after = { ...(await measured(parts)), seconds: Math.round(elapsedMs / 1000) };
      const version =
        observed.version === before['openclaw_version'] ? '' : `, now of version ${observed.version ?? 'unknown'}`;
      return ended(
        'succeeded',
        `The gateway was restarted and is ready after ${after.seconds} s${version}.`,
        before,
        after
      );
    }
    const given = await supervisor?.given().catch(() => null);
    if (given) return ended('failed', `The gateway does not come up: ${given}.`, before, await measured(parts));
    if (elapsedMs > parts.gatewayStartMs) {
      const message = `The gateway is ${state} ${Math.round(elapsedMs / 1000)} s after its restart, and not ready with a new boot id. Look at its log.`;
      return ended('failed', message, before, await measured(parts));
    }
    await sleep(clock, PACE);
  }
}

/** What became of a restart that was under way when the bridge ended: another boot id, or a start since then, tells. */
export async function settleRestart(
  parts: RestartParts,
  { before, begunMs }: Unsettled,
  note: (text: string) => void
): Promise<ActionOutcome> {
  const { reader, clock } = parts;
  const lookedFrom = clock.monotonic();
  for (;;) {
    await reader.look();
    const observed = reader.observed();
    const elapsedMs = clock.monotonic() - lookedFrom;
    if (isUp(observed)) {
      note(
        `the gateway is ready, ${observed.bootId === before['gateway_boot_id'] ? 'with the boot id of before' : 'with another boot id'}`
      );
      if (isNew(observed, before, clock.now() - begunMs)) {
        return ended(
          'succeeded',
          'The gateway was restarted: it is ready, with another boot id.',
          before,
          await measured(parts)
        );
      }
      if (elapsedMs > UNTIL_BEGUN) {
        return ended(
          'failed',
          'The bridge ended before the gateway was restarted; it was not.',
          before,
          await measured(parts)
        );
      }
    }
    const { state } = observed.judgement;
    if (elapsedMs > parts.gatewayStartMs) {
      const message = `The bridge ended while it restarted the gateway, which is ${state} now; whether it was restarted cannot be told.`;
      return ended('outcome_unknown', message, before, await measured(parts));
    }
    await sleep(clock, PACE);
  }
}

const isUp = ({ judgement, readiness, connected }: Observed): boolean =>
  judgement.state === 'running' && readiness?.ready === true && connected;

/** Where no boot id was known before, the gateway's own uptime tells. */
function isNew(observed: Observed, before: Measurements, sinceMs: number): boolean {
  const known = before['gateway_boot_id'];
  if (typeof known === 'string') return observed.bootId !== null && observed.bootId !== known;
  return observed.uptimeMs !== null && observed.uptimeMs < sinceMs;
}

async function measured({ reader, supervisor }: RestartParts): Promise<Measurements> {
  const { judgement, bootId, version, readiness } = reader.observed();
  return {
    gateway_state: judgement.state,
    gateway_boot_id: bootId,
    gateway_ready: readiness?.ready ?? null,
    openclaw_version: version,
    ...(supervisor !== null && { gateway_process: await supervisor.current().catch(() => null) }),
  };
}

function sleep(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => clock.after(ms, resolve, true));
}
