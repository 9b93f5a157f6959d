import { isUtf8 } from 'node:buffer';
import express from 'express';
import type { Request, RequestHandler } from 'express';
import { failure } from './call.ts';
import type { ProblemError } from './call.ts';
import { bodyErrors } from './issues.ts';
import { DEFAULT_BODY_BYTES, JSON_TYPE } from './route.ts';
import type { Body } from './route.ts';

/** What people write nests less; a schema that recurses must not be led deeper than the stack. */
const MAX_DEPTH = 32;

const NOT_JSON = 'The body is not valid JSON. Send one JSON object in UTF-8.';

class NotUtf8 extends Error {}

function tooLarge(limit: number): ProblemError {
  return failure('too-large', `The body is over ${Math.floor(limit / 1024)} KiB, which is the most here. Send less.`);
}

function wrongType(detail: string): ProblemError {
  return failure('unsupported-media-type', `${detail} Send application/json, uncompressed, in UTF-8.`);
}

/** What body-parser throws, by its `type`. */
function translated(error: unknown, limit: number): unknown {
  if (error instanceof NotUtf8) return failure('malformed-json', NOT_JSON);
  const { type } = error as { readonly type?: string };
  switch (type) {
    case 'entity.too.large':
      return tooLarge(limit);
    case 'entity.parse.failed':
    case 'request.size.invalid':
    case 'request.aborted':
      return failure('malformed-json', NOT_JSON);
    case 'encoding.unsupported':
      return wrongType('The body is compressed.');
    default:
      return error;
  }
}

const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;

function isUtf8Json(request: Request): boolean {
  const charset = CHARSET.exec(request.headers['content-type'] ?? '')?.[1] ?? 'utf-8';
  return request.is(JSON_TYPE) !== false && charset.toLowerCase() === 'utf-8';
}

function isEmpty({ headers }: Request): boolean {
  return headers['transfer-encoding'] === undefined && (headers['content-length'] ?? '0') === '0';
}

/** Reads a JSON body into `request.body`, within the limit. Comes after the guard: nobody's body is read who may not ask. */
export function jsonBody({ limit = DEFAULT_BODY_BYTES }: Body): RequestHandler {
  const parse: RequestHandler = express.json({
    limit,
    inflate: false,
    strict: false,
    type: JSON_TYPE,
    verify: (_request, _response, bytes) => {
      if (!isUtf8(bytes)) throw new NotUtf8();
    },
  });
  return (request, response, next) => {
    if (isEmpty(request)) throw failure('malformed-json', 'There is no body. Send one JSON object in UTF-8.');
    if (!isUtf8Json(request)) throw wrongType('The header Content-Type names another type, or none.');
    parse(request, response, (error?: unknown) => {
      if (error === undefined) {
        next();
        return;
      }
      const translation = translated(error, limit);
      // What is still on its way would be taken for the next request.
      response.setHeader('connection', 'close');
      next(translation);
    });
  };
}

/** Where a value nests too deep or holds half a character; null: nowhere. */
function whereUnfit(value: unknown, path: string, depth: number): { field: string; message: string } | null {
  const field = path === '' ? '(body)' : path;
  if (typeof value === 'string')
    return value.isWellFormed() ? null : { field, message: 'has half of a surrogate pair: send whole characters' };
  if (typeof value !== 'object' || value === null) return null;
  if (depth === 0) return { field: field.slice(0, 128), message: `nests more than ${MAX_DEPTH} deep` };
  for (const [key, each] of Object.entries(value)) {
    const inner = path === '' ? key : `${path}.${key}`;
    if (!key.isWellFormed()) return { field, message: 'has a name with half of a surrogate pair' };
    const found = whereUnfit(each, inner, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

/**
 * Checks a parsed body against its schema.
 * @throws {ProblemError} naming each field that is wrong and what to send
 */
export function readBody({ schema }: Body, value: unknown): unknown {
  const unfit = whereUnfit(value, '', MAX_DEPTH);
  if (unfit !== null) throw failure('invalid-body', `The body is not valid: ${unfit.field} ${unfit.message}.`, [unfit]);
  const parsed = schema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  const errors = bodyErrors(schema, parsed.error.issues);
  const [first] = errors;
  throw failure(
    'invalid-body',
    `The body is not valid: ${first ? `${first.field} ${first.message}` : 'see errors'}.`,
    errors
  );
}
