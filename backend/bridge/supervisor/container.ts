import type { Run } from './command.ts';
import { EXIT_BAD_CONFIG, TERM_WAIT } from './types.ts';
import type { Supervisor } from './types.ts';

const CALL = 10_000;
const RESTART = 60_000;

/** The gateway is a container. @param name matched by the settings: it is no option */
export function createContainerSupervisor({ name, run }: { name: string; run: Run }): Supervisor {
  const inspect = (format: string): Promise<string> =>
    run('docker', ['container', 'inspect', '--format', format, '--', name], CALL);
  return {
    kind: 'container',
    start: () => undefined,
    stop: () => undefined,
    current: async () => {
      const [running, pid, since] = (await inspect('{{.State.Running}} {{.State.Pid}} {{.State.StartedAt}}')).split(
        ' '
      );
      return running === 'true' ? `pid ${pid ?? ''} since ${since ?? ''}` : null;
    },
    restart: async (note) => {
      // SIGTERM, SIGKILL after so many seconds, start.
      note(`docker restart --time ${TERM_WAIT / 1000} ${name}`);
      await run('docker', ['restart', '--time', String(TERM_WAIT / 1000), '--', name], RESTART);
    },
    given: async () => {
      const [running, code] = (await inspect('{{.State.Running}} {{.State.ExitCode}}')).split(' ');
      if (running === 'true') return null;
      return code === String(EXIT_BAD_CONFIG)
        ? `the gateway ended with ${EXIT_BAD_CONFIG}: its configuration is not valid; correct it, then restart the gateway`
        : `the container ${name} is not running (exit ${code ?? 'unknown'}); see docker logs ${name}`;
    },
  };
}
