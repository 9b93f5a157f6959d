import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

const PUT_BACK_OR_NEXT =
  'put it back from a backup, or run openclaw-fleet rotate --keys, which puts the waiting key in use: nodes know its pin';

/** What mends the loss of each file of the credentials folder without enrolling anybody again. docs/credentials.md says the same. */
const MENDS: Readonly<Record<string, string>> = {
  'ca.crt': 'it is public, so put back the copy (ca.crt) of any node, or of a backup',
  'server.key': PUT_BACK_OR_NEXT,
  'server.crt':
    'run openclaw-fleet rotate --name <dns or ip>..., with every name and address under which nodes reach the collector, for a new one',
  'client.key': PUT_BACK_OR_NEXT,
  'client.crt': 'run openclaw-fleet rotate for a new one',
  'tokens.key': 'run openclaw-fleet rotate for a new one; nodes ask for new tokens by themselves',
  'actions.key': PUT_BACK_OR_NEXT,
};

/** What a person does about a file that is not there. */
export function mendOf(path: string): string {
  const [folder, name] = [dirname(path), basename(path)];
  const mend = MENDS[name];
  if (mend === undefined) return 'put it back, or correct the setting that names it';
  return Object.keys(MENDS).some((other) => existsSync(join(folder, other)))
    ? mend
    : 'run openclaw-fleet pki init, or set pkiDir (OPENCLAW_FLEET_PKI_DIR) to the folder that has it';
}
