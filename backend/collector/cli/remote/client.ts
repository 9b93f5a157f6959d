import { request as plainRequest } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { z } from 'zod';
import type { CommandError } from '../command.ts';
import type { Connection } from './connection.ts';
import { NoAnswerError, refused, strange, unreachable } from './failures.ts';

const JSON_TYPE = 'application/json';

/** An answer that takes longer than this to come is not waited for, in milliseconds. */
const PATIENCE_MS = 15_000;
/** Answers are pages of at most 500 targets; more than this is not one. */
const MOST_BYTES = 64 * 1024 * 1024;

/** Parameters of an address; undefined ones are left out. */
export type Query = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface PostOptions {
  readonly again?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What was asked for, as it came and by the clock of the collector. */
export interface Answer<T> {
  readonly body: T;
  readonly nowMs: number;
}

/** Asks the API of a running collector. */
export class ApiClient {
  readonly #connection: Connection;
  readonly #now: () => number;

  /** @param now our clock, for answers that do not say when they were made */
  constructor(connection: Connection, now: () => number) {
    this.#connection = connection;
    this.#now = now;
  }

  /**
   * Reads one address.
   * @throws CommandError when there is no answer or it is a refusal, NotFoundError when there is nothing at the address
   */
  async get<T>(path: string, schema: z.ZodType<T>, query: Query = {}): Promise<Answer<T>> {
    const { url } = this.#connection;
    const response = await this.open(path, query, { accept: JSON_TYPE }, AbortSignal.timeout(PATIENCE_MS));
    if (response.statusCode !== 200) throw await this.refusal(response);
    const text = await this.#read(response);
    const sent = Date.parse(response.headers.date ?? '');
    return { body: parsed(text, schema) ?? fail(strange(url, path)), nowMs: Number.isNaN(sent) ? this.#now() : sent };
  }

  /**
   * Sends a body.
   * @param schema of the answer; null: it has no body
   * @param again what to do where it is not known whether the request arrived
   * @throws as `get`
   */
  async post<T>(
    path: string,
    body: object,
    schema: z.ZodType<T> | null,
    { again = 'Ask again: it does no harm.', headers = {} }: PostOptions = {}
  ): Promise<{ readonly body: T; readonly status: number }> {
    const { url } = this.#connection;
    try {
      const sent = { accept: JSON_TYPE, 'content-type': JSON_TYPE, ...headers };
      const text = JSON.stringify(body);
      const response = await this.open(path, {}, sent, AbortSignal.timeout(PATIENCE_MS), text);
      const { statusCode = 0 } = response;
      if (statusCode < 200 || statusCode > 204) throw await this.refusal(response);
      const answer = await this.#read(response);
      const made = schema === null ? (undefined as T) : (parsed(answer, schema) ?? fail(strange(url, path)));
      return { body: made, status: statusCode };
    } catch (error) {
      if (!(error instanceof NoAnswerError) || !error.mayHaveArrived) throw error;
      throw new NoAnswerError(`${error.message}. Whether it took this is not known. ${again}`, true);
    }
  }

  /** What to say of an answer whose status is not 200. */
  async refusal(response: IncomingMessage): Promise<CommandError> {
    const { statusCode = 0, headers } = response;
    return refused(this.#connection, statusCode, await this.#read(response), headers.location);
  }

  #read(response: IncomingMessage): Promise<string> {
    return read(response).catch((error: unknown) => {
      throw unreachable(this.#connection.url, error as Error);
    });
  }

  /** Sends a request, and gives the answer whatever its status. @throws CommandError when there is none */
  open(
    path: string,
    query: Query,
    headers: Record<string, string>,
    signal: AbortSignal,
    body?: string
  ): Promise<IncomingMessage> {
    const { url, token, ca } = this.#connection;
    const address = new URL(url.pathname.replace(/\/$/, '') + path, url);
    for (const [name, value] of Object.entries(query))
      for (const each of [value ?? []].flat()) address.searchParams.append(name, each);
    return new Promise((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      const options = { method, headers: { ...headers, authorization: `Bearer ${token}` }, signal };
      const request =
        address.protocol === 'https:'
          ? tlsRequest(address, { ...options, ...(ca !== undefined && { ca }) })
          : plainRequest(address, options);
      request.once('response', resolve);
      request.once('error', (error) => {
        reject(unreachable(url, signal.reason instanceof Error ? signal.reason : error));
      });
      request.end(body);
    });
  }
}

function fail(error: Error): never {
  throw error;
}

function parsed<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    const body = JSON.parse(text) as T;
    return schema.safeParse(body).success ? body : undefined;
  } catch {
    return undefined;
  }
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new Error(`the answer is larger than ${MOST_BYTES / 1024 / 1024} MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
