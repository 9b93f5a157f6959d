import { CUT_ACTION, verifyChain, type CutData } from '../audit/verify.ts';
import {
  headFile,
  presentFiles,
  readExport,
  startFile,
  writeExport,
  writeHead,
  type Exported,
} from '../audit/export.ts';
import type { ChainPoint } from '../audit/chain.ts';
import { signHead } from '../audit/head.ts';
import type { Config } from '../config.ts';
import type { AuditFile } from '../storage/audit-file.ts';
import {
  brokenWords,
  readHead,
  requireSound,
  signingKey,
  soundWords,
  trustedPins,
  verifyStore,
  withAudit,
} from './audit-files.ts';
import {
  asJson,
  CommandError,
  localActor,
  need,
  parse,
  settingsOf,
  UsageError,
  when,
  withStorage,
  type Command,
} from './command.ts';

const BROKEN = 1;
const DAY_MS = 86_400_000;
const text = { type: 'string' } as const;

/** @throws UsageError when it is no ISO-8601 date or time */
function dateOf(value: string, option: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T.+)?$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms))
    throw new UsageError(`--${option} must be a date such as 2026-01-31, or a time such as 2026-01-31T12:00:00Z`);
  return ms;
}

export const auditVerify: Command = {
  name: 'audit verify',
  summary: 'check that no record of the audit was changed, removed, moved or inserted',
  usage: [
    '[--file <export>]       an export, offline; without it the store, also while the collector runs',
    '[--head <file>]         a signed head kept elsewhere: shows also what was cut off the end',
    '[--previous <file>]     for an export of a part: the signed head of the record before it',
    "[--pin <sha256/...>]    of the key that signs heads; without it the collector's own, where it is",
    'exits with 0 (whole), 1 (broken, or not readable) or 2 (called wrongly)',
  ],
  async run(args, context) {
    const { values } = parse(args, { file: text, head: text, previous: text, pin: text });
    if (values.previous !== undefined && values.file === undefined) throw new UsageError('--previous goes with --file');
    const pins =
      values.head === undefined && values.previous === undefined
        ? []
        : trustedPins(values.pin, () => settingsOf(context, values.config).config.pkiDir);
    const head = values.head === undefined ? null : await readHead(values.head, pins);
    const previous = values.previous === undefined ? undefined : await readHead(values.previous, pins);
    const known = { head: head ?? undefined, previous };
    const result =
      values.file === undefined
        ? await withAudit(settingsOf(context, values.config).config, (audit) => verifyStore(audit, known))
        : await verifyChain(readExport(values.file), known).catch((error: unknown) => {
            throw new CommandError(`cannot read the export: ${(error as Error).message}`);
          });
    if (values.json) context.print(asJson(result.ok ? { ok: true, ...result.sound } : result));
    else context.print(result.ok ? soundWords(result.sound, head).join('\n') : brokenWords(result.broken));
    return result.ok ? 0 : BROKEN;
  },
};

export const auditHead: Command = {
  name: 'audit head',
  summary: 'print the signed head of the audit, to keep where nobody of this host can change it',
  usage: ['the audit is verified first, and nothing is signed when it is broken'],
  async run(args, context) {
    const { values } = parse(args, {});
    const { config } = settingsOf(context, values.config);
    const { head, jws } = await withAudit(config, async (audit) => {
      await requireSound(audit);
      return { head: audit.head, jws: await signHead(audit.head, context.nowMs, signingKey(config)) };
    });
    context.print(values.json ? asJson({ ...head, at: new Date(context.nowMs).toISOString(), jws }) : jws);
  },
};

export const auditExport: Command = {
  name: 'audit export',
  summary: 'write the audit as JSON lines, with the signed head beside it',
  usage: [
    '--out <file>            <file>.head.jws is written beside it, for a part <file>.start.jws too',
    '[--from <date>]         from the first record of that time on',
    '[--to <date>]           to the last record before that time',
    'the audit is verified first, and nothing is signed when it is broken',
  ],
  async run(args, context) {
    const { values } = parse(args, { out: text, from: text, to: text });
    const out = need(values.out, 'out');
    const fromMs = values.from === undefined ? null : dateOf(values.from, 'from');
    const toMs = values.to === undefined ? null : dateOf(values.to, 'to');
    const { config } = settingsOf(context, values.config);
    requireFree(out);
    const exported = await withAudit(config, async (audit) => {
      await requireSound(audit);
      const from = fromMs === null ? 0 : (audit.firstFrom(fromMs) ?? audit.head.seq + 1);
      const to = toMs === null ? audit.head.seq : (audit.lastBefore(toMs) ?? 0);
      if (from > to || audit.head.seq === 0)
        throw new CommandError('there is no record in that time: nothing was written');
      return exportSigned(config, audit, { out, from, to, nowMs: context.nowMs });
    });
    const { records, last, sha256 } = exported;
    context.print(
      values.json
        ? asJson({ out, head: headFile(out), records, last, sha256 })
        : `Wrote ${records} records, up to ${last.seq}, to ${out}, and the signed head to ${headFile(out)}.
To check it anywhere: openclaw-fleet audit verify --file ${out} --head ${headFile(out)}${exported.previous.seq > 0 ? ` --previous ${startFile(out)}` : ''} --pin ${trustedPins(undefined, () => config.pkiDir).join(',')}`
    );
  },
};

export const auditCut: Command = {
  name: 'audit cut',
  summary: 'export the oldest records, verify the export, and remove them from the store',
  usage: [
    '--before <date>         records before this; never those that must still be kept (durations.runRetention)',
    '--export <file>         where they go, with <file>.head.jws beside it',
    '--reason <text>         why, for the audit',
  ],
  async run(args, context) {
    const { values } = parse(args, { before: text, export: text, reason: text });
    const beforeMs = dateOf(need(values.before, 'before'), 'before');
    const out = need(values.export, 'export');
    const reason = need(values.reason, 'reason');
    const { config } = settingsOf(context, values.config);
    const { nowMs } = context;
    const latestMs = nowMs - config.durations.runRetention;
    if (beforeMs > latestMs)
      throw new UsageError(
        `--before must be ${when(latestMs)} or earlier: records are kept for ${Math.round(config.durations.runRetention / DAY_MS)} days`
      );
    requireFree(out);
    const { records, previous, last, sha256 } = await withAudit(config, async (audit) => {
      const { first } = await requireSound(audit);
      const to = (audit.firstFrom(beforeMs) ?? audit.head.seq + 1) - 1;
      if (first === null || to < first)
        throw new CommandError(`no record is older than ${when(beforeMs)}: nothing to cut`);
      return exportSigned(config, audit, { out, from: first, to, nowMs });
    });
    await requireWhole(config, out, previous);
    const data: CutData & Record<string, unknown> = { throughSeq: last.seq, throughHash: last.hash, records, sha256 };
    const subject = `${previous.seq + 1}-${last.seq}`;
    const entry = { actor: localActor(), action: CUT_ACTION, subject, reason, atMs: nowMs, data };
    const deleted = await withStorage(config, (store) => store.cutAudit(last, entry));
    context.print(
      values.json
        ? asJson({ deleted, through: last, export: out, head: headFile(out), sha256 })
        : `Cut ${deleted} records, ${previous.seq + 1} to ${last.seq}. They are in ${out}, proven by ${headFile(out)}: keep both, nothing else has them.`
    );
  },
};

function requireFree(out: string): void {
  const present = presentFiles(out);
  if (present.length > 0) throw new CommandError(`${present.join(', ')} is there already: give another file`);
}

type ExportedSome = Exported & { readonly previous: ChainPoint; readonly last: ChainPoint };

async function exportSigned(
  config: Config,
  audit: AuditFile,
  { out, from, to, nowMs }: { out: string; from: number; to: number; nowMs: number }
): Promise<ExportedSome> {
  // Before anything is written: without the key there would be half an export.
  const key = signingKey(config);
  const exported = write(out, audit, from, to);
  writeHead(headFile(out), await signHead(exported.last, nowMs, key));
  if (exported.previous.seq > 0) writeHead(startFile(out), await signHead(exported.previous, nowMs, key));
  return exported;
}

function write(out: string, audit: AuditFile, from: number, to: number): ExportedSome {
  let exported: Exported;
  try {
    exported = writeExport(out, audit.records(from, to));
  } catch (error) {
    throw new CommandError(`cannot write the export: ${(error as Error).message}`);
  }
  const { previous, last } = exported;
  if (previous === null || last === null) throw new CommandError('there is no record to export');
  return { ...exported, previous, last };
}

/** Reads back what is on disk: only that may stand for what is deleted. */
async function requireWhole(config: Config, out: string, previous: ChainPoint): Promise<void> {
  const pins = trustedPins(undefined, () => config.pkiDir);
  const head = await readHead(headFile(out), pins);
  const result = await verifyChain(readExport(out), { head, previous });
  if (!result.ok) throw new CommandError(`the export does not verify, nothing was cut. ${brokenWords(result.broken)}`);
  if (result.sound.last?.seq !== head.seq)
    throw new CommandError('the export does not end at its head, nothing was cut');
}
