import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { code } from '../gateway/parse.ts';
import type { GoodCopy } from './good-copy.ts';
import type { Look, Written } from './gateway-config.ts';
import { failed } from './outcome.ts';
import { saveText } from './state-file.ts';
import { watch } from './watch.ts';
import { attempt, HOT_LIMIT } from './write.ts';
import type { WriteContext } from './write.ts';

const BY_HAND = 'run openclaw doctor on its machine, or put back openclaw.json.last-good by hand';

/**
 * Mends a saved configuration that is not valid, which `config.patch` refuses: with the bridge's own copy of the last
 * document that was saved and active, and where that lacks the secrets of a broken file, with OpenClaw's own copy beside
 * the file (openclaw-notes section 3).
 * @returns what is saved afterwards
 * @throws Ended when it could not be mended
 */
export async function repair(context: WriteContext, good: GoodCopy, broken: Look, id: string): Promise<Look> {
  const { config, clock, note } = context;
  note(`the saved configuration is not valid${broken.issue === null ? '' : `, at ${code(broken.issue)}`}`);
  const document = good.load();
  if (document === null) {
    throw failed(`the saved configuration is not valid, and the bridge has no good copy of it yet; ${BY_HAND}`);
  }
  note('puts back the last configuration that was saved and active');
  const write = (): Promise<Written> => config.replace(document, broken.hash, `openclaw-fleet ${id} repair`);
  const { answer } = await attempt(context, write);
  if (answer === 'redacted') {
    note('the broken file has lost its secrets, so OpenClaw’s own last good copy is put back');
    restoreLastGood(broken.file);
  }
  const { look, held } = await watch(config, clock, HOT_LIMIT, (seen) => seen.valid && seen.converged && seen.ready);
  if (look === null || !held) throw failed(`the saved configuration is not valid, and could not be mended; ${BY_HAND}`);
  note('the saved configuration is valid again');
  return look;
}

/** @param file where the gateway on this machine has its configuration; it is replaced, never written in place */
function restoreLastGood(file: string | null): void {
  try {
    if (file === null || !isAbsolute(file)) throw new Error('the gateway does not say where its file is');
    const copy = openSync(`${file}.last-good`, constants.O_RDONLY | constants.O_NOFOLLOW);
    try {
      const stat = fstatSync(copy);
      if (!stat.isFile() || (stat.mode & 0o022) !== 0) throw new Error('the copy could have been written by others');
      saveText(file, readFileSync(copy));
    } finally {
      closeSync(copy);
    }
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : 'an unknown error');
    throw failed(
      `the saved configuration is not valid, and its last good copy cannot be put back (${why}); ${BY_HAND}`
    );
  }
}
