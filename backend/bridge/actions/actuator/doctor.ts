import { openSocket, RpcError } from '../../gateway/socket.ts';
import { code, list, number, record, text } from '../../gateway/parse.ts';
import type { ActionOutcome, ActionProgress } from '../types.ts';
import { ended } from './outcome.ts';

/** All that the doctor asks. OpenClaw has no RPC for its own doctor; these tell the same (openclaw-notes section 1). */
export const DOCTOR_METHODS = ['health', 'status', 'channels.status', 'config.get', 'cron.status'] as const;
type Payload = Readonly<Record<string, unknown>>;

export interface DoctorParts {
  readonly url: URL;
  readonly token: () => string;
  readonly version: string;
}

/** Reads why the gateway is not well, with the right to read alone. Changes nothing. */
export async function examine(parts: DoctorParts, progress: ActionProgress): Promise<ActionOutcome> {
  const socket = await openSocket(
    {
      url: `ws://${parts.url.host}`,
      token: parts.token(),
      version: parts.version,
      onEvent: () => undefined,
      onClose: () => undefined,
    },
    ['operator.read']
  );
  try {
    const findings: string[] = [];
    let unread = 0;
    for (const method of DOCTOR_METHODS) {
      try {
        findings.push(...FINDERS[method](await socket.request(method, {})));
      } catch (error) {
        if (!(error instanceof RpcError)) throw error;
        unread += 1;
        progress.note(`not read: ${error.message}`);
      }
    }
    for (const finding of findings) progress.note(finding);
    if (unread === DOCTOR_METHODS.length)
      return ended('failed', 'The gateway answered none of the doctor’s questions.');
    const message =
      findings.length === 0
        ? 'The doctor found nothing.'
        : `The doctor found ${findings.length}: ${findings.slice(0, 3).join('; ')}.`;
    return ended('succeeded', message, {}, { findings: findings.length, unread });
  } finally {
    socket.close();
  }
}

const FINDERS: Record<(typeof DOCTOR_METHODS)[number], (payload: Payload) => string[]> = {
  health: (health) => [
    ...some('plugins that failed to load', list(record(health['plugins'])['errors']).length),
    ...flag('the model runtime is degraded', record(health['modelRuntime'])['degraded']),
    ...flag('the event loop is degraded', record(health['eventLoop'])['degraded']),
    ...some('delivery queues with messages given up on', list(record(health['deliveryQueues'])['failed']).length),
    ...some('inbound queues with failures', list(record(health['deliveryQueues'])['ingressFailed']).length),
  ],
  status: (status) => [
    ...Object.entries(status)
      .filter(([name, value]) => name.startsWith('degraded') && value !== false && value !== null && !isEmpty(value))
      .map(([name]) => `status: ${code(name)}`),
    ...some('tasks that its audit faults', number(record(status['taskAudit'])['errors']) ?? 0),
  ],
  'channels.status': (status) =>
    Object.entries(record(status['channels'])).flatMap(([name, value]) => {
      const channel = record(value);
      const broken = channel['configured'] === true && channel['running'] === false;
      return broken || text(channel['lastError']) !== null ? [`channel ${code(name)} does not run well`] : [];
    }),
  'config.get': (config) => [
    ...flag('the saved configuration is not valid', config['valid'] === false),
    ...flag(
      'the saved configuration is not the active one',
      config['valid'] === true && config['configRevisionHash'] !== config['appliedConfigHash']
    ),
  ],
  'cron.status': (status) => flag('the scheduler is switched off', status['enabled'] === false),
};

const some = (what: string, count: number): string[] => (count > 0 ? [`${what}: ${count}`] : []);
const flag = (what: string, holds: unknown): string[] => (holds === true ? [what] : []);
const isEmpty = (value: unknown): boolean => typeof value === 'object' && Object.keys(value ?? {}).length === 0;
