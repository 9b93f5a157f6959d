import { Agent as PlainAgent } from 'node:http';
import { Agent } from 'node:https';
import axios, { type AxiosResponse } from 'axios';
import { z } from 'zod';
import { readPublic } from '../identity/files.ts';
import { CREATED_BY } from './rules.ts';
import { readToken } from './token.ts';
import {
  AlertmanagerError,
  type Alertmanager,
  type AlertmanagerSession,
  type Silence,
  type SilenceDraft,
} from './types.ts';

/** Alertmanager keeps ended silences for five days, some 600 bytes each: room for 2,500 repairs a day. */
const MOST_MIB = 8;
const MOST_WORDS = 200;
/** The event loop is held for about this long at a time. Milliseconds. */
const SLICE_MS = 1;

const instant = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const silenceSchema = z
  .object({
    id: z.string().min(1).max(128),
    status: z.object({ state: z.enum(['active', 'pending', 'expired']) }),
    createdBy: z.string(),
    comment: z.string(),
    matchers: z.array(
      z.object({ name: z.string(), value: z.string(), isRegex: z.boolean(), isEqual: z.boolean().optional() })
    ),
    startsAt: instant,
    endsAt: instant,
    updatedAt: instant,
  })
  .transform(({ status, startsAt, endsAt, updatedAt, ...rest }): Silence => ({
    ...rest,
    state: status.state,
    startsMs: startsAt,
    endsMs: endsAt,
    updatedMs: updatedAt,
  }));

export interface AlertmanagerOptions {
  /** Root addresses, asked in this order; more than one are a cluster. */
  readonly urls: readonly string[];
  /** Bearer token. */
  readonly tokenFile?: string | undefined;
  /** Authority of its certificate, where the system trusts none. */
  readonly caFile?: string | undefined;
  /** One request must be answered whole within this. Milliseconds. */
  readonly timeoutMs?: number;
}

interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly data?: object;
}

/**
 * Alertmanager's API v2, as far as silences need it. Nothing of an answer leads anywhere: no redirect, no proxy of the
 * environment, no answer without end.
 * @throws CredentialError when a file cannot be used
 */
export function createAlertmanager({ urls, tokenFile, caFile, timeoutMs = 5000 }: AlertmanagerOptions): Alertmanager {
  if (tokenFile !== undefined) readToken(tokenFile);
  const closing = new AbortController();
  const http = axios.create({
    adapter: 'http',
    maxRedirects: 0,
    proxy: false,
    maxContentLength: MOST_MIB * 1024 * 1024,
    responseType: 'text',
    validateStatus: null,
    transformResponse: [],
    httpAgent: new PlainAgent({ keepAlive: false }),
    httpsAgent: new Agent({ keepAlive: false, ...(caFile !== undefined && { ca: readPublic(caFile) }) }),
    headers: { common: { accept: 'application/json', 'user-agent': 'openclaw-fleet' } },
  });

  async function ask(root: string, { method, path, data }: Request): Promise<string> {
    const authorization = tokenFile === undefined ? {} : { authorization: `Bearer ${readToken(tokenFile)}` };
    let response: AxiosResponse<string>;
    try {
      response = await http.request<string>({
        method,
        url: new URL(`api/v2/${path}`, root.endsWith('/') ? root : `${root}/`).href,
        ...(data !== undefined && { data }),
        headers: authorization,
        signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), closing.signal]),
      });
    } catch (error) {
      if (isTooLong(error))
        throw new AlertmanagerError(
          `${root} answered more than ${MOST_MIB} MiB: lower its --data.retention, for which it keeps ended silences`,
          true
        );
      throw new AlertmanagerError(`${root} does not answer (${whyNot(error, timeoutMs)})`, true);
    }
    const { status } = response;
    if (status >= 200 && status < 300) return response.data;
    if (status === 404 && method === 'DELETE') return '';
    throw new AlertmanagerError(`${root} answered ${status}${hint(status)}: ${words(response.data)}`, false);
  }

  async function sessionAt(root: string): Promise<AlertmanagerSession> {
    const query = new URLSearchParams({ filter: 'kind="symptom"' }).toString();
    const answer = await ask(root, { method: 'GET', path: `silences?${query}` });
    const silences = await oursIn(json(answer));
    if (silences === null)
      throw new AlertmanagerError(
        `${root} answered what is no list of silences: it is no Alertmanager with API v2`,
        false
      );
    return {
      silences,
      async put(draft) {
        await ask(root, { method: 'POST', path: 'silences', data: bodyOf(draft) });
      },
      async expire(id) {
        await ask(root, { method: 'DELETE', path: `silence/${encodeURIComponent(id)}` });
      },
    };
  }

  return {
    async open() {
      const failures: AlertmanagerError[] = [];
      for (const root of urls) {
        try {
          return await sessionAt(root);
        } catch (error) {
          if (!(error instanceof AlertmanagerError)) throw error;
          failures.push(error);
        }
      }
      throw new AlertmanagerError(failures.map(({ message }) => message).join('; '), true);
    },
    close() {
      closing.abort();
    },
  };
}

function bodyOf({ id, createdBy, comment, matchers, startsMs, endsMs }: SilenceDraft): object {
  const time = (ms: number): string => new Date(ms).toISOString();
  return { ...(id !== null && { id }), createdBy, comment, matchers, startsAt: time(startsMs), endsAt: time(endsMs) };
}

/**
 * Silences of ours in what was answered, a few at a time. What cannot be ours is not read any further: neither its form
 * nor its size is in the way.
 * @returns null: it is no list of silences, which is known by the first that is none
 */
async function oursIn(answer: unknown): Promise<Silence[] | null> {
  if (!Array.isArray(answer)) return null;
  const ours: Silence[] = [];
  let sliceStart = performance.now();
  for (const one of answer as unknown[]) {
    if (typeof one !== 'object' || one === null || !('createdBy' in one)) return null;
    if (one.createdBy === CREATED_BY && 'matchers' in one && isPair(one.matchers)) {
      const { data: silence } = silenceSchema.safeParse(one);
      if (silence === undefined) return null;
      ours.push(silence);
    }
    if (performance.now() - sliceStart < SLICE_MS) continue;
    await new Promise(setImmediate);
    sliceStart = performance.now();
  }
  return ours;
}

/** As many matchers as a silence of ours has. */
const isPair = (matchers: unknown): boolean => Array.isArray(matchers) && matchers.length === 2;

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isTooLong(error: unknown): boolean {
  return axios.isAxiosError(error) && error.message.startsWith('maxContentLength');
}

function whyNot(error: unknown, timeoutMs: number): string {
  if (axios.isCancel(error)) return `nothing within ${timeoutMs / 1000} s`;
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? words(message);
}

function hint(status: number): string {
  if (status === 401 || status === 403) return ', so alertmanager.tokenFile is not what it takes';
  if (status === 404) return ', so alertmanager.url is not its root';
  return status >= 300 && status < 400
    ? ', and redirects are not followed: set where it leads as alertmanager.url'
    : '';
}

/** A part of what it said, on one line. */
function words(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, MOST_WORDS)
    .toWellFormed();
}
