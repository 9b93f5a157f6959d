import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config.ts';
import { openAuditFile } from '../storage/audit-file.ts';
import { copyDatabase } from '../storage/copy.ts';
import { brokenWords, verifyStore } from './audit-files.ts';
import { asJson, CommandError, localActor, parse, settingsOf, withStorage, type Command } from './command.ts';

/** Where the credentials of a backup lie: beside it. */
const credentialsOf = (file: string): string => `${file}.pki`;

interface Copied {
  readonly auditRecords: number;
  readonly auditHead: number;
}

/** Copies the database and verifies what was copied. @throws StorageError @throws CommandError when its audit is broken */
async function copy(config: Config, from: string, to: string): Promise<Copied> {
  let copied: Copied = { auditRecords: 0, auditHead: 0 };
  const { busyTimeout } = config.storage;
  await copyDatabase(from, to, busyTimeout, async (part) => {
    const audit = openAuditFile(part, busyTimeout);
    try {
      const result = await verifyStore(audit);
      if (!result.ok) throw new CommandError(`${brokenWords(result.broken)} Nothing was written.`);
      copied = { auditRecords: result.sound.records, auditHead: result.sound.last?.seq ?? 0 };
    } finally {
      audit.close();
    }
  });
  return copied;
}

function requireFree(paths: readonly string[], fix: string): void {
  const there = paths.filter((path) => existsSync(path));
  if (there.length > 0) throw new CommandError(`${there.join(', ')} is there already: ${fix}`);
}

/** Copies a folder whole or not at all. */
function copyFolder(from: string, to: string): void {
  const part = `${to}.part`;
  rmSync(part, { recursive: true, force: true });
  mkdirSync(part, { recursive: true, mode: 0o700 });
  cpSync(from, part, { recursive: true, preserveTimestamps: true });
  renameSync(part, to);
}

export const backup: Command = {
  name: 'backup',
  summary: 'copy the database into a new file, also while the collector runs',
  usage: [
    '<file>           where to; what is there is never overwritten',
    '[--credentials]  also the folder of credentials, into <file>.pki: whoever has it is the fleet',
  ],
  async run(args, context) {
    const { values, positionals } = parse(args, { credentials: { type: 'boolean' } }, ['<file>']);
    const { config } = settingsOf(context, values.config);
    const file = resolve(positionals[0] ?? '');
    const withCredentials = values.credentials === true;
    const database = join(config.dataDir, 'fleet.db');
    if (!existsSync(database))
      throw new CommandError(`there is no database in ${config.dataDir}: name its folder with dataDir`);
    if (withCredentials && !existsSync(config.pkiDir))
      throw new CommandError(`there are no credentials in ${config.pkiDir}: name their folder with pkiDir`);
    requireFree(withCredentials ? [file, credentialsOf(file)] : [file], 'give another name');
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const copied = await copy(config, database, file);
    if (withCredentials) copyFolder(config.pkiDir, credentialsOf(file));
    context.print(
      values.json
        ? asJson({ file, credentials: withCredentials ? credentialsOf(file) : null, ...copied })
        : `Backed up to ${file}: sound, with an audit that is whole (${copied.auditRecords} records, to ${copied.auditHead}).
${
  withCredentials
    ? `The credentials are in ${credentialsOf(file)}: keep them encrypted, apart from the backup.`
    : `The credentials in ${config.pkiDir} are not in it (--credentials): without them every node must be enrolled again.`
}`
    );
  },
};

export const restore: Command = {
  name: 'restore',
  summary: 'put a backup where there is no database; the collector must not run',
  usage: [
    '<file>           of openclaw-fleet backup',
    '[--credentials]  also the folder of credentials, from <file>.pki',
    '[--reason <why>] for the audit',
  ],
  async run(args, context) {
    const options = { credentials: { type: 'boolean' }, reason: { type: 'string' } } as const;
    const { values, positionals } = parse(args, options, ['<file>']);
    const { config } = settingsOf(context, values.config);
    const file = resolve(positionals[0] ?? '');
    const withCredentials = values.credentials === true;
    if (!existsSync(file)) throw new CommandError(`there is no ${file}`);
    if (withCredentials && !existsSync(credentialsOf(file)))
      throw new CommandError(`there is no ${credentialsOf(file)}: this backup was made without --credentials`);
    const database = join(config.dataDir, 'fleet.db');
    requireFree(
      [database, `${database}-wal`, `${database}-shm`, ...(withCredentials ? [config.pkiDir] : [])],
      'stop the collector, and move it away; nothing was changed'
    );
    mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
    const copied = await copy(config, file, database);
    if (withCredentials) copyFolder(credentialsOf(file), config.pkiDir);
    await withStorage(config, (store) =>
      store.appendAudit({
        actor: localActor(),
        action: 'store.restored',
        subject: 'fleet.db',
        reason: values.reason ?? null,
        atMs: context.nowMs,
        data: { throughSeq: copied.auditHead },
      })
    );
    context.print(
      values.json
        ? asJson({ file, credentials: withCredentials ? config.pkiDir : null, ...copied })
        : `Restored ${file} to ${database}: sound, with an audit that is whole (${copied.auditRecords} records, to ${copied.auditHead}).
What was done after the backup is not in it: revoke again who was revoked since (node or token), and enrol again who was enrolled.
Next: npx openclaw-fleet start`
    );
  },
};
