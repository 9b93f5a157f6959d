import { auditRecordSchema, type AuditRecord } from '@openclaw-fleet/contract';
import type { SealedRecord } from './chain.ts';
import type { Unreadable } from './verify.ts';

/** A longer line is none of ours: the largest record is far smaller. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;

/** One record as one line of an export, without its end. There is one such line for a record. */
export function auditLine(record: AuditRecord): string {
  const { seq, atMs, actor, via, action, subject, reason, data, prev, hash } = record;
  return JSON.stringify({ seq, atMs, actor, via, action, subject, reason, data, prev, hash });
}

/** The record in one line. A line in any other form than `auditLine` gives is none, so that all who read it read the same. */
export function parseAuditLine(line: Uint8Array): SealedRecord | Unreadable {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(line);
    value = JSON.parse(text);
  } catch (error) {
    return { unreadable: error instanceof SyntaxError ? 'the line is no JSON' : 'the line is no UTF-8' };
  }
  const record = auditRecordSchema.safeParse(value);
  if (!record.success) {
    const [issue] = record.error.issues;
    return { unreadable: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'another form is expected'}` };
  }
  if (auditLine(record.data) !== text) return { unreadable: 'the line is not as it was exported' };
  return record.data;
}

/** The records of an export, one after the other; it holds one line at a time. */
export async function* readAuditLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<SealedRecord | Unreadable> {
  let rest: Uint8Array[] = [];
  let held = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      yield parseAuditLine(Buffer.concat([...rest, chunk.subarray(from, end)]));
      rest = [];
      held = 0;
      from = end + 1;
    }
    held += chunk.length - from;
    if (held > MAX_LINE_BYTES) {
      yield { unreadable: `the line is longer than ${MAX_LINE_BYTES} bytes` };
      return;
    }
    if (from < chunk.length) rest.push(chunk.subarray(from));
  }
  if (held > 0) yield parseAuditLine(Buffer.concat(rest));
}
