import type { Confirm } from '../command.ts';
import { run } from '../main.ts';
import { NO_TERMINAL } from '../terminal/screen.ts';
import type { Screen } from '../terminal/screen.ts';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command of openclaw-fleet as in a shell with these variables. */
export async function openclawFleet(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  screen: Screen = NO_TERMINAL,
  confirm: Confirm | null = null
): Promise<Said> {
  let [out, err] = ['', ''];
  const code = await run(args, env, {
    out: (text) => (out += `${text}\n`),
    err: (text) => (err += `${text}\n`),
    screen,
    confirm,
  });
  return { code, out, err };
}

/** A terminal of the width that every one has. */
export const TERMINAL: Screen = { columns: 80, colour: true };
