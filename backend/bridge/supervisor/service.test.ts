import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@openclaw-fleet/client';
import { createRun } from './command.ts';
import { createContainerSupervisor } from './container.ts';
import { createSystemdSupervisor } from './systemd.ts';
import type { Supervisor } from './types.ts';

let folder: string;
let notes: string[];
const fast = {
  ...systemClock,
  monotonic: () => systemClock.monotonic() * 200,
  after: (ms: number, fn: () => void, hold?: boolean) => systemClock.after(ms / 200, fn, hold),
};

/** A program where systemctl or docker would be: notes its arguments, then does this. */
function standIn(name: string, then: string): void {
  writeFileSync(join(folder, name), `#!/bin/sh\necho "$*" >> "${folder}/calls"\ncd "${folder}"\n${then}\n`, {
    mode: 0o755,
  });
}
const calls = (): string[] =>
  existsSync(join(folder, 'calls')) ? readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n') : [];
const run = (): ReturnType<typeof createRun> => createRun({ PATH: `${folder}:/usr/bin:/bin`, SECRET: 'not-passed' });
const systemd = (user = true): Supervisor =>
  createSystemdSupervisor({ unit: 'openclaw.service', user, run: run(), clock: fast });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bridge-service-'));
  notes = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const SYSTEMD = (onTerm: string, onKill: string): string => `
  [ -n "$SECRET" ] && exit 9
  case "$*" in
    *MainPID*) cat pid 2>/dev/null || echo 100 ;;
    *SIGTERM*) ${onTerm} ;;
    *SIGKILL*) ${onKill} ;;
    *ActiveState*) cat state ;;
    *ExecMainStatus*) echo 78 ;;
    *Timestamp*) echo 5000 ;;
  esac`;

describe('a gateway that is a systemd unit', () => {
  it('is ended by SIGTERM and started, with fixed arguments and no option of ours in the place of a name', async () => {
    standIn('systemctl', SYSTEMD('echo 101 > pid', ':'));
    expect(await systemd().current()).toBe('pid 100 since 5000');
    await systemd().restart((text) => notes.push(text));
    const acts = calls().filter((call) => !call.startsWith('show'));
    expect(acts).toEqual([
      'kill --user --no-ask-password --signal=SIGTERM -- openclaw.service',
      'start --user --no-ask-password -- openclaw.service',
    ]);
    expect(calls().join()).not.toMatch(/HUP|USR1/);
  });

  it('is killed when it does not end within 15 s', async () => {
    standIn('systemctl', SYSTEMD(':', 'echo 0 > pid'));
    await systemd(false).restart((text) => notes.push(text));
    const acts = calls().filter((call) => !call.startsWith('show'));
    expect(acts.map((call) => call.replace('--no-ask-password ', ''))).toEqual([
      'kill --signal=SIGTERM -- openclaw.service',
      'kill --signal=SIGKILL -- openclaw.service',
      'start -- openclaw.service',
    ]);
    expect(notes.join()).toContain('did not end within 15 s');
  }, 20_000);

  it('says that it ended with 78, and that systemctl cannot be used', async () => {
    standIn('systemctl', SYSTEMD(':', ':'));
    writeFileSync(join(folder, 'state'), 'failed\n');
    expect(await systemd().given()).toContain('its configuration is not valid');
    writeFileSync(join(folder, 'state'), 'active\n');
    expect(await systemd().given()).toBeNull();
    standIn('systemctl', 'echo "polkit says no to alice" >&2; exit 4');
    await expect(systemd().restart(() => undefined)).rejects.toThrow(
      "systemctl show failed (4). Run it by hand as the bridge's user."
    );
  });
});

describe('a gateway that is a container', () => {
  const container = (): Supervisor => createContainerSupervisor({ name: 'gw_1', run: run() });

  it('is restarted by docker, with fixed arguments', async () => {
    standIn('docker', 'case "$*" in *State.Pid*) echo "true 7 2026-11-22T12:00:00Z";; esac');
    expect(await container().current()).toBe('pid 7 since 2026-11-22T12:00:00Z');
    await container().restart((text) => notes.push(text));
    expect(calls().at(-1)).toBe('restart --time 15 -- gw_1');
  });

  it('says how it ended', async () => {
    standIn('docker', 'echo "false 78"');
    expect(await container().given()).toContain('its configuration is not valid');
    standIn('docker', 'echo "false 1"');
    expect(await container().given()).toBe('the container gw_1 is not running (exit 1); see docker logs gw_1');
    standIn('docker', 'echo "true 0"');
    expect(await container().given()).toBeNull();
  });
});
