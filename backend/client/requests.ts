import { createCredentialStore } from './credentials.ts';
import { signature } from './delivery.ts';
import { parseProblem } from './problem.ts';
import { retryAfterMs } from './retry.ts';
import { resolveSettings } from './settings.ts';
import { beside, tokenSource } from './token-source.ts';
import { createTransport } from './transport.ts';
import type { Clock, Disabled, PublisherSettings } from './types.ts';

/** The longest wait that a `Retry-After` is taken for, in milliseconds. */
const MAX_RETRY_AFTER = 600_000;

export interface CollectorRequest {
  readonly method: 'GET' | 'PUT';
  /** Beside that of availability, such as `config-report`. */
  readonly path: string;
  readonly body?: string;
  /** Default 64 KiB. */
  readonly maxReplyBytes?: number;
}

export interface CollectorReply {
  readonly status: number;
  readonly body: string;
  /** What the problem details of a refusal say, fit for a log; empty when there are none. */
  readonly detail: string;
  /** Milliseconds; null: the collector does not say. */
  readonly retryAfterMs: number | null;
}

/** Requests to the collector beside heartbeats, with the same identity and the same checks, on a connection of their own. */
export interface CollectorRequests {
  /** One attempt. @throws PublishFailure when there was no answer; any status is an answer */
  send(request: CollectorRequest): Promise<CollectorReply>;
  close(): void;
}

/** @param settings as for `createPublisher` */
export function createCollectorRequests(settings: PublisherSettings, clock: Clock): CollectorRequests | Disabled {
  const resolved = resolveSettings(settings);
  if ('disabled' in resolved) return resolved;
  const { endpoint } = resolved;
  const transport = createTransport(endpoint, resolved.serverPins, clock);
  // The publisher reads the same files, and says what is wrong with them.
  const store = createCredentialStore(resolved);
  const tokens = tokenSource(resolved, transport, clock);
  return {
    send: async ({ method, path, body, maxReplyBytes }) => {
      const credentials = await store.load();
      const sent = Buffer.from(body ?? '');
      const reply = await transport.post({
        method,
        path: beside(endpoint, path),
        body: sent,
        headers: {
          authorization: `Bearer ${await tokens.get(credentials)}`,
          ...(resolved.signPayload && body !== undefined && { 'x-jws-signature': signature(sent, credentials) }),
        },
        credentials,
        timeoutMs: resolved.clientTimings.requestTimeout,
        ...(maxReplyBytes !== undefined && { maxReplyBytes }),
      });
      if (reply.status === 401) tokens.refused(reply.date);
      const { title, detail } = reply.status < 400 ? { title: '', detail: '' } : parseProblem(reply.body);
      return {
        status: reply.status,
        body: reply.body,
        detail: [title, detail].filter((part) => part !== '').join(': '),
        retryAfterMs: retryAfterMs(reply.retryAfter, clock.now(), MAX_RETRY_AFTER),
      };
    },
    close: () => transport.close(),
  };
}
