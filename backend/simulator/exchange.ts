import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import type { Agent } from 'node:https';

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly agent: Agent;
  /** Of the `Authorization` header. */
  readonly token: string;
  readonly body?: string;
  /** Longer answers are an error. Default 64 KiB. */
  readonly maxAnswerBytes?: number;
}

export interface Exchanged {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 64 * 1024;

/** One request over TLS, and its answer. @throws the network's error, whose `code` says what it was */
export function exchange(url: URL, outgoing: Outgoing): Promise<Exchanged> {
  const { method, agent, token, body, maxAnswerBytes = MAX_ANSWER_BYTES } = outgoing;
  return new Promise((resolve, reject) => {
    const headers = {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    };
    const sent = request(url, { method, agent, headers, timeout: TIMEOUT_MS }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
        if (text.length > maxAnswerBytes) sent.destroy(new Error('the answer is too large'));
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }));
      answer.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    sent.on('error', reject);
    sent.end(body);
  });
}
