import type { Clock } from '@openclaw-fleet/client';
import type { Run } from './command.ts';
import { EXIT_BAD_CONFIG, KILL_WAIT, SupervisorError, TERM_WAIT } from './types.ts';
import type { Supervisor } from './types.ts';

const CALL = 10_000;
/** `systemctl start` waits until the unit says that it runs; a simple one does so at once. */
const START = 120_000;
const LOOK = 500;

export interface SystemdOptions {
  /** Matched by the settings: it is no option. */
  readonly unit: string;
  /** Of the user's own manager; false: of the machine's. */
  readonly user: boolean;
  readonly run: Run;
  readonly clock: Clock;
}

/** The gateway is a systemd unit. */
export function createSystemdSupervisor({ unit, user, run, clock }: SystemdOptions): Supervisor {
  const scope = user ? ['--user'] : [];
  const systemctl = (verb: string, ...args: string[]): Promise<string> =>
    run('systemctl', [verb, ...scope, '--no-ask-password', ...args, '--', unit], verb === 'start' ? START : CALL);
  const show = async (property: string): Promise<string> => systemctl('show', '--value', `--property=${property}`);
  /** 0: none. */
  const mainPid = async (): Promise<string> => show('MainPID');

  async function changed(pid: string, ms: number): Promise<boolean> {
    const deadline = clock.monotonic() + ms;
    while ((await mainPid()) === pid) {
      if (clock.monotonic() >= deadline) return false;
      await new Promise<void>((resolve) => clock.after(LOOK, resolve, true));
    }
    return true;
  }

  return {
    kind: 'systemd',
    start: () => undefined,
    stop: () => undefined,
    current: async () => {
      const pid = await mainPid();
      return pid === '0' || pid === '' ? null : `pid ${pid} since ${await show('ExecMainStartTimestampMonotonic')}`;
    },
    restart: async (note) => {
      const pid = await mainPid();
      if (pid !== '0' && pid !== '') {
        note(`systemctl kill --signal=SIGTERM ${unit} (pid ${pid})`);
        await systemctl('kill', '--signal=SIGTERM');
        if (!(await changed(pid, TERM_WAIT))) {
          note(`it did not end within ${TERM_WAIT / 1000} s: SIGKILL`);
          await systemctl('kill', '--signal=SIGKILL');
          if (!(await changed(pid, KILL_WAIT))) {
            throw new SupervisorError(`${unit} survived SIGKILL for ${KILL_WAIT / 1000} s. Look at the machine.`);
          }
        }
      }
      // A unit with Restart= starts by itself; for it this changes nothing.
      note(`systemctl start ${unit}`);
      await systemctl('start');
    },
    given: async () => {
      const state = await show('ActiveState');
      if (state !== 'failed' && state !== 'inactive') return null;
      const bad = (await show('ExecMainStatus')) === String(EXIT_BAD_CONFIG);
      return bad
        ? `the gateway ended with ${EXIT_BAD_CONFIG}: its configuration is not valid; correct it, then restart the gateway`
        : `${unit} is ${state}; see journalctl -u ${unit}`;
    },
  };
}
