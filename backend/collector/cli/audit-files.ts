import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeadRefused, verifyHead, type SignedHead } from '../audit/head.ts';
import { verifyChain, type Broken, type Known, type Sound, type Verification } from '../audit/verify.ts';
import type { Config } from '../config.ts';
import { loadKeyPair, type KeyPair } from '../identity/keys.ts';
import { pinOfKey } from '../identity/pins.ts';
import { collectorPins, pkiFiles } from '../identity/pki.ts';
import { openAuditFile, type AuditFile } from '../storage/audit-file.ts';
import { CommandError, UsageError, when } from './command.ts';

/** The audit of the collector's database, open for one piece of work that writes nothing. */
export async function withAudit<Result>(
  config: Config,
  work: (audit: AuditFile) => Promise<Result> | Result
): Promise<Result> {
  const audit = openAuditFile(join(config.dataDir, 'fleet.db'), config.storage.busyTimeout);
  try {
    return await work(audit);
  } finally {
    audit.close();
  }
}

/** Verifies all of it, as the store has it now. */
export function verifyStore(audit: AuditFile, known: Known = {}): Promise<Verification> {
  return verifyChain(audit.records(), { ...known, ownHead: audit.head });
}

/** @throws CommandError when the store's audit is broken: nothing may be made of it that looks sound */
export async function requireSound(audit: AuditFile): Promise<Sound> {
  const result = await verifyStore(audit);
  if (!result.ok)
    throw new CommandError(
      `${brokenWords(result.broken)} Nothing is signed or cut; openclaw-fleet audit verify shows more.`
    );
  return result.sound;
}

export function brokenWords({ message, place, fault }: Broken): string {
  return `The audit is broken at ${message} (${fault}, place ${place}).`;
}

/** The key that signs actions, and heads. @throws CredentialError when it is not here */
export function signingKey(config: Config): KeyPair {
  return loadKeyPair(pkiFiles(config.pkiDir).actionsKey);
}

/** Pins that a signed head may have: those given, else the collector's own. @throws UsageError when there are none */
export function trustedPins(given: string | undefined, pkiDir: () => string): readonly string[] {
  if (given !== undefined) {
    const pins = given.split(',').map((pin) => pin.trim());
    if (pins.some((pin) => !/^sha256\/[A-Za-z0-9+/]{43}=$/.test(pin)))
      throw new UsageError(
        '--pin must be sha256/ and 44 characters of base64, as openclaw-fleet pki init prints for actions'
      );
    return pins;
  }
  const folder = pkiDir();
  if (!existsSync(pkiFiles(folder).actionsKey))
    throw new UsageError("--pin is missing: the collector's key that signs heads is not on this host");
  return collectorPins(folder).actions.split(',');
}

/** Reads a signed head from a file. @throws CommandError */
export async function readHead(file: string, pins: readonly string[]): Promise<SignedHead> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`cannot read the signed head: ${(error as Error).message}`);
  }
  try {
    return await verifyHead(text, (key) => pins.includes(pinOfKey(key)));
  } catch (error) {
    if (!(error instanceof HeadRefused)) throw error;
    throw new CommandError(
      `${file} proves nothing: ${error.message}. If the key was changed on purpose, give its --pin.`
    );
  }
}

/** What a sound chain is known to be, in lines for a person. */
export function soundWords(sound: Sound, head: SignedHead | null): string[] {
  const { records, first, last, begins, provenTo } = sound;
  const end = last?.seq ?? 0;
  const range = first === null ? '' : ` (${first} to ${end})`;
  const lines = [`The audit is whole: ${records} records${range}, each as it was sealed and linked to the one before.`];
  if (begins === 'cut' && first !== null)
    lines.push(`Records 1 to ${first - 1} were cut, and a later record says so; their export is the proof of them.`);
  if (begins === 'head') lines.push('It is a part: a signed head proves what it follows on.');
  if (head === null)
    lines.push(
      'The tail is unproven: records may have been cut off its end. A signed head kept elsewhere shows that (--head).'
    );
  else if (provenTo === null)
    lines.push(`The tail is unproven: the signed head is of record ${head.seq}, which is not among these.`);
  else if (provenTo < end)
    lines.push(
      `The head signed ${when(head.atMs)} proves it up to record ${provenTo}; the tail after it, records ${provenTo + 1} to ${end}, is unproven.`
    );
  else lines.push(`The head signed ${when(head.atMs)} proves it to its end, record ${provenTo}.`);
  return lines;
}
